"""tsnas boards new: writes the file of a new board, based on a known relative."""

from __future__ import annotations

import json
import pathlib

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.system.terminal import say

REQUIRED = ("name", "core", "clock_mhz", "ram_kb", "flash_kb")


def define_flags(values: flags.FlagValues) -> None:
    def text(name: str, meaning: str) -> None:
        flags.DEFINE_string(name, None, meaning, flag_values=values)

    def number(name: str, meaning: str) -> None:
        flags.DEFINE_float(name, None, meaning, flag_values=values)

    text("name", "Name of the board. Required.")
    text("core", "CPU core, such as cortex-m4. Required.")
    number("clock_mhz", "CPU clock in MHz. Required.")
    number("ram_kb", "RAM of the microcontroller in KB of 1024 bytes. Required.")
    number("flash_kb", "Flash of the microcontroller in KB. Required.")
    text("relative", "Known board to take coefficients from. Default: the one with this core and the nearest clock.")
    number("active_power_mw", "Power in mW while the CPU computes; estimates then include energy.")
    text(
        "measurements", "CSV file of operators measured on this board, to which the coefficients are scaled or fitted."
    )
    text("out", "File to write. Default: NAME.json.")
    flags.DEFINE_bool("overwrite", False, "Replace the file if it exists.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.measurements import read_measurements
    from tsnas.cost.relative import board_from_relative
    from tsnas.system.files import write_file

    refuse_arguments(arguments)
    missing = [f"--{name}" for name in REQUIRED if values[name].value is None]
    if missing:
        raise UsageError(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} required")
    path = pathlib.Path(values.out or f"{values.name}.json")
    if path.suffix != ".json":
        raise UsageError(f"--out is {str(path)!r}; a board file ends in .json")
    if path.exists() and not values.overwrite:
        raise UsageError(f"{str(path)!r} already exists; give --overwrite to replace it, or another --out")
    board = board_from_relative(
        values.name,
        values.core,
        values.clock_mhz * 1e6,
        round(values.ram_kb * 1024),
        round(values.flash_kb * 1024),
        relative=values.relative,
        active_power_mw=values.active_power_mw,
        measurements=read_measurements(values.measurements) if values.measurements else (),
    )
    write_file(path, json.dumps(board.to_json(), indent=2) + "\n")
    error = board.latency_error
    say(
        f"Wrote {path}: {board.description}.\n"
        f"Error of its latencies: median {error.median_relative:.1%}, p95 {error.p95_relative:.1%} ({error.split}).\n"
        f"Use it with --board={path}. Operators measured on the board narrow the margin (--measurements)."
    )


COMMAND = Command(
    name="boards new",
    summary="Write the file of your own board, based on a known relative.",
    usage="--name=NAME --core=CORE --clock_mhz=MHZ --ram_kb=KB --flash_kb=KB [--out=FILE.json]",
    example="tsnas boards new --name=my_board --core=cortex-m4 --clock_mhz=84 --ram_kb=96 --flash_kb=512",
    define_flags=define_flags,
    run=run,
    details="Latencies are those of the relative at the clock of your board, with the error that was found between "
    "known boards.",
)

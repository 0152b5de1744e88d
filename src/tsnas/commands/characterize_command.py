"""tsnas characterize: measures the operators of a search space on a board and writes the board's file."""

from __future__ import annotations

import functools
import json
import pathlib
import sys
from typing import TYPE_CHECKING

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.commands.kernel_flags import define_kernels
from tsnas.system.terminal import say

if TYPE_CHECKING:
    from tsnas.cost.board import Board
    from tsnas.probe.characterize import Characterization
    from tsnas.probe.protocol import Hello

PLANS = ["space", "calibrate"]
RELATIVE = "nucleo_f446re"


def define_flags(values: flags.FlagValues) -> None:
    def text(name: str, meaning: str) -> None:
        flags.DEFINE_string(name, None, meaning, flag_values=values)

    def number(name: str, meaning: str) -> None:
        flags.DEFINE_float(name, None, meaning, flag_values=values)

    text(
        "port", "Serial port of the board, such as /dev/ttyACM0, any URL of pyserial, or emulated:cortex-m4. Required."
    )
    define_kernels(values)
    text("cmsis_nn", "Folder of a checkout of CMSIS-NN, 4.0 or later, for an emulated board. Default: 4.0.")
    text("cflags", "Flags of the compiler for an emulated board, such as -Ofast. Default: -O3.")
    text("board", "Board: a known name, the path of a board's .json file, or the name of a new one. Required.")
    text("core", "Core of a new board, such as cortex-m4. Default: as reported by the probe.")
    number(
        "clock_mhz", "CPU clock of a new board in MHz. Default: as reported by the probe; an emulated board does not."
    )
    number("ram_kb", "RAM of a new board in KB of 1024 bytes.")
    number("flash_kb", "Flash of a new board in KB.")
    text("data", "A .npz file, as for `tsnas search --data`, whose windows determine which operators can occur.")
    text("shape", "Shape of the windows as TIMExCHANNELS, such as 128x9, instead of --data.")
    flags.DEFINE_integer("classes", None, "Number of classes, with --shape.", 2, flag_values=values)
    flags.DEFINE_enum("space", "tsnas", ["tsnas", "micronas"], "Search space.", flag_values=values)
    flags.DEFINE_enum(
        "plan",
        "space",
        PLANS,
        "Operators to measure: every one of the search space, or those that calibrate the latency model best.",
        flag_values=values,
    )
    flags.DEFINE_integer("count", 60, "Number of operators with --plan=calibrate.", 1, flag_values=values)
    flags.DEFINE_integer("repeats", 3, "Number of runs of each operator.", 1, 255, flag_values=values)
    text("out", "File to write. Default: NAME.json.")
    flags.DEFINE_bool("overwrite", False, "Replace the file if it exists.", flag_values=values)
    flags.DEFINE_enum("verbose", "1", ["0", "1"], "Progress output: 0 for none, 1 for a bar.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import load_board
    from tsnas.probe.board_file import characterized_board
    from tsnas.probe.characterize import characterize
    from tsnas.probe.plan import calibration_ops
    from tsnas.probe.ports import opened
    from tsnas.space.operators import space_ops
    from tsnas.space.spaces import SPACES
    from tsnas.system.files import write_file

    refuse_arguments(arguments)
    _check_given(values)
    time, channels, classes = _parse_shape(values)
    name = pathlib.Path(values.board).stem if values.board.endswith(".json") else values.board
    out = pathlib.Path(values.out or f"{name}.json")
    if out.suffix != ".json":
        raise UsageError(f"--out is {str(out)!r}; a board file ends in .json")
    if out.exists() and not values.overwrite:
        raise UsageError(f"{str(out)!r} already exists; give --overwrite to replace it, or another --out")
    _check_conversion(values.port, values.board)
    ops = space_ops(time, channels, classes, *SPACES[values.space])
    if values.plan == "calibrate":
        ops = calibration_ops(ops, values.count, load_board(RELATIVE))
    journal = out.with_suffix(".measured.jsonl")
    if journal.exists():
        say(f"Resuming from the measurements in {journal}.")
    try:
        with opened(values.port, values.kernels, values.cmsis_nn, values.cflags) as connect:
            # What is missing for the board's file is said before minutes of measurements.
            check = functools.partial(_find_board, values, name)
            found = characterize(connect, ops, journal, values.repeats, int(values.verbose), check)
        board = characterized_board(found, _find_board(values, name, found.hello))
    except BaseException:
        if journal.exists():
            say(f"Measurements so far are kept in {journal}; run the same command again to resume.", sys.stderr)
        raise
    write_file(out, json.dumps(board.to_json(), indent=2) + "\n")
    journal.unlink()
    say(_format_report(found, board, out))


def _check_given(values: flags.FlagValues) -> None:
    """Raises UsageError with all flags that are missing, as far as that is known before the probe answers."""
    from tsnas.probe.ports import EMULATED

    missing = [f"--{name}" for name in ("port", "board") if not values[name].value]
    if values.data is None and values.shape is None:
        missing.append("--data (or --shape and --classes)")
    elif values.shape is not None and values.classes is None:
        missing.append("--classes")
    new = values.board and not _is_known(values.board)
    if new:
        missing += [f"--{name}" for name in ("ram_kb", "flash_kb") if values[name].value is None]
        # The probe on a board reports its clock; an emulated board has none.
        if (values.port or "").startswith(EMULATED) and values.clock_mhz is None:
            missing.append("--clock_mhz")
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        reason = f" ({values.board!r} is not a known board)" if new else ""
        raise UsageError(f"{', '.join(missing)} {verb} required{reason}")


def _is_known(board: str) -> bool:
    from tsnas.cost.board import board_names

    return board in board_names() or board.endswith(".json")


def _check_conversion(port: str, board: str) -> None:
    """Refuses an emulated core whose instructions cannot become cycles, before it is measured for minutes."""
    from tsnas.cost.board import load_board
    from tsnas.probe.conversion import conversion_for
    from tsnas.probe.cores import CORES
    from tsnas.probe.ports import EMULATED

    core = CORES.get(port.removeprefix(EMULATED))
    if port.startswith(EMULATED) and core is not None:
        conversion_for(board, core.name, _is_known(board) and load_board(board).mve)


def _parse_shape(values: flags.FlagValues) -> tuple[int, int, int]:
    """Returns time, channels and classes of the windows."""
    if (values.data is None) == (values.shape is None):
        raise UsageError("give either --data=FILE.npz or --shape=TIMExCHANNELS")
    if values.data is not None:
        from tsnas.datasets import load_npz

        data = load_npz(values.data)
        return data.x_train.shape[1], data.x_train.shape[2], len(set(data.y_train.tolist()))
    try:
        time, channels = (int(part) for part in values.shape.split("x"))
    except ValueError:
        raise UsageError(f"--shape={values.shape} must be TIMExCHANNELS, such as 128x9") from None
    if time < 8 or channels < 1:
        raise UsageError(f"--shape={values.shape} must have at least 8 samples and 1 channel")
    return time, channels, values.classes


def _find_board(values: flags.FlagValues, name: str, hello: Hello) -> Board:
    """Returns the known board, or a new one made from the flags and the probe's report."""
    from tsnas.cost.board import load_board
    from tsnas.cost.relative import board_from_relative, known_cores

    if _is_known(values.board):
        return load_board(values.board)
    core = values.core or hello.core
    clock_hz = values.clock_mhz * 1e6 if values.clock_mhz else float(hello.clock_hz)
    if not clock_hz:
        raise UsageError(
            f"--clock_mhz is required: {values.board!r} is not a known board, and its probe reports no clock"
        )
    ram_bytes, flash_bytes = round(values.ram_kb * 1024), round(values.flash_kb * 1024)
    # Of another core, a known board gives what the operators that were not measured take in proportion.
    relative = None if core in known_cores() else RELATIVE
    return board_from_relative(name, core, clock_hz, ram_bytes, flash_bytes, relative=relative)


def _format_report(found: Characterization, board: Board, out: pathlib.Path) -> str:
    hello, error = found.hello, board.latency_error
    lines = [
        f"{len(found.results)} operators on {hello.board} ({hello.core}, {hello.kernel_library}).",
        f"counter={hello.counter}, runs of one operator within {found.spread:.2%}.",
    ]
    if found.left_out:
        lines.append(f"{len(found.left_out)} were left out; the first of them: {next(iter(found.left_out.values()))}")
    if hello.counter == "instructions":
        lines.append(
            "Cycles are estimated from instructions, not measured, by what CMSIS-NN's kernels take on a board."
        )
    lines.append(
        f"Error of its latencies: median {error.median_relative:.1%}, p95 {error.p95_relative:.1%} ({error.split})."
    )
    lines.append(f"Wrote {out}. Use it with --board={out}.")
    return "\n".join(lines)


COMMAND = Command(
    name="characterize",
    summary="Measure the operators of a search space on a board, over its serial port.",
    usage="--port=PORT --board=BOARD (--data=FILE.npz | --shape=TIMExCHANNELS --classes=N) [--plan=calibrate]",
    example="tsnas characterize --port=emulated:cortex-m4 --board=nucleo_f446re --shape=128x9 --classes=6",
    define_flags=define_flags,
    run=run,
    details="The board needs the probe firmware. Each measurement is saved immediately: after an interruption, the "
    "same command resumes and measures nothing twice.",
)

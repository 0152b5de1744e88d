"""tsnas boards calibrate: writes the file of a board with factors fitted to timings of whole models."""

from __future__ import annotations

import json
import pathlib
import shlex
from typing import TYPE_CHECKING

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.system.terminal import say
from tsnas.system.words import listed

if TYPE_CHECKING:
    from tsnas.cost.board import Board
    from tsnas.cost.timings import Timing

# Of public timings, models left out were off by 20 % on average where they were worst.
CONTRADICTORY = 0.5
CONTRADICTION = (
    "Timings contradict each other: networks may take longer than the margins say, which end at 90%. Are all of "
    "them of one build, with nothing else running?\n"
)
DIFFERING = (
    "The self-test of {models} gave bytes that are not the model's. Kernels that round otherwise may be off by one; if "
    "classes are wrong as well, these timings are of a broken build.\n"
)
NEW_BOARD = ("core", "clock_mhz", "ram_kb", "flash_kb")


def define_flags(values: flags.FlagValues) -> None:
    def text(name: str, meaning: str) -> None:
        flags.DEFINE_string(name, None, meaning, flag_values=values)

    def number(name: str, meaning: str) -> None:
        flags.DEFINE_float(name, None, meaning, flag_values=values)

    text("board", "Board: a known name, the path of a board's .json file, or the name of a new one. Required.")
    text(
        "kernels",
        "Kernels that were timed: cmsis_nn, reference, portable, esp_nn, or a name of your own. Default: those that "
        "the lines name, else those of the board.",
    )
    text("kernel_library", "These kernels and their version, for tables and reports. Default: what the board has.")
    text("timings", "File with the lines of a sketch, or a CSV table with the columns model and latency_us.")
    text("port", "Serial port to read the lines from, instead of --timings.")
    text("kit", "Folder with the .tflite files that were timed. Default: that of --timings.")
    text("core", "Core of a new board, such as cortex-m4, riscv32 or xtensa-lx7.")
    number("clock_mhz", "CPU clock in MHz, of a new board or of a known one that runs at another.")
    number("ram_kb", "RAM of a new board in KB of 1024 bytes.")
    number("flash_kb", "Flash of a new board in KB.")
    text("out", "File to write. Default: NAME.json.")
    flags.DEFINE_bool("overwrite", False, "Replace the file if it exists.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.calibrate import calibrated_by_models
    from tsnas.system.files import write_file

    refuse_arguments(arguments)
    if not values.board:
        raise UsageError("--board is required")
    if (values.timings is None) == (values.port is None):
        raise UsageError("give either --timings=FILE or --port=PORT")
    if values.port and not values.kit:
        raise UsageError("--port requires --kit=DIR, the folder that `tsnas boards kit` wrote")
    board = _find_board(values)
    out = pathlib.Path(values.out or f"{board.name}.json")
    if out.suffix != ".json":
        raise UsageError(f"--out is {str(out)!r}; a board file ends in .json")
    if out.exists() and not values.overwrite:
        raise UsageError(f"{str(out)!r} already exists; give --overwrite to replace it, or another --out")
    kernels, timings = _read_timings(values, board)
    found = calibrated_by_models(board, timings, kernels, values.kernel_library or "")
    write_file(out, json.dumps(found.to_json(), indent=2) + "\n")
    say(_format_report(found, timings, out))


def _find_board(values: flags.FlagValues) -> Board:
    import dataclasses

    from tsnas.cost.board import board_names, load_board
    from tsnas.cost.board_parts import PORTABLE, core_named
    from tsnas.cost.relative import uncalibrated_board

    if values.board in board_names() or values.board.endswith(".json"):
        board = load_board(values.board)
        if values.core and core_named(values.core) != board.core:
            raise UsageError(
                f"{board.name!r} has a {board.core}, not a {values.core}; for a board of your own, give another name "
                "(--board)"
            )
        for name, field, unit in (("ram_kb", "ram_bytes", 1024), ("flash_kb", "flash_bytes", 1024)):
            if values[name].value:
                board = dataclasses.replace(board, **{field: round(values[name].value * unit)})
        return dataclasses.replace(board, clock_hz=values.clock_mhz * 1e6) if values.clock_mhz else board
    missing = [f"--{name}" for name in NEW_BOARD if values[name].value is None]
    if missing:
        raise UsageError(f"{values.board!r} is not a known board, so {', '.join(missing)} must be given")
    return uncalibrated_board(
        values.board,
        values.core,
        values.clock_mhz * 1e6,
        round(values.ram_kb * 1024),
        round(values.flash_kb * 1024),
        values.kernels or PORTABLE,
    )


def _read_timings(values: flags.FlagValues, board: Board) -> tuple[str, list[Timing]]:
    """Returns the name of the kernels that were timed, and the timings."""
    from tsnas.cost.timings import bench_timings, kernels_named, read_timings

    if values.port:
        from tsnas.probe.bench_lines import read_lines

        say(f"Waits for the lines of all models in {values.kit} on {values.port}; this takes some seconds.\n")
        lines = read_lines(values.port, values.kit)
        kernels = values.kernels or kernels_named(lines) or board.kernels
        return kernels, bench_timings(lines, board.clock_hz, kernels, values.kit, values.port)
    path = pathlib.Path(values.timings)
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines() if path.is_file() else []
    kernels = values.kernels or kernels_named(lines) or board.kernels
    return kernels, read_timings(path, board.clock_hz, kernels, values.kit)


def _format_report(board: Board, timings: list[Timing], out: pathlib.Path) -> str:
    import tabulate

    from tsnas.cost.estimate import estimate_graph
    from tsnas.cost.latency import OTHERS
    from tsnas.cost.verdicts import with_margin

    rows = []
    for timing in timings:
        estimate = estimate_graph(timing.graph, board, flash_bytes=1)
        predicted = with_margin(estimate.latency_ms, estimate.latency_margin_ms)
        rows.append((timing.model, f"{timing.latency_us / 1e3:.3f} ms", predicted))
    factors = [
        (kind.replace(OTHERS, "all others"), f"{factor.factor:.3f}", f"{factor.margin_relative:.0%}")
        for kind, factor in board.factors.items()
    ]
    differing = [timing.model for timing in timings if timing.differing_bytes]
    error = board.latency_error
    doubts = CONTRADICTION if error.median_relative > CONTRADICTORY else ""
    doubts += DIFFERING.format(models=listed(differing)) if differing else ""
    return "\n\n".join(
        [
            tabulate.tabulate(rows, ("model", "measured", "predicted"), colalign=("left", "right", "right")),
            tabulate.tabulate(factors, ("kind", "factor", "margin"), colalign=("left", "right", "right")),
            f"Board {board.name} at {board.clock_hz / 1e6:g} MHz with {board.kernels} kernels.\n"
            f"Error on {error.n_ops} whole models, {error.split}: median {error.median_relative:.1%}, "
            f"largest {error.p95_relative:.1%}.\n"
            f"{doubts}"
            f"Wrote {out}. Use it with --board={out}, such as for a search in windows of your own:\n"
            f"tsnas search --data=windows.npz --board={shlex.quote(str(out))} --max_latency_ms=20 --out=runs/mine",
        ]
    )


COMMAND = Command(
    name="boards calibrate",
    summary="Fit a board to timings of whole models, and write its file with the error that was found.",
    usage="--board=BOARD (--timings=FILE [--kit=DIR] | --port=PORT --kit=DIR) [--kernels=KERNELS] [--out=FILE.json]",
    example="tsnas boards calibrate --board=esp32_s3 --timings=timings.txt --kit=runs/kit",
    define_flags=define_flags,
    run=run,
    details="Fits one factor for each kind of operator, and leaves each model out in turn to judge it. Timings of "
    "another model, at another clock, with a spread of more than 5 % or of fewer than three models are refused.",
)

"""tsnas boards: lists the boards for which a search or an estimate is possible."""

from __future__ import annotations

import json
import typing

import tabulate
from absl import flags

from tsnas.commands.command import Command, refuse_arguments
from tsnas.system.terminal import columns, fit_table, say

if typing.TYPE_CHECKING:
    from tsnas.cost.board import Board

# The table fits a terminal of 80 columns.
NARROW = tabulate.TableFormat(
    lineabove=None,
    linebelowheader=tabulate.Line("", "-", " ", ""),
    linebetweenrows=None,
    linebelow=None,
    headerrow=tabulate.DataRow("", " ", ""),
    datarow=tabulate.DataRow("", " ", ""),
    padding=0,
    with_header_hide=None,
)


def define_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=values)


def format_error(board: Board) -> str:
    """Formats median and largest or 95th percentile for the table; an error that was not measured is none of zero."""
    error = board.latency_error
    if not board.calibrated:
        return "no latencies yet"
    if error.n_ops == 0:
        return "not measured"
    return f"{error.median_relative:.1%} {error.p95_relative:.1%}{' *' if board.factors else ''}"


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import board_names, load_board

    refuse_arguments(arguments)
    boards = [load_board(name) for name in board_names()]
    if values.json:
        fields = (
            *("name", "description", "core", "clock_hz", "ram_bytes", "flash_bytes", "kernels", "kernel_library"),
            *("toolchain", "optimised", "latency_error", "source", "trust", "npu"),
        )

        def told(board: Board) -> dict[str, typing.Any]:
            return {field: getattr(board, field) for field in fields}

        listed = [
            told(board) | {"other_kernels": [told(board.with_kernels(name)) for name in board.kernel_names[1:]]}
            for board in boards
        ]
        print(json.dumps(listed, indent=2, default=vars))
        return
    rows: list[tuple[str, ...]] = []
    for board in boards:
        rows += [
            (
                board.name if name == board.kernels else "",
                board.core if name == board.kernels else "",
                f"{board.clock_hz / 1e6:g}" if name == board.kernels else "",
                f"{board.ram_bytes / 1024:g}" if name == board.kernels else "",
                f"{board.flash_bytes / 1024:g}" if name == board.kernels else "",
                name,
                format_error(board.with_kernels(name)),
            )
            for name in board.kernel_names
        ]
    headers = ("board", "core", "MHz", "RAM", "flash", "kernels", "error")
    aligned = ("left", "left", "right", "right", "right", "left", "left")
    print(fit_table(rows, headers, aligned, columns(), shorten={"kernels": 10}, drop=("flash", "error"), style=NARROW))
    say(
        "\nRAM and flash in KB; --kernels chooses other kernels than the first of a board.\n"
        "Error of the predicted latency: median and 95th percentile on single operators that were measured and held "
        "out of the fit; * median and largest on whole models, each left out in turn.\n"
        "My board is not there, or has no latencies yet: `tsnas boards new --help` for one with a core of these, "
        "`tsnas boards calibrate --help` for any."
    )


COMMAND = Command(
    name="boards",
    summary="List the boards that tsnas knows, with their memory, their kernels and the error of their latencies.",
    usage="[--json]",
    example="tsnas boards",
    define_flags=define_flags,
    run=run,
)

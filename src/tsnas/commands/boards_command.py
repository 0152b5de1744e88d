"""tsnas boards: lists the boards for which a search or an estimate is possible."""

from __future__ import annotations

import json
import typing

import tabulate
from absl import flags

from tsnas.commands.command import Command, refuse_arguments

if typing.TYPE_CHECKING:
    from tsnas.cost.board import LatencyError


def define_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=values)


def format_error(error: LatencyError) -> tuple[str, str]:
    """Formats median and 95th percentile for the table; an error judged on no operator is not an error of zero."""
    if error.n_ops == 0:
        return "not measured", "not measured"
    return f"{error.median_relative:.1%}", f"{error.p95_relative:.1%}"


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import board_names, load_board

    refuse_arguments(arguments)
    boards = [load_board(name) for name in board_names()]
    if values.json:
        fields = ("name", "description", "core", "clock_hz", "ram_bytes", "flash_bytes", "latency_error", "source")
        print(json.dumps([{field: board.to_json()[field] for field in fields} for board in boards], indent=2))
        return
    rows = [
        (
            board.name,
            board.core,
            f"{board.clock_hz / 1e6:g}",
            f"{board.ram_bytes / 1024:g}",
            f"{board.flash_bytes / 1024:g}",
            *format_error(board.latency_error),
            board.description,
        )
        for board in boards
    ]
    headers = ("board", "core", "MHz", "RAM KB", "flash KB", "error median", "error p95", "description")
    aligned = ("left", "left", "right", "right", "right", "right", "right", "left")
    print(tabulate.tabulate(rows, headers, colalign=aligned, disable_numparse=True))
    print("\nError: that of the predicted latency of single operators, on measured operators held out of the fit.")
    print("To add your own board: tsnas boards new --help")


COMMAND = Command(
    name="boards",
    summary="List the boards that tsnas knows, with their limits and the error of their latency model.",
    usage="[--json]",
    example="tsnas boards",
    define_flags=define_flags,
    run=run,
)

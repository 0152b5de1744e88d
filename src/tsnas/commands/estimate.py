"""tsnas estimate: what an int8 .tflite model costs on a board."""

from __future__ import annotations

import json

from absl import flags

from tsnas.commands.command import Command, UsageError


def define_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string(
        "board", None, "Board: a name that `tsnas boards` lists, or the path of a board's .json file. Required.",
        flag_values=values,
    )  # fmt: skip
    flags.DEFINE_bool("json", False, "Print JSON instead of a table.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.estimate import estimate_tflite

    if len(arguments) != 1:
        raise UsageError(f"expected the path of one .tflite file, not {len(arguments)} arguments")
    if values.board is None:
        raise UsageError("--board is required; `tsnas boards` lists the names")
    estimate = estimate_tflite(arguments[0], values.board)
    print(json.dumps(estimate.to_json(), indent=2) if values.json else estimate.table())


COMMAND = Command(
    name="estimate",
    summary="Predict the latency, RAM and flash of an int8 .tflite model on a board.",
    usage="MODEL.tflite --board=BOARD [--json]",
    example="tsnas estimate runs/demo/model.tflite --board=nucleo_f446re",
    define_flags=define_flags,
    run=run,
    details="Prints one line per operator and the totals: latency in ms, RAM (the tensor arena) and flash in KB of "
    "1024 bytes.",
)

"""tsnas data check: checks sensor data before a search."""

from __future__ import annotations

import json

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.commands.csv_flags import (
    define_csv_flags,
    define_window_flags,
    make_signal,
    read_recordings,
    refuse_reading_flags,
)
from tsnas.commands.job import define_text_flag
from tsnas.system.terminal import columns


def define_flags(values: flags.FlagValues) -> None:
    define_text_flag(values, "data", "A .npz file, as for `tsnas search --data`.")
    define_csv_flags(values)
    define_window_flags(values)
    flags.DEFINE_bool("json", False, "Print JSON instead of tables.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.data import check
    from tsnas.datasets import load_npz

    refuse_arguments(arguments)
    if (values.data is None) == (values.csv is None):
        raise UsageError("give either --data=FILE.npz or --csv=FOLDER")
    if values.csv is not None:
        report = check(read_recordings(values), signal=make_signal(values))
    else:
        refuse_reading_flags(values)
        if values.window is not None or values.stride is not None:
            raise UsageError("--window and --stride require --csv; the windows of --data are already cut")
        data = load_npz(values.data)
        test = None if data.x_test is None else (data.x_test, data.y_test, data.groups_test)
        report = check(data.x_train, data.y_train, data.groups_train, test=test)
    print(json.dumps(report.to_json(), indent=2) if values.json else report.text(columns()))


COMMAND = Command(
    name="data check",
    summary="Check sensor data before a search: sensors, classes, groups, leakage.",
    usage="(--data=FILE.npz | --csv=FOLDER (--time=COLUMN | --rate_hz=HZ) [--label=COLUMN | --label_from=folder | "
    "--pattern=REGEX] [--group=COLUMN]) [--window=SAMPLES] [--flag=value ...]",
    example="tsnas data check --csv=recordings --time=time_ms --label_from=folder --window=128",
    define_flags=define_flags,
    run=run,
    details="Prints a table of the channels and one of the classes, the changes made while reading, and everything "
    "that looks wrong, with advice. `clipped` is the share of samples that stay at the end of the range, `still` the "
    "share in long runs of one value. Ends with exit code 0 whatever it finds, and with 2 if the data cannot be read.",
)

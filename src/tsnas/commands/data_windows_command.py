"""tsnas data windows: cuts CSV files into windows, in a .npz file that a search takes."""

from __future__ import annotations

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.commands.csv_flags import (
    define_csv_flags,
    define_test_groups,
    define_window_flags,
    read_recordings,
    require_labels,
)
from tsnas.commands.job import define_text_flag
from tsnas.commands.window_file import check_out, write_windows
from tsnas.system.terminal import say


def define_flags(values: flags.FlagValues) -> None:
    define_csv_flags(values)
    define_window_flags(values)
    define_test_groups(values)
    flags.DEFINE_enum(
        "rule",
        "majority",
        ["majority", "strict"],
        "Rule for windows with several labels: use the most frequent one, or leave the window out.",
        flag_values=values,
    )
    define_text_flag(values, "out", "The .npz file to write. Required.")
    flags.DEFINE_bool("overwrite", False, "Replace the file if it exists.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.data import Signal

    refuse_arguments(arguments)
    for name in ("csv", "window", "out"):
        if values[name].value is None:
            raise UsageError(f"--{name} is required")
    require_labels(values)
    check_out(values.out, values.overwrite)
    signal = Signal(values.window, values.stride)
    data = read_recordings(values)
    if data.notes:
        say("\n".join(data.notes) + "\n")
    write_windows(data, signal, values.rule, values.test_groups, values.out)


COMMAND = Command(
    name="data windows",
    summary="Cut CSV files of sensor data into windows, for `tsnas search --data`.",
    usage="--csv=FOLDER (--time=COLUMN | --rate_hz=HZ) (--label=COLUMN | --label_from=folder | --pattern=REGEX) "
    "--window=SAMPLES --out=FILE.npz [--test_groups=GROUP[,GROUP ...]] [--flag=value ...]",
    example="tsnas data windows --csv=recordings --time=time_ms --label_from=folder --window=128 --out=windows.npz",
    define_flags=define_flags,
    run=run,
    details="Rows are sorted by time, gaps divide recordings, and samples are resampled to one rate; each kind of "
    "change is printed. The arrays have the names that `tsnas search --data` expects.",
)

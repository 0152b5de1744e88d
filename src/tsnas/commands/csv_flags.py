"""Flags of commands that read CSV files of sensor data, and the recordings that they describe."""

from __future__ import annotations

import typing

from absl import flags

from tsnas.commands.command import UsageError
from tsnas.commands.job import text_flag, whole_flag

if typing.TYPE_CHECKING:
    from tsnas.data import RecordingSet, Signal

COLUMNS = ("time", "label", "group", "recording")
TEXTS = ("label_from", "group_from", "pattern", "time_unit", "delimiter", "decimal")
NUMBERS = ("rate_hz", "max_gap_s")
READING = (*COLUMNS, "channels", *TEXTS, *NUMBERS)


def define_csv_flags(values: flags.FlagValues) -> None:
    """`--csv`, and how its files are read."""
    text_flag(values, "csv", "A folder of .csv files, which may stand in folders of their own, or one file.")
    text_flag(values, "time", "Column of the time stamps. Columns are called by name, or by index from 0.")
    flags.DEFINE_enum(
        "time_unit",
        None,
        ["s", "ms", "us", "ns", "iso"],
        "Unit of the time stamps. Default: by the name of the column, such as time_ms; dates by their look; or the "
        "unit that fits --rate_hz.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "rate_hz",
        None,
        "Samples in a second of the recordings; required without --time. Default: the median of the files.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "channels",
        None,
        "Columns of sensor values, such as ax,ay,az. Default: all columns of numbers that are nothing else.",
        flag_values=values,
    )
    text_flag(values, "label", "Column of the labels, which may change within a file.")
    flags.DEFINE_enum(
        "label_from", None, ["folder", "file"], "Where the label stands, if not in a column.", flag_values=values
    )
    text_flag(values, "group", "Column of what belongs together, such as the user. Default: each file is a group.")
    flags.DEFINE_enum(
        "group_from", None, ["folder", "file"], "Where the group stands, if not in a column.", flag_values=values
    )
    text_flag(
        values,
        "pattern",
        r"Regular expression with (?P<label>...), (?P<group>...) or both, looked for in the path of each file from the "
        r"folder, such as '(?P<label>\w+)/(?P<group>\w+)_\d+\.csv' for walk/user3_01.csv.",
    )
    text_flag(values, "recording", "Column that says which rows are one recording, where a file holds several.")
    flags.DEFINE_float(
        "max_gap_s",
        None,
        "Longest time without values that is bridged by a straight line; longer ones divide a recording. Default: five "
        "steps.",
        flag_values=values,
    )
    text_flag(values, "delimiter", "Character between fields, or tab. Default: tab, semicolon or comma, by the lines.")
    flags.DEFINE_enum("decimal", None, [".", ","], "Decimal mark. Default: by the numbers.", flag_values=values)


def define_window_flags(values: flags.FlagValues) -> None:
    """`--window` and `--stride`."""
    whole_flag(values, "window", "Samples of a window, such as 128.")
    whole_flag(values, "stride", "Samples from the start of a window to that of the next. Default: half a window.")


def define_test_groups(values: flags.FlagValues) -> None:
    """`--test_groups`."""
    flags.DEFINE_list(
        "test_groups", None, "Groups that are held out for testing, such as user8,user9.", flag_values=values
    )


def require_labels(values: flags.FlagValues) -> None:
    """Raises UsageError unless a flag says what the label is."""
    if all(values[name].value is None for name in ("label", "label_from", "pattern")):
        raise UsageError("give --label=COLUMN, --label_from=folder or --pattern=REGEX, which say what the label is")


def signal_of(values: flags.FlagValues) -> Signal | None:
    """How windows are cut; None without `--window`."""
    from tsnas.data import Signal

    if values.window is None:
        if values.stride is not None:
            raise UsageError("--stride needs --window")
        return None
    return Signal(values.window, values.stride)


def recordings_of(values: flags.FlagValues) -> RecordingSet:
    """The recordings of `--csv`."""
    from tsnas.data import from_csv

    if values.time is None and values.rate_hz is None:
        raise UsageError("give --time=COLUMN, the time stamps, or --rate_hz=HZ where there are none")
    given = {name: values[name].value for name in (*TEXTS, *NUMBERS)}
    given |= {name: None if values[name].value is None else _column(values[name].value) for name in COLUMNS}
    if values.channels is not None:
        given["channels"] = [_column(channel) for channel in values.channels]
    if values.delimiter in ("tab", "\\t"):
        given["delimiter"] = "\t"
    return from_csv(values.csv, **given)


def refuse_reading_flags(values: flags.FlagValues) -> None:
    """Raises UsageError for a flag that only goes with `--csv`."""
    given = [f"--{name}" for name in READING if values[name].value is not None]
    if given:
        raise UsageError(f"{', '.join(given)} {'goes' if len(given) == 1 else 'go'} with --csv, not with --data")


def _column(text: str) -> str | int:
    return int(text) if text.isdecimal() else text

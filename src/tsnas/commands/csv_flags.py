"""Defines the flags of commands that read CSV files of sensor data, and reads the recordings."""

from __future__ import annotations

import typing

from absl import flags

from tsnas.commands.command import UsageError
from tsnas.commands.job import define_int_flag, define_text_flag

if typing.TYPE_CHECKING:
    from tsnas.data import RecordingSet, Signal

COLUMNS = ("time", "label", "group", "recording", "sensor")
TEXTS = (
    "label_from",
    "group_from",
    "sensor_from",
    "pattern",
    "time_unit",
    "delimiter",
    "decimal",
    "bad_lines",
    "segments",
    "drop_label",
)
NUMBERS = ("rate_hz", "max_gap_s")
READING = (*COLUMNS, "channels", *TEXTS, *NUMBERS)


def define_csv_flags(values: flags.FlagValues) -> None:
    """Defines `--csv` and the flags for reading its files."""
    define_text_flag(values, "csv", "A folder of .csv files, which may be in subfolders, or one file.")
    define_text_flag(values, "time", "Column of the time stamps. Columns are given by name, or by index from 0.")
    flags.DEFINE_enum(
        "time_unit",
        None,
        ["s", "ms", "us", "ns", "iso"],
        "Unit of the time stamps. Default: detected from the form of dates, from the name of the column, such as "
        "time_ms, or from --rate_hz.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "rate_hz",
        None,
        "Samples per second of the recordings; required without --time. Default: the median of the files.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "channels",
        None,
        "Columns of sensor values, such as ax,ay,az. Default: all columns of numbers that have no other role.",
        flag_values=values,
    )
    define_text_flag(values, "label", "Column of the labels, which may change within a file.")
    flags.DEFINE_enum(
        "label_from",
        None,
        ["folder", "file"],
        "Take the label from the name of the folder or of the file, not from a column.",
        flag_values=values,
    )
    define_text_flag(
        values,
        "group",
        "Column that says which rows belong together, such as the user. Default: each file is a group.",
    )
    flags.DEFINE_enum(
        "group_from",
        None,
        ["folder", "file"],
        "Take the group from the name of the folder or of the file, not from a column.",
        flag_values=values,
    )
    define_text_flag(
        values,
        "pattern",
        r"Regular expression with (?P<label>...), (?P<group>...) or both, searched for in the path of each file "
        r"relative to the folder, such as '(?P<label>\w+)/(?P<group>\w+)_\d+\.csv' for walk/user3_01.csv.",
    )
    define_text_flag(values, "recording", "Column that says which rows are one recording, if a file holds several.")
    define_text_flag(
        values, "sensor", "Column that says which sensor a row is of, in a log of several; they are joined on time."
    )
    flags.DEFINE_enum(
        "sensor_from",
        None,
        ["file"],
        "Join the files of each folder on time, as the sensors of one recording; or give (?P<sensor>...) in --pattern. "
        "Default: if all files have names of sensors, such as accelerometer.csv.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "max_gap_s",
        None,
        "Longest time without values, in s, that is bridged by a straight line; longer gaps divide a recording. "
        "Default: five steps.",
        flag_values=values,
    )
    define_text_flag(values, "delimiter", "Character between fields, tab or space. Default: whichever fits.")
    flags.DEFINE_enum(
        "decimal", None, [".", ","], "Decimal mark. Default: detected from the numbers.", flag_values=values
    )
    define_text_flag(
        values,
        "segments",
        "A file of labels with columns file, start, end and label, a label track of Audacity, or an export of Label "
        "Studio. Starts and ends are seconds, samples or time stamps; what is in no segment is left out.",
    )
    flags.DEFINE_list("drop_label", None, "Labels whose samples are left out, such as null.", flag_values=values)
    flags.DEFINE_enum(
        "bad_lines",
        None,
        ["stop", "skip"],
        "What becomes of lines that were cut or doubled, and of cells that are no number: an error, or left out and "
        "counted. Default: stop.",
        flag_values=values,
    )


def define_window_flags(values: flags.FlagValues) -> None:
    """Defines `--window` and `--stride`."""
    define_int_flag(values, "window", "Samples per window, such as 128.")
    define_int_flag(
        values, "stride", "Samples from the start of one window to that of the next. Default: half a window."
    )


def define_test_groups(values: flags.FlagValues) -> None:
    """Defines `--test_groups`."""
    flags.DEFINE_list("test_groups", None, "Groups to hold out for testing, such as user8,user9.", flag_values=values)


def require_labels(values: flags.FlagValues) -> None:
    """Raises UsageError unless a flag defines the label."""
    if all(values[name].value is None for name in ("label", "label_from", "pattern", "segments")):
        raise UsageError(
            "give --label=COLUMN, --label_from=folder, --pattern=REGEX or --segments=FILE to define the label"
        )


def make_signal(values: flags.FlagValues) -> Signal | None:
    """Returns the signal by which windows are cut; None without `--window`."""
    from tsnas.data import Signal

    if values.window is None:
        if values.stride is not None:
            raise UsageError("--stride needs --window")
        return None
    return Signal(values.window, values.stride)


def read_recordings(values: flags.FlagValues) -> RecordingSet:
    """Reads the recordings of `--csv`."""
    from tsnas.data import from_csv

    if values.time is None and values.rate_hz is None:
        raise UsageError("give --time=COLUMN for the time stamps, or --rate_hz=HZ if there are none")
    given = {name: values[name].value for name in (*TEXTS, *NUMBERS)}
    given |= {name: None if values[name].value is None else _parse_column(values[name].value) for name in COLUMNS}
    if values.channels is not None:
        given["channels"] = [_parse_column(channel) for channel in values.channels]
    given["bad_lines"] = values.bad_lines or "stop"
    if values.delimiter == "space":
        given["delimiter"] = " "
    if values.delimiter in ("tab", "\\t"):
        given["delimiter"] = "\t"
    return from_csv(values.csv, **given)


def refuse_reading_flags(values: flags.FlagValues) -> None:
    """Raises UsageError for a flag that requires `--csv`."""
    given = [f"--{name}" for name in READING if values[name].value is not None]
    if given:
        raise UsageError(f"{', '.join(given)} {'requires' if len(given) == 1 else 'require'} --csv instead of --data")


def _parse_column(text: str) -> str | int:
    return int(text) if text.isdecimal() else text

"""Prepares the caller's data for a search: checked windows, encoded labels, validation splits, standardisation."""

from tsnas.data.axes import Axes, find_axes
from tsnas.data.channels import Channels
from tsnas.data.checks import DataReport, Finding, check, warn_of_channels
from tsnas.data.formats import read
from tsnas.data.labels import check_labels, encode_labels
from tsnas.data.lazy_windows import AnyWindows, Windows
from tsnas.data.recorder import Recorded, record, write_sketch
from tsnas.data.recording_set import RecordingSet
from tsnas.data.recordings import check_recordings, cut_windows
from tsnas.data.signal import Signal
from tsnas.data.split import split_validation, validation_splits
from tsnas.data.standardizer import Standardizer
from tsnas.data.tables import from_csv, from_frame
from tsnas.data.tf_dataset import from_tf_dataset, windows_and_labels
from tsnas.data.windows import check_lengths, check_raw_windows, check_windows, raw_windows

__all__ = [
    "AnyWindows",
    "Axes",
    "Channels",
    "DataReport",
    "Finding",
    "Recorded",
    "RecordingSet",
    "Signal",
    "Standardizer",
    "Windows",
    "check",
    "check_labels",
    "check_lengths",
    "check_raw_windows",
    "check_recordings",
    "check_windows",
    "cut_windows",
    "encode_labels",
    "find_axes",
    "from_csv",
    "from_frame",
    "from_tf_dataset",
    "raw_windows",
    "read",
    "record",
    "split_validation",
    "validation_splits",
    "warn_of_channels",
    "windows_and_labels",
    "write_sketch",
]

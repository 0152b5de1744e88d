"""Prepares the caller's data for a search: checked windows, encoded labels, validation splits, standardisation."""

from tsnas.data.axes import Axes, find_axes
from tsnas.data.checks import DataReport, Finding, check, warn_of_channels, warn_of_few_windows
from tsnas.data.formats import read
from tsnas.data.labels import check_labels, encode_labels
from tsnas.data.lazy_windows import AnyWindows, Windows
from tsnas.data.recorder import Recorded, record
from tsnas.data.recording_set import RecordingSet
from tsnas.data.recordings import check_recordings, cut_windows
from tsnas.data.rejection import Rejection
from tsnas.data.signal import Signal
from tsnas.data.split import split_validation, validation_splits
from tsnas.data.standardizer import Standardizer
from tsnas.data.tables import from_csv, from_frame
from tsnas.data.tf_dataset import from_tf_dataset, windows_and_labels
from tsnas.data.weights import (
    Data,
    check_class_weight,
    check_sample_weight,
    mean_one,
    unpacked,
    weights_of_classes,
    with_class_weights,
)
from tsnas.data.windows import check_lengths, check_raw_windows, check_windows, raw_windows

__all__ = [
    "AnyWindows",
    "Axes",
    "Data",
    "DataReport",
    "Finding",
    "Recorded",
    "RecordingSet",
    "Rejection",
    "Signal",
    "Standardizer",
    "Windows",
    "check",
    "check_class_weight",
    "check_labels",
    "check_lengths",
    "check_raw_windows",
    "check_recordings",
    "check_sample_weight",
    "check_windows",
    "cut_windows",
    "encode_labels",
    "find_axes",
    "from_csv",
    "from_frame",
    "from_tf_dataset",
    "mean_one",
    "raw_windows",
    "read",
    "record",
    "split_validation",
    "unpacked",
    "validation_splits",
    "warn_of_channels",
    "warn_of_few_windows",
    "weights_of_classes",
    "windows_and_labels",
    "with_class_weights",
]

"""SkodaR: ten quality-control gestures from a car plant, ten accelerometers on the right arm at 98 Hz."""

from __future__ import annotations

import io
import itertools
import os
from typing import NamedTuple

import numpy as np

from tsnas.datasets.checks import check_steps
from tsnas.datasets.fetch import Release, Source, find
from tsnas.errors import DatasetFileError, SettingError

SOURCE = Source(
    name="SkodaR",
    marker="right_classall_clean.mat",
    archives=("skodaminicp_2015_08.zip", "SkodaMiniCP_2015_08.zip"),
    url="http://har-dataset.org/lib/exe/fetch.php?media=wiki:dataset:skodaminicp:skodaminicp_2015_08.zip",
    # No published checksum of this archive could be found.
    sha256=None,
)
VARIABLE = "right_classall_clean"
NULL = "null"
GESTURES = {
    32: NULL,
    48: "write on notepad",
    49: "open hood",
    50: "close hood",
    51: "check gaps on the front door",
    52: "open left front door",
    53: "close left front door",
    54: "close both left doors",
    55: "check trunk gaps",
    56: "open and close trunk",
    57: "check steering wheel",
}
SENSORS = 10
COLUMNS_PER_SENSOR = 7
COLUMNS = 1 + SENSORS * COLUMNS_PER_SENSOR
CALIBRATED = [1 + COLUMNS_PER_SENSOR * sensor + axis for sensor in range(SENSORS) for axis in (1, 2, 3)]
TEST_SHARE = 0.1

Part = tuple[np.ndarray, np.ndarray, np.ndarray]


class Repetition(NamedTuple):
    """An unbroken run of one label: its number from 1 in order of time, and the rows [start, stop) of the table."""

    number: int
    start: int
    stop: int
    label: int


def load_data(
    path: str | os.PathLike[str] | None = None,
    window: int = 64,
    step: int = 32,
    null: bool = False,
    verbose: int = 1,
) -> tuple[Part, Part]:
    """Loads windows of SkodaR, with the last tenth of the repetitions of each gesture for testing.

    The data set does not come with tsnas. It is read from `path` if given, else from the folder that the environment
    variable TSNAS_DATA names; otherwise it is downloaded once and kept in `~/.cache/tsnas` (or
    `$XDG_CACHE_HOME/tsnas`). No checksum of the archive is published, and it comes over plain HTTP; tsnas checks that
    the archive is complete, that the table has its 71 columns, and that it holds every gesture and no other label.

    One worker did each gesture many times. A repetition is an unbroken run of one label. Each is cut into windows
    separately, and a remainder at its end is dropped, so that no window has two labels. Of the repetitions of a gesture
    that are as long as a window, the last tenth in time (rounded, at least one) is for testing and the others are for
    training. This is the usual split of each gesture into 80%, 10% and 10%; the part for validation is split off later,
    by groups. If windows are split at random, as is often done, overlapping windows of one repetition are on both
    sides, and scores cannot be compared with those of this split.

    Channels: calibrated acceleration x, y, z in milli-g, with gravity, of ten sensors on the right arm, in the order of
    the file. Nothing is normalised.

    Args:
        path: str or path of right_classall_clean.mat, of the folder "SkodaMiniCP_2015_08", of a folder that holds it or
            its archive, or of the archive. Defaults to None.
        window: int, time steps per window. Defaults to 64 (0.65 s), as in the MicroNAS paper.
        step: int, time steps from one window to the next. Defaults to 32, so that windows overlap by half.
        null: bool, whether samples between gestures form a class of their own, "null". Defaults to False: ten classes,
            as in the program that the authors of the MicroNAS paper published.
        verbose: int, 1 for a progress bar while downloading, 2 for a line, 0 for neither. Defaults to 1.

    Returns:
        `((x_train, y_train, groups_train), (x_test, y_test, groups_test))`, where x is a float32 array of shape
        (windows, window, 30), y holds the gestures "write on notepad", "open hood", "close hood", "check gaps on the
        front door", "open left front door", "close left front door", "close both left doors", "check trunk gaps", "open
        and close trunk" and "check steering wheel" as str, and groups the repetitions as int32, counted from 1 in order
        of time over all labels.

    Raises:
        DatasetFileError: the data set is not found, or the file is damaged or has a different layout; the message says
            where.
        DownloadError: the archive cannot be downloaded.
        OutputDirError: the archive cannot be stored.
        SettingError: `window` or `step` is not a whole number of at least 1, or a gesture has fewer than two
            repetitions that are as long as `window`.

    Example:
        >>> (x_train, y_train, groups_train), (x_test, y_test, groups_test) = load_data("SkodaMiniCP_2015_08")
        >>> x_train.shape[1:], len(set(y_train))
        ((64, 30), 10)

    Source: "Skoda Mini Checkpoint", http://har-dataset.org (D. Roggen, ETH Zurich); the documentation in the archive
    states the terms of use. Layout of the table, as documented there: the label, then for each of ten sensors its
    number, calibrated x, y, z, and raw x, y, z. Publications should cite P. Zappi, D. Roggen, E. Farella, G. Tröster
    and L. Benini, "Network-Level Power-Performance Trade-Off in Wearable Activity Recognition: A Dynamic Sensor
    Selection Approach", ACM Transactions on Embedded Computing Systems 11 (2012).
    """
    check_steps(window=window, step=step)
    release = find(SOURCE, path, verbose)
    table = _read_table(release)
    repetitions = _find_repetitions(table[:, 0].astype(int))
    train: list[Repetition] = []
    test: list[Repetition] = []
    for label, gesture in GESTURES.items():
        if gesture == NULL and not null:
            continue
        own = [one for one in repetitions if one.label == label]
        if len(own) < 2:
            raise DatasetFileError(
                f"{release.label(SOURCE.marker)} has {len(own)} repetitions of label {label} ({gesture}), but at least "
                "2 are needed, one of them for testing; give the file of the release"
            )
        earlier, last = _split(own, gesture, window)
        train += earlier
        test += last
    samples = table[:, CALIBRATED].astype(np.float32)
    return _cut_windows(samples, sorted(train), window, step), _cut_windows(samples, sorted(test), window, step)


def _find_repetitions(labels: np.ndarray) -> list[Repetition]:
    bounds = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    return [
        Repetition(number, start, stop, int(labels[start]))
        for number, (start, stop) in enumerate(itertools.pairwise(bounds), start=1)
    ]


def _split(repetitions: list[Repetition], gesture: str, window: int) -> tuple[list[Repetition], list[Repetition]]:
    """Splits the repetitions that are as long as a window into those for training and those for testing."""
    usable = [one for one in repetitions if one.stop - one.start >= window]
    if len(usable) < 2:
        _, second, *_ = sorted((one.stop - one.start for one in repetitions), reverse=True)
        raise SettingError(
            f"window must be at most {second} time steps, not {window}: {gesture!r} needs one repetition of at least "
            "that length for training and one for testing"
        )
    tests = max(1, round(TEST_SHARE * len(usable)))
    return usable[:-tests], usable[-tests:]


def _cut_windows(samples: np.ndarray, repetitions: list[Repetition], window: int, step: int) -> Part:
    from tsnas.data.recordings import cut_windows
    from tsnas.data.signal import Signal

    x, y, groups = cut_windows(
        [samples[one.start : one.stop] for one in repetitions],
        [GESTURES[one.label] for one in repetitions],
        Signal(window, stride=step),
        groups=[one.number for one in repetitions],
    )
    return x, y, groups.astype(np.int32)


def _read_table(release: Release) -> np.ndarray:
    """Reads and checks the table of the release: (samples, 71)."""
    import scipy.io

    file = release.label(SOURCE.marker)
    content = release.read(SOURCE.marker)
    try:
        found = scipy.io.loadmat(io.BytesIO(content), variable_names=[VARIABLE]).get(VARIABLE)
    except Exception as error:  # A damaged file makes scipy raise errors of more than ten types.
        raise DatasetFileError(
            f"{file} is not a complete MATLAB 5 file: {error}; give the file of the release"
        ) from None
    if found is None:
        raise DatasetFileError(f"{file} holds no variable {VARIABLE}; give the file of the release")
    table = np.asarray(found)
    if table.ndim != 2 or table.shape[1] != COLUMNS or not len(table) or table.dtype.kind not in "biuf":
        raise DatasetFileError(
            f"{file} holds {VARIABLE} of shape {table.shape} and type {table.dtype}, but must hold numbers of shape "
            f"(samples, {COLUMNS}): the label, and {COLUMNS_PER_SENSOR} columns for each of {SENSORS} sensors"
        )
    unknown = ~np.isin(table[:, 0], list(GESTURES))
    if unknown.any():
        row = int(np.argmax(unknown))
        raise DatasetFileError(
            f"{file} has the label {table[row, 0]:g} in row {row + 1}; labels are {', '.join(map(str, GESTURES))}"
        )
    broken = ~np.isfinite(table[:, CALIBRATED]).all(axis=1)
    if broken.any():
        raise DatasetFileError(f"{file} has an acceleration that is not finite in row {int(np.argmax(broken)) + 1}")
    return table

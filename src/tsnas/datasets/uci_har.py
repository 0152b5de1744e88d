"""UCI-HAR: six activities of thirty users with a phone at the waist, nine channels at 50 Hz."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence

import numpy as np

from tsnas.datasets.fetch import Release, Source, find
from tsnas.errors import DatasetFileError

SOURCE = Source(
    name="UCI-HAR",
    marker="train/Inertial Signals/body_acc_x_train.txt",
    archives=("human+activity+recognition+using+smartphones.zip", "UCI HAR Dataset.zip"),
    url="https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip",
    # UCI publishes no checksum. More than ten public repositories that fetched this archive (61,005,872 bytes)
    # independently record the same one. The archive inside, "UCI HAR Dataset.zip" (60,999,314 bytes), has the SHA-256
    # 2045e435c955214b38145fb5fa00776c72814f01b203fec405152dac7d5bfeb0, as do copies from UCI's earlier address.
    sha256="c00b803081a5c797cd5e4b83700a9810b38d53d9d84e01917e090e1fdbc81031",
)
CHANNELS = tuple(f"{signal}_{axis}" for signal in ("body_acc", "body_gyro", "total_acc") for axis in "xyz")
WINDOW = 128
WINDOWS = {"train": 7352, "test": 2947}
ACTIVITIES = 6

Part = tuple[np.ndarray, np.ndarray, np.ndarray]


def load_data(path: str | os.PathLike[str] | None = None, verbose: int = 1) -> tuple[Part, Part]:
    """Loads the windows of the UCI-HAR release with its own split: 21 users for training, 9 others for testing.

    The data set does not come with tsnas. It is read from `path` if given, else from the folder that the environment
    variable TSNAS_DATA names; otherwise it is downloaded once (61 MB), verified by its SHA-256 and kept in
    `~/.cache/tsnas` (or `$XDG_CACHE_HOME/tsnas`). Windows overlap by half. Channels: acceleration without gravity x, y,
    z in g, angular rate x, y, z in rad/s, acceleration with gravity x, y, z in g. Nothing is normalised.

    Args:
        path: str or path of the folder "UCI HAR Dataset", of a folder that holds it or its archive, or of the archive,
            on its own or inside the one that UCI serves. Defaults to None.
        verbose: int, 1 for a progress bar while downloading, 2 for a line, 0 for neither. Defaults to 1.

    Returns:
        `((x_train, y_train, groups_train), (x_test, y_test, groups_test))`, where x is a float32 array of shape
        (windows, 128, 9), 7352 windows for training and 2947 for testing, y holds the activities "WALKING",
        "WALKING_UPSTAIRS", "WALKING_DOWNSTAIRS", "SITTING", "STANDING" and "LAYING" as str, and groups the users 1 to
        30 as int32.

    Raises:
        DatasetFileError: the data set is not found, a file is missing or damaged, or files do not match each other; the
            message names the file and the line.
        DownloadError: the archive cannot be downloaded, or its checksum is wrong.
        OutputDirError: the archive cannot be stored.

    Example:
        >>> (x_train, y_train, groups_train), (x_test, y_test, groups_test) = load_data()
        >>> x_train.shape
        (7352, 128, 9)

    Source: UCI Machine Learning Repository, data set 240, doi:10.24432/C54S4K. UCI states CC BY 4.0, but the README of
    the release prohibits any commercial use. Publications must cite D. Anguita, A. Ghio, L. Oneto, X. Parra and
    J. L. Reyes-Ortiz, "A Public Domain Dataset for Human Activity Recognition Using Smartphones", ESANN 2013; the
    recordings are those of J.-L. Reyes-Ortiz et al., "Transition-Aware Human Activity Recognition Using Smartphones",
    Neurocomputing 171 (2016).
    """
    release = find(SOURCE, path, verbose)
    names = _read_activities(release)
    return _load_part(release, "train", names), _load_part(release, "test", names)


def _load_part(release: Release, part: str, activities: np.ndarray) -> Part:
    file = f"{part}/y_{part}.txt"
    codes = _read_whole_numbers(release, file, highest=ACTIVITIES)
    if release.downloaded and len(codes) != WINDOWS[part]:
        raise DatasetFileError(f"{release.label(file)} has {len(codes)} lines, but the release has {WINDOWS[part]}")
    users = _read_whole_numbers(release, f"{part}/subject_{part}.txt")
    _check_length(release, f"{part}/subject_{part}.txt", users, file, codes)
    x = np.empty((len(codes), WINDOW, len(CHANNELS)), np.float32)
    for index, channel in enumerate(CHANNELS):
        signal_file = f"{part}/Inertial Signals/{channel}_{part}.txt"
        signal = _read_channel(release, signal_file)
        _check_length(release, signal_file, signal, file, codes)
        x[:, :, index] = signal
    return x, activities[codes - 1], users


def _read_activities(release: Release) -> np.ndarray:
    """Reads the names of the activities, in the order of their numbers from 1."""
    file = "activity_labels.txt"
    found: dict[bytes, str] = {}
    for line, words in _split_lines(release, file):
        if len(words) != 2 or words[0] in found:
            raise _line_error(release, file, line, words, "a new number and a name")
        found[words[0]] = _decode(words[1])
    numbers = [str(number).encode() for number in range(1, ACTIVITIES + 1)]
    if sorted(found) != numbers or len(set(found.values())) != ACTIVITIES:
        raise DatasetFileError(
            f"{release.label(file)} must give each number from 1 to {ACTIVITIES} a distinct name, but holds "
            f"{', '.join(f'{_decode(number)} {name}' for number, name in found.items())}"
        )
    return np.array([found[number] for number in numbers])


def _read_channel(release: Release, file: str) -> np.ndarray:
    """Reads one channel as a float32 array (windows, 128)."""
    content = release.read(file)
    if content.strip():
        # NumPy's message does not always name the line; the loop below finds it.
        with contextlib.suppress(ValueError):
            signal = np.loadtxt(io.BytesIO(content), np.float32, comments=None, ndmin=2)
            if signal.shape[1] == WINDOW and np.isfinite(signal).all():
                return signal
    for line, words in _split_lines(release, file):
        if len(words) != WINDOW or not all(map(_is_finite, words)):
            raise _line_error(release, file, line, words, f"{WINDOW} finite numbers")
    raise DatasetFileError(
        f"{release.label(file)} is not a table of {WINDOW} numbers per line; give the file of the release"
    )


def _read_whole_numbers(release: Release, file: str, highest: int | None = None) -> np.ndarray:
    """Reads a file with one whole number, at least 1, in each line as an int32 array."""
    numbers = []
    for line, words in _split_lines(release, file):
        number = int(words[0]) if len(words) == 1 and words[0].isdigit() and len(words[0]) < 9 else 0
        if number < 1 or (highest is not None and number > highest):
            wanted = "a whole number of at least 1" if highest is None else f"a whole number from 1 to {highest}"
            raise _line_error(release, file, line, words, wanted)
        numbers.append(number)
    return np.array(numbers, np.int32)


def _split_lines(release: Release, file: str) -> list[tuple[int, list[bytes]]]:
    """Returns the line number and the words of every line that is not empty."""
    lines = enumerate(release.read(file).splitlines(), start=1)
    found = [(number, words) for number, line in lines if (words := line.split())]
    if not found:
        raise DatasetFileError(f"{release.label(file)} is empty; give a complete copy of the release")
    return found


def _check_length(release: Release, file: str, found: np.ndarray, other: str, expected: np.ndarray) -> None:
    if len(found) != len(expected):
        raise DatasetFileError(
            f"{release.label(file)} has {len(found)} lines, but {other} has {len(expected)}; give a complete copy of "
            "the release"
        )


def _line_error(release: Release, file: str, line: int, words: Sequence[bytes], wanted: str) -> DatasetFileError:
    odd = [word for word in words if not _is_finite(word)]
    found = repr(_decode(b" ".join(words))) if len(words) < 5 else f"{len(words)} words"
    if len(words) > 4 and odd:
        found += f", one of them {_decode(odd[0])!r}"
    return DatasetFileError(f"{release.label(file)}, line {line}: expected {wanted}, found {found}")


def _decode(word: bytes) -> str:
    """Decodes bytes of a file for a message."""
    return word[:60].decode("ascii", "backslashreplace")


def _is_finite(word: bytes) -> bool:
    try:
        with np.errstate(over="ignore"):
            return bool(np.isfinite(np.float32(word)))
    except ValueError:
        return False

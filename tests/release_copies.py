"""Small copies of data sets in the exact layout of their releases, with values from a seed."""

import io
import pathlib
import zipfile

import numpy as np
import scipy.io

ACTIVITIES = ("WALKING", "WALKING_UPSTAIRS", "WALKING_DOWNSTAIRS", "SITTING", "STANDING", "LAYING")
SIGNALS = [f"{signal}_{axis}" for signal in ("body_acc", "body_gyro", "total_acc") for axis in "xyz"]
GESTURE_LABELS = range(48, 58)
NULL_LABEL = 32


def write_uci_har(folder: pathlib.Path, windows: int = 12, seed: int = 0) -> dict[str, np.ndarray]:
    """Writes the tree of "UCI HAR Dataset" into `folder`; returns what its files hold, under x_, y_ and subject_."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    lines = "".join(f"{number} {name}\n" for number, name in enumerate(ACTIVITIES, start=1))
    (folder / "activity_labels.txt").write_text(lines)
    held = {}
    for part, users in (("train", (1, 3, 5)), ("test", (2, 4))):
        signals = folder / part / "Inertial Signals"
        signals.mkdir(parents=True)
        x = rng.normal(size=(windows, 128, len(SIGNALS)))
        y = np.arange(windows) % len(ACTIVITIES) + 1
        subject = np.sort(rng.choice(users, windows))
        for index, name in enumerate(SIGNALS):
            # Numbers of the release are 16 characters wide, with exponents of three digits.
            text = "\n".join("".join(f"{value:15.7e}" for value in row) for row in x[:, :, index])
            text = text.replace("e-", "e-0").replace("e+", "e+0")
            (signals / f"{name}_{part}.txt").write_text(text + "\n")
        np.savetxt(folder / part / f"y_{part}.txt", y, fmt="%d")
        np.savetxt(folder / part / f"subject_{part}.txt", subject, fmt="%d")
        held |= {f"x_{part}": x, f"y_{part}": y, f"subject_{part}": subject}
    return held


def skoda_table(repetitions: int = 4, length: int = 80, seed: int = 0) -> np.ndarray:
    """The table of right_classall_clean.mat: each gesture in turn, `repetitions` times, with null between them."""
    rng = np.random.default_rng(seed)
    labels = []
    for _ in range(repetitions):
        for label in GESTURE_LABELS:
            labels += [NULL_LABEL] * 70 + [label] * int(length + rng.integers(0, 40))
    labels += [NULL_LABEL] * 70
    table = np.zeros((len(labels), 71))
    table[:, 0] = labels
    for sensor, number in enumerate((1, 2, 14, 16, 18, 21, 22, 24, 27, 29)):
        first = 1 + 7 * sensor
        table[:, first] = number
        table[:, first + 1 : first + 4] = rng.normal(scale=1000, size=(len(labels), 3))
        table[:, first + 4 : first + 7] = rng.integers(0, 1024, size=(len(labels), 3))
    return table


def write_skoda(folder: pathlib.Path, **arguments: int) -> np.ndarray:
    """Writes right_classall_clean.mat into `folder`; returns its table."""
    folder.mkdir(parents=True)
    table = skoda_table(**arguments)
    scipy.io.savemat(folder / "right_classall_clean.mat", {"right_classall_clean": table}, do_compression=True)
    return table


def zipped(folder: pathlib.Path) -> bytes:
    """An archive of a folder, with its name and the shadow files that macOS adds."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                name = file.relative_to(folder.parent).as_posix()
                archive.write(file, name)
                archive.writestr(f"__MACOSX/{name}", b"\0")
    return buffer.getvalue()


def nested(name: str, content: bytes) -> bytes:
    """An archive with an archive in it, as UCI serves it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("UCI HAR Dataset.names", b"Human Activity Recognition Using Smartphones\n")
        archive.writestr(name, content)
    return buffer.getvalue()

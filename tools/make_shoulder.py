"""Makes src/tsnas/datasets/files/shoulder.npz and its licence from the PyPI package seglearn.

The recordings are stored as int16 with one scale per channel, which keeps them within half a scale step
(at most 0.0005 in the units of the data) at an eighth of the size. Run it from the repository root:

    python tools/make_shoulder.py
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

PACKAGE = "seglearn==1.2.5"
FILES = pathlib.Path(__file__).resolve().parents[1] / "src/tsnas/datasets/files"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", folder, PACKAGE], check=True)
        (wheel,) = pathlib.Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            source = archive.extract("seglearn/data/watch_dataset.npy", folder)
            licence = archive.read("seglearn-1.2.5.dist-info/LICENSE")
        data = np.load(source, allow_pickle=True).item()

    samples = np.concatenate(data["X"])
    scale = (np.abs(samples).max(axis=0) / np.iinfo(np.int16).max).astype(np.float32)
    stored = np.clip(np.round(samples / scale), -32767, 32767).astype(np.int16)
    error = np.abs(stored * scale - samples).max(axis=0)

    FILES.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        FILES / "shoulder.npz",
        samples=stored,
        scale=scale,
        lengths=np.array([len(recording) for recording in data["X"]], np.int32),
        y=np.array(data["y_labels"])[data["y"]],
        subject=data["subject"].astype(np.int32),
        channels=np.array(data["X_labels"]),
    )
    (FILES / "shoulder.LICENSE").write_bytes(licence)
    print(f"{(FILES / 'shoulder.npz').stat().st_size} bytes, largest rounding error per channel {error}")


if __name__ == "__main__":
    main()

"""Runs damaged .tflite files through all that reads them, in a process of its own: native code might crash it.

python native.py FOLDER    # every *.tflite in it; the name of the last one stands in FOLDER/last
"""

import contextlib
import io
import os
import pathlib
import resource
import shutil
import subprocess
import sys

import numpy as np

from tsnas.commands.main import run
from tsnas.errors import TsnasError
from tsnas.export import Firmware, export_model

# A declared size of gigabytes must not be taken at its word.
MEMORY_BYTES = 4 * 2**30
SECONDS_PER_FILE = 5


def tried(path: pathlib.Path, out: pathlib.Path) -> None:
    """Estimates, runs and exports a file; only errors of tsnas may come of it, and exit codes that are documented."""
    with contextlib.suppress(TsnasError):
        firmware = Firmware.of(path.read_bytes(), "nucleo_f446re")
        firmware.predict(np.zeros((2, *firmware.model.window_shape[:2]), np.float32))
        for format in ("c", "tflm"):
            with contextlib.suppress(TsnasError):
                export_model(firmware, out, format)
    for command in (["estimate", str(path), "--board=nucleo_f446re"], ["export", str(path), f"--out={out}"]):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = run(command)
        assert code in (0, 2), f"{command} ended with {code}"
    shutil.rmtree(out, ignore_errors=True)


def all_tried(files: list[bytes], folder: pathlib.Path) -> None:
    """Tries the files in another process; fails with the name of the one that ended it."""
    for index, content in enumerate(files):
        (folder / f"{index:05}.tflite").write_bytes(content)
    result = subprocess.run(
        [sys.executable, __file__, str(folder)],
        capture_output=True,
        text=True,
        timeout=60 + SECONDS_PER_FILE * len(files),
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    last = (folder / "last").read_text() if (folder / "last").exists() else "none"
    assert result.returncode == 0, f"exit code {result.returncode} at {folder / last}: {result.stderr[-3000:]}"
    assert result.stdout == f"{len(files)} files\n"


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    folder = pathlib.Path(sys.argv[1])
    paths = sorted(folder.glob("*.tflite"))
    for path in paths:
        (folder / "last").write_text(path.name)
        tried(path, folder / "out")
    print(f"{len(paths)} files")


if __name__ == "__main__":
    main()

"""What the real interpreter, TensorFlow Lite Micro built for this machine, says of a .tflite file."""

import re
import subprocess
import sys

import pytest


def allocations(tflite_file):
    """Head and tail bytes that the real interpreter, built for this machine, reports."""
    pytest.importorskip("tflite_micro", reason="the tflite_micro package has no build for this machine")
    code = (
        "import sys; from tflite_micro import runtime; "
        "runtime.Interpreter.from_bytes(open(sys.argv[1], 'rb').read()).print_allocations()"
    )
    done = subprocess.run([sys.executable, "-c", code, tflite_file], capture_output=True, text=True, check=True)
    return tuple(int(re.search(rf"allocation {part} (\d+) bytes", done.stderr)[1]) for part in ("head", "tail"))


def starts(tflite_file, arena_bytes):
    """Whether the real interpreter starts in an arena of this size."""
    code = (
        "import sys; from tflite_micro import runtime; "
        "runtime.Interpreter.from_bytes(open(sys.argv[1], 'rb').read(), arena_size=int(sys.argv[2]))"
    )
    return (
        subprocess.run([sys.executable, "-c", code, tflite_file, str(arena_bytes)], capture_output=True).returncode == 0
    )


# Category of TensorFlow Lite Micro's allocation records: bytes, and for how many of what.
CATEGORIES = {
    "head": r"allocation head (\d+) bytes",
    "tail": r"allocation tail (\d+) bytes",
    "eval_tensors": r"'TfLiteEvalTensor data' used (\d+) bytes",
    "nodes": r"'NodeAndRegistration struct' used (\d+) bytes",
    "op_data": r"'Persistent buffer data' used (\d+) bytes",
}
SEPARATOR = "next model"


def all_allocations(folder, tflites):
    """What `allocations` and more say of many files, from one process: a list of dicts of bytes by category."""
    pytest.importorskip("tflite_micro", reason="the tflite_micro package has no build for this machine")
    for index, tflite in enumerate(tflites):
        (folder / f"{index:04}.tflite").write_bytes(tflite)
    code = (
        "import pathlib, sys; from tflite_micro import runtime\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.tflite')):\n"
        f"    print('{SEPARATOR}', file=sys.stderr, flush=True)\n"
        "    runtime.Interpreter.from_bytes(path.read_bytes(), arena_size=4_000_000).print_allocations()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    reports = done.stderr.split(SEPARATOR)[1:]
    assert len(reports) == len(tflites)
    return [{name: int(re.search(line, text)[1]) for name, line in CATEGORIES.items()} for text in reports]

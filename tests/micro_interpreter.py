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

"""`import tsnas` and `tsnas --help` are quick, and load nothing that is not needed yet."""

import resource
import subprocess
import sys

import pytest

SLOW = ("tensorflow", "tf_keras", "keras", "keras_tuner", "sklearn", "scipy", "matplotlib", "pandas", "tensorboard")


def processor_seconds(code: str) -> float:
    """The least of five processes, so that what else the machine does counts little."""
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(seconds)


@pytest.mark.parametrize(
    ("code", "seconds"),
    [
        ("import tsnas", 0.3),
        ("from tsnas.commands.main import run; run(['--help'])", 0.5),
        ("from tsnas.commands.main import run; run(['search', '--help'])", 0.5),
    ],
)
def test_starts_quickly_without_slow_libraries(code, seconds):
    assert processor_seconds(code) < seconds
    loaded = f"{code}; import sys; sys.exit(bool(set({SLOW!r}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", loaded], stdout=subprocess.DEVNULL).returncode == 0

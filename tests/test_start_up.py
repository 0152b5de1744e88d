"""`import tsnas`, its help, and the commands that train nothing are quick, and load nothing that is not needed yet."""

import resource
import subprocess
import sys

import pytest
from random_architectures import random_architecture

from tsnas.tflite.graph_writer import graph_file
from tsnas.tflite.metadata import embed_metadata

# What trains, converts, plots or reads tables.
FRAMEWORKS = ("tensorflow", "tf_keras", "keras", "tensorflow_model_optimization", "keras_tuner")
SLOW = (*FRAMEWORKS, "sklearn", "pandas", "matplotlib", "tensorboard")
# scipy fits boards.
START = (*SLOW, "scipy")


def processor_seconds(code: str) -> float:
    """The least of five processes, so that what else the machine does counts little."""
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(seconds)


def loaded(code: str, names: tuple[str, ...], folder=None) -> list[str]:
    """Which of some modules a process has loaded after it has run `code`."""
    report = f"{code}; import sys; print(*[name for name in {names!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stderr.splitlines()[-1].split()


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
    assert loaded(code, START) == []


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    """A folder with model.tflite, the file of a small network with names and standardisation."""
    folder = tmp_path_factory.mktemp("model")
    network = random_architecture(0)
    known = {
        "classes": [f"class {i}" for i in range(network.classes)],
        "standardization": {"mean": [0.0] * network.channels, "std": [1.0] * network.channels},
        "board": "nucleo_f446re",
    }
    (folder / "model.tflite").write_bytes(embed_metadata(graph_file(network.graph()), known))
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        "estimate model.tflite --board=nucleo_f446re",
        "boards",
        "boards new --name=mine --core=cortex-m4 --clock_mhz=84 --ram_kb=96 --flash_kb=512",
        "export model.tflite --out=c",
        "export model.tflite --out=sketch --format=arduino",
        "export model.tflite --out=tflm --format=tflm",
    ],
)
def test_commands_that_train_nothing_load_no_framework(arguments, model_folder):
    code = f"from tsnas.commands.main import run; assert run({arguments.split()!r}) == 0"
    assert loaded(code, SLOW, model_folder) == []

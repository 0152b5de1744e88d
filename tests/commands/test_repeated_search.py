"""What a report gives to make its model again: command and Python code, run as they stand, give the same bytes."""

import json
import shlex

import numpy as np
import pytest

from tsnas.commands.main import run

# No seed: the one that is drawn must be in what the report gives.
SMALLEST = (
    "--max_latency_ms=2",
    "--epochs=1",
    "--qat_epochs=1",
    "--batch_size=32",
    "--finalists=1",
    "--noplain_rivals",
    "--verbose=0",
)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Folder of a model of a search without a seed, and of its windows."""
    folder = tmp_path_factory.mktemp("two words")
    x = np.random.default_rng(0).normal(size=(48, 16, 1)).astype(np.float32)
    np.savez(folder / "toy.npz", x_train=x, y_train=np.arange(48) % 2)
    given = [f"--data={folder / 'toy.npz'}", "--board=nucleo_f446re", f"--out={folder / 'out'}"]
    assert run(["search", *given, *SMALLEST]) == 0
    return folder


@pytest.fixture(scope="module")
def given(searched):
    return json.loads((searched / "out/report.json").read_text())["reproduce"]


def test_page_and_card_give_both(searched, given):
    card = (searched / "out/MODEL_CARD.md").read_text()
    assert f"```python\n{given['python']}\n```" in card
    assert f"```shell\n{given['command_line']}\n```" in card
    seed = json.loads((searched / "out/report.json").read_text())["seed"]
    assert f"seed={seed}" in given["python"]
    assert f"--seed={seed}" in given["command_line"]


def test_the_command_gives_the_same_bytes(searched, given):
    before = (searched / "out/model.tflite").read_bytes()
    (searched / "out/model.tflite").unlink()
    program, *arguments = shlex.split(given["command_line"])
    assert program == "tsnas"
    assert run(arguments) == 0
    assert (searched / "out/model.tflite").read_bytes() == before


@pytest.mark.long
def test_the_python_code_gives_the_same_bytes(searched, given):
    with np.load(searched / "toy.npz") as arrays:
        names = {"x": arrays["x_train"], "y": arrays["y_train"]}
    exec(given["python"], names)
    assert names["clf"].tflite_model_ == (searched / "out/model.tflite").read_bytes()

"""The first notebook: its cells run one after the other, its page shows them, and it is kept without outputs."""

import json
import os
import pathlib
import re
import sys

import pytest
from fitted import fitted

import tsnas
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
NOTEBOOK = REPOSITORY / "examples/first_model.ipynb"
sys.path.insert(0, str(REPOSITORY / "tools/site"))
import notebook_page  # noqa: E402

CELLS = json.loads(NOTEBOOK.read_text())["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]


def run(folder, monkeypatch):
    """The names that are there after the last cell."""
    monkeypatch.chdir(folder)
    names = {}
    for code in CODE:
        exec(code, names)
    return names


def assert_told(names, printed):
    assert printed.startswith("(600, 64, 3) float32 {'slow': 200, 'medium': 200, 'fast': 200}")
    assert "limit    10 ms of latency: kept" in printed
    assert len(re.findall(r"^(?:float|int8): accuracy \d\.\d{3}", printed, re.MULTILINE)) == 2
    assert "\nTrue\n" in printed
    assert re.search(r"[\d,]+ bytes  model\.tflite", printed)
    assert pathlib.Path("runs/first/report.html").is_file()
    assert pathlib.Path("runs/first/firmware/model.tflite").read_bytes() == names["clf"].tflite_model_


def test_every_cell_runs(tmp_path, monkeypatch, capsys):
    """All but the training: the network has random weights."""
    net = Architecture(64, 3, 3, (TimeReduce(3, 8), SensorFusion(16, (3, 5), 8, True, stride=3)))

    def fit(self, x, y, groups=None):
        assert x.shape == (480, 64, 3)
        assert len(y) == len(groups) == len(x)
        limits = {"max_latency_ms": self.max_latency_ms, "max_ram_kb": self.max_ram_kb}
        self._set_model(fitted(net, labels=["fast", "medium", "slow"], **limits).model_)
        return self

    monkeypatch.setattr(tsnas.AutoClassifier, "fit", fit)
    assert_told(run(tmp_path, monkeypatch), capsys.readouterr().out)


@pytest.mark.long
def test_it_finds_a_model(tmp_path, monkeypatch, capsys):
    names = run(tmp_path, monkeypatch)
    assert_told(names, capsys.readouterr().out)
    assert names["clf"].evaluate(names["x"][names["test"]], names["y"][names["test"]])["int8"]["accuracy"] > 0.6


def test_it_is_kept_without_outputs():
    for cell in CELLS:
        if cell["cell_type"] == "code":
            assert not cell["outputs"]
            assert cell["execution_count"] is None


def test_the_page_has_every_cell(monkeypatch):
    monkeypatch.delenv(notebook_page.RUN, raising=False)
    page = notebook_page.text(NOTEBOOK)
    assert page.startswith("# First notebook\n\nThis page is a notebook")
    for code in CODE:
        assert f"```python\n{code}\n```" in page
    for cell in CELLS[1:]:
        if cell["cell_type"] == "markdown":
            assert "".join(cell["source"]) in page


def test_the_build_runs_it(tmp_path, monkeypatch):
    pytest.importorskip("nbclient", reason="notebooks are run with the extra docs")
    pytest.importorskip("ipykernel", reason="notebooks are run with the extra docs")
    notebook = json.loads(NOTEBOOK.read_text())
    notebook["cells"] = [
        {**CELLS[0], "source": "# Title\n\nText."},
        {**CELLS[2], "cell_type": "code", "outputs": [], "execution_count": None, "source": "print(6 * 7)\n[6] * 2"},
    ]
    (tmp_path / "small.ipynb").write_text(json.dumps(notebook))
    monkeypatch.setitem(os.environ, notebook_page.RUN, "1")
    assert "```python\nprint(6 * 7)\n[6] * 2\n```\n\n```text\n42\n[6, 6]\n```" in notebook_page.text(
        tmp_path / "small.ipynb"
    )

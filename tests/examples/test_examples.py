"""Every example runs in its short form, and says what it is there to say; most of them do with the long tests.

They share one start of TensorFlow: each is imported and its main called, as absl's app.run does. That they are scripts
as well is tried with the help of one.
"""

import contextlib
import csv
import functools
import importlib.util
import json
import pathlib
import re
import subprocess
import sys

import pytest
import tensorflow as tf
from absl import flags

import tsnas
from tsnas.job import selection
from tsnas.pareto import work
from tsnas.search import rounds
from tsnas.search.evolution import EvolutionConfig

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py") if "app.run(main)" in path.read_text())
# What runs functions eagerly says that it cannot do so for the reading of data.
pytestmark = pytest.mark.filterwarnings("ignore:Even though the:UserWarning")


@contextlib.contextmanager
def flags_of(path, *arguments):
    """The module of a script with its flags given; they are gone afterwards, because scripts share their names.

    Those of benchmarks that other tests have imported into this process are put aside meanwhile.
    """
    definers = {name: flags.FLAGS.find_module_defining_flag(name, "") for name in flags.FLAGS}
    aside = {name: flags.FLAGS[name] for name, module in definers.items() if module.startswith("benchmarks.")}
    flags.FLAGS.remove_flag_values(aside)
    known = set(flags.FLAGS)
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        flags.FLAGS([path.name, *arguments])
        yield module
    finally:
        for name in set(flags.FLAGS) - known:
            delattr(flags.FLAGS, name)
        for name, flag in aside.items():
            flags.FLAGS[name] = flag
            flags.FLAGS.register_flag_by_module(definers[name], flag)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs an example in a folder of its own and returns what it has printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(EXAMPLES)
    # Short trainings of contests have so many steps whatever the settings say.
    for name in ("FIRST_STEPS", "SECOND_STEPS"):
        monkeypatch.setattr(rounds, name, 2)
    # So has a population of an evolution so many networks.
    small = functools.partial(EvolutionConfig, population=8, generations=1, last_generations=1)
    for module in (selection, work):
        monkeypatch.setattr(module, "EvolutionConfig", small)
    # For so few steps a graph takes longer to build than it saves.
    tf.config.run_functions_eagerly(True)

    def run(name, *arguments):
        with flags_of(EXAMPLES / f"{name}.py", *arguments) as module:
            module.main([name])
        return capsys.readouterr().out

    yield run
    tf.config.run_functions_eagerly(False)


def test_quickstart(run):
    printed = run("quickstart", "--quick", "--max_latency_ms=12")
    assert "limit    12.0 ms of latency: kept" in printed
    assert "after loading, its predictions are the same." in printed
    assert pathlib.Path("runs/quickstart/report.html").is_file()
    assert tsnas.load("runs/quickstart").latency_ms_ <= 12


@pytest.mark.long
def test_own_csv(run):
    printed = run("own_csv", "--quick")
    # One of the 18 made files has a gap, which makes two recordings of it, and a lost sample.
    assert "RecordingSet(19 recordings, 6 channels, 50 Hz, 3 classes, 6 groups)" in printed
    assert "Missing values, interpolated: 6 (walk/user1_01.csv)." in printed
    assert printed.count(" of 30 classified as ") == 3
    assert tsnas.load("runs/own_csv/model").signal_.window == 128
    # The same files as a user would give them.
    printed = run("own_csv", "--quick", "--csv=runs/own_csv/csv", "--test_user=user2", "--out=other")
    assert "Windows of user2:" in printed
    assert not pathlib.Path("other/csv").exists()


def test_own_board_from_a_relative(run):
    printed = run("own_board")
    assert "from a relative" in printed
    assert "by the probe" not in printed
    board = tsnas.load_board("runs/own_board/relative.json")
    assert (board.name, board.clock_hz, board.ram_bytes) == ("my_board", 84e6, 96 * 1024)


@pytest.mark.long
@pytest.mark.emulated
def test_own_board_by_the_probe(run):
    printed = run("own_board", "--port=emulated:cortex-m4", "--count=12")
    assert "12 operators on emulated, counter=instructions" in printed
    assert "by the probe" in printed
    assert "emulated cortex-m4" in json.loads(pathlib.Path("runs/own_board/counted.json").read_text())["source"]


@pytest.mark.long
def test_custom_space(run):
    printed = run("custom_space", "--quick")
    rows = {line.split()[0]: line.split()[1:] for line in printed.splitlines() if len(line.split()) == 4}
    least = {name: [float(value) for value in rows[name]] for name in ("tsnas", "micronas", "custom")}
    assert all(custom < named for custom, named in zip(least["custom"], least["tsnas"], strict=True))
    assert "macro-F1" in printed


@pytest.mark.long
def test_custom_cell(run):
    printed = run("custom_cell", "--quick")
    (first, *_) = printed.splitlines()
    filters, kernel = (
        int(part) for part in first.removeprefix("Time-Reduce: ").split(", 1)")[0].split(" filters of (")
    )
    assert kernel * filters <= 32
    assert "of the validation windows classified correctly" in printed


@pytest.mark.long
def test_sweep(run):
    printed = run("sweep", "--quick", "--max_latency_ms=8")
    assert pathlib.Path("runs/sweep/front.png").stat().st_size > 1000
    assert {point.board for point in tsnas.ParetoSearch.read("runs/sweep").points_} == {
        "nucleo_f446re",
        "nucleo_l552ze_q",
    }
    assert "Within 8 ms on nucleo_l552ze_q" in printed


@pytest.mark.long
def test_signal_search(run):
    printed = run("signal_search", "--quick")
    assert "Chosen: Signal(" in printed
    assert printed.count("windows correct") == 3
    assert tsnas.load("runs/signal").signal_ is not None


@pytest.mark.long
def test_streaming_firmware(run):
    printed = run("streaming_firmware", "--quick")
    # 40 s at 50 Hz, halved: 1,000 samples of the model, so 30 windows of 64, one for each 32.
    assert printed.count("30 classes from C, 0 differ from Python") == 3


@pytest.mark.long
def test_callbacks(run):
    printed = run("callbacks", "--quick")
    assert printed.count("epoch") == 3 + 1
    with open("runs/callbacks/search.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert all(float(row["expected_latency_ms"]) > 0 for row in rows)
    assert list(pathlib.Path("runs/callbacks").glob("events.out.tfevents.*"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_flags_of_a_script_are_known(name, monkeypatch):
    """Those that it is run with here; what it imports is there as well."""
    monkeypatch.syspath_prepend(EXAMPLES)
    calls = re.findall(rf'run\("{name}"(.*)\)', pathlib.Path(__file__).read_text())
    given = [flag for call in calls for flag in re.findall(r'"(--[^"]+)"', call)]
    assert calls
    with flags_of(EXAMPLES / f"{name}.py", *given) as module:
        assert callable(module.main)


def test_they_are_scripts():
    command = [sys.executable, str(EXAMPLES / "quickstart.py"), "--help"]
    helped = subprocess.run(command, capture_output=True, text=True)
    assert helped.returncode == 1, "absl's help ends with 1"
    assert "python examples/quickstart.py --out=" in helped.stdout
    for name in SCRIPTS:
        assert f"    python examples/{name}.py" in (EXAMPLES / f"{name}.py").read_text().partition('"""\n\n')[0], name


def test_every_example_is_run_here_and_listed():
    own, page = pathlib.Path(__file__).read_text(), (EXAMPLES.parent / "docs/examples.md").read_text()
    assert len(SCRIPTS) >= 9
    for name in SCRIPTS:
        assert f'run("{name}"' in own, name
        assert f"(../examples/{name}.py)" in page, name

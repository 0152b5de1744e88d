"""The paper's evaluation: a run in a process of its own, what is run twice, and the page that is made of results."""

import json
import pathlib
import shutil

import numpy as np
import pytest

from benchmarks import engine
from benchmarks.engine import Run
from benchmarks.paper import page, plan, protocols
from tsnas.datasets import load_npz

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    """A file as UCI-HAR's: windows of six kinds of tones, of users."""
    random = np.random.default_rng(0)
    count = 6 * 8 * protocols.THINNED
    y = np.arange(count) % 6
    tones = np.sin(np.outer(y + 1, np.arange(128)) * 2 * np.pi / 128)
    x = (random.normal(size=(count, 128, 9)) * 0.1 + tones[..., np.newaxis]).astype(np.float32)
    # One of twelve windows is used in quick runs: all labels are to be among them.
    y, x = np.repeat(y[: count // 12], 12), np.repeat(x[: count // 12], 12, axis=0)
    users = np.repeat(np.arange(count // 48), 48)
    half = count // 2
    path = tmp_path_factory.mktemp("data") / "windows.npz"
    np.savez(
        path,
        x_train=x[:half],
        y_train=y[:half],
        subject_train=users[:half],
        x_test=x[half:],
        y_test=y[half:],
        subject_test=users[half:],
    )
    return str(path)


@pytest.fixture(scope="module")
def finished(windows, tmp_path_factory):
    """A folder with the results of one row of table 2, run quickly."""
    folder = tmp_path_factory.mktemp("results")
    runs = [run for run in plan.table2() if run.seed == 0][:1]
    failed = engine.run_all(
        runs, {"uci_har": windows, "skoda": None}, str(folder / "runs.json"), 1, True, "benchmarks.paper"
    )
    assert failed == []
    return folder


@pytest.mark.long
def test_a_run_keeps_the_limits_of_its_row_and_is_not_run_again(finished, windows, capsys):
    (result,) = engine.read_results(finished / "runs.json")
    run = Run.of(result)
    assert run == plan.table2()[0]
    assert result["inside_limits"]
    assert result["latency_ms"] <= run.max_latency_ms
    assert result["ram_bytes"] <= run.max_ram_kb * 1024
    assert 0 <= result["test"]["int8"]["macro_f1"] <= 1
    before = (finished / "runs.json").read_bytes()
    engine.run_all([run], {"uci_har": windows, "skoda": None}, str(finished / "runs.json"), 1, True, "benchmarks.paper")
    assert "1 runs are in" in capsys.readouterr().out
    assert (finished / "runs.json").read_bytes() == before


@pytest.mark.long
def test_a_failed_run_is_told_and_stops_no_other(windows, tmp_path):
    nowhere = Run(0.001, 64.0, 0)
    by_hand = Run(None, None, 0, strategy=engine.BY_HAND, net="4, 8 | 24, 32")
    out = tmp_path / "runs.json"
    failed = engine.run_all(
        [nowhere, by_hand], {"uci_har": windows, "skoda": None}, str(out), 1, True, "benchmarks.search"
    )
    assert len(failed) == 1
    assert "InfeasibleError" in failed[0]
    assert [result["net"] for result in engine.read_results(out)] == ["4, 8 | 24, 32"]


@pytest.mark.long
def test_page_sets_the_paper_beside_what_was_run(finished, tmp_path):
    page.write(finished, tmp_path)
    text = (tmp_path / "paper.md").read_text()
    (result,) = engine.read_results(finished / "runs.json")
    assert "| MicroNAS 1, paper | `nucleo_f446re` | 14.45 | 11,520 | 90.21 | 91.85 | 92.66 | 92.07 |" in text
    assert f"| {result['latency_ms']:.2f} | {result['ram_bytes']:,} |" in text
    assert f"{result['test']['int8']['macro_f1'] * 100:.2f}" in text
    assert "1 of " in text


def test_page_of_the_documentation_is_what_the_results_say(tmp_path):
    """Nobody edits it by hand, and nobody forgets to make it again."""
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copy(ROOT / "README.md", tmp_path / "README.md")
    page.write(ROOT / "benchmarks/results", docs)
    assert (docs / "paper.md").read_text() == (ROOT / "docs/paper.md").read_text()
    assert (tmp_path / "README.md").read_text() == (ROOT / "README.md").read_text()


def test_rows_are_of_the_defaults_but_for_those_that_say_otherwise():
    of_the_default = [*plan.table2(), *plan.figure8(), *plan.figure10(), *plan.random_windows()]
    of_the_default += [*plan.table1(), *plan.figure9()]
    assert {run.strategy for run in of_the_default} == {engine.DEFAULT}
    assert {run.strategy for run in plan.evolution()} == {"evolution"}
    assert {run.strategy for run in plan.baselines()} == set(plan.BASELINES)
    names = [row["name"] for row in page.table2({})]
    assert names[:4] == ["MicroNAS 1, paper", "tsnas", "tsnas, evolution", "paper's search and space, run again"]
    assert names[-4:] == ["DARTS-Softmax, paper", "DARTS-Softmax, tsnas", "DARTS-Gumbel, paper", "DARTS-Gumbel, tsnas"]


def test_seeds_of_a_row_are_means_with_their_spread():
    runs = [Run(10.0, 64.0, seed) for seed in plan.SEEDS]
    scores = (0.95, 0.97, 0.96)
    results = {
        run: {
            "latency_ms": 9.0 + run.seed,
            "ram_bytes": 5000,
            "minutes": 4.0,
            "test": {kind: {"accuracy": score, "macro_f1": score} for kind in ("float", "int8")},
        }
        for run, score in zip(runs, scores, strict=True)
    }
    ((common, own),) = page.grouped(runs, results).items()
    assert common == runs[0]
    shown = page.cells(own)
    assert shown["f1_int8"] == "96.00 ± 1.00"
    assert shown["latency"] == "9.00 to 11.00"


def test_drops_beyond_both_spreads_are_named():
    def row(limit, scores):
        own = [{"test": {"int8": {"macro_f1": score}}} for score in scores]
        return {"board": "b", "limit": limit, "own": own}

    rows = [row(6.0, (0.95, 0.951)), row(12.0, (0.949, 0.952)), row(22.0, (0.90, 0.901))]
    assert page.drops(rows, "ms") == ["22 ms on `b`"]


def test_random_windows_mix_users_and_the_official_split_does_not(windows):
    sources = {"uci_har": windows, "skoda": None}
    official, mixed = (protocols.load(name, sources) for name in (protocols.USERS, protocols.RANDOM_WINDOWS))
    assert not set(official.groups_train) & set(official.groups_test)
    assert mixed.groups_train is None
    everything = load_npz(windows)
    assert len(mixed.x_train) + len(mixed.x_test) == len(everything.x_train) + len(everything.x_test)
    share = len(mixed.x_test) / (len(mixed.x_train) + len(mixed.x_test))
    assert share == pytest.approx(protocols.TEST_SHARE, abs=0.01)
    assert np.bincount(mixed.y_test).tolist() == [
        len(mixed.y_test) // 6 + (i < len(mixed.y_test) % 6) for i in range(6)
    ]


def test_only_the_longer_protocol_and_synthetic_signals_set_anything_beside_the_defaults(windows):
    sources = {"uci_har": windows, "skoda": None}
    longer, mixed = (protocols.load(name, sources) for name in (protocols.RANDOM_LONGER, protocols.RANDOM_WINDOWS))
    np.testing.assert_array_equal(longer.x_test, mixed.x_test)
    assert protocols.settings(protocols.RANDOM_LONGER) == {"epochs": 90, "axes": ()}
    assert protocols.settings(protocols.SKODA_SYNTHETIC) == {"epochs": 1, "qat_epochs": 1}
    assert protocols.settings(protocols.SKODA) == protocols.settings(protocols.USERS) == {}
    assert protocols.settings(protocols.USERS) == protocols.settings(protocols.RANDOM_WINDOWS) == {}


def test_synthetic_signals_have_the_shape_of_skoda_and_no_scores(tmp_path):
    data = protocols.load(protocols.SKODA_SYNTHETIC, {"uci_har": None, "skoda": None})
    assert data.x_train.shape[1:] == (64, 30)
    assert set(data.y_train) == set(range(10))
    runs = plan.table1()
    assert {run.protocol for run in runs} == {protocols.SKODA_SYNTHETIC}
    assert "not run" in json.dumps(page.cells([]))

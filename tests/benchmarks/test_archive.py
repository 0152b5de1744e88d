"""Many sets: what is run, what a killed study does not run again, and the page that rows become; nothing is trained."""

import dataclasses
import functools
import json
import pathlib
import re
import shutil

import numpy as np
import pytest

from benchmarks.archive import __main__ as command
from benchmarks.archive import engine, methods, page, sets
from benchmarks.archive.methods import METHODS, settings_of
from benchmarks.archive.run import Run, fingerprint, is_stale
from tsnas.errors import DatasetFileError

ROOT = pathlib.Path(__file__).parents[2]
SETTINGS = {method: settings_of(method, 300) for method in METHODS}


def row_of(run, accuracy=0.75, settings=SETTINGS, **more):
    """A row as a run would give it."""
    scores = {"accuracy": accuracy, "macro_f1": accuracy - 0.01}
    ours = METHODS[run.method].on_board
    costs = {"latency_ms": 30.0, "ram_kb": 20.0, "flash_kb": 40.0, "used": 0.75, "plain_scores": None} if ours else {}
    return (
        dataclasses.asdict(run)
        | {"date": "2026-01-02", "windows": 30, "test_windows": 60, "length": 128, "channels": 1, "classes": 3}
        | {"settings": settings[run.method], "cpu_seconds": 2.0, "wall_seconds": 1.0}
        | {"test": {"float": scores} | ({"int8": scores} if ours else {})}
        | fingerprint(METHODS[run.method].packages)
        | costs
        | more
    )


@functools.cache
def plan(methods=("tsnas", "forest"), seeds=(0, 1)):
    return command.plan(("CBF", "Trace"), methods, ((40.0, 64.0), (120.0, 96.0)), seeds, "nucleo_f446re")


@pytest.fixture
def here(monkeypatch):
    """Calls in this process, one after the other."""

    def call_each(function, items, processes):
        for item in items:
            try:
                yield item, function(item), None
            except ValueError as error:
                yield item, None, str(error)

    monkeypatch.setattr(engine, "call_each", call_each)


def test_methods_without_limits_are_run_once_for_each_seed():
    runs = plan()
    assert len(runs) == len(set(runs)) == 2 * 2 * (2 + 1)
    assert sum(run.method == "forest" for run in runs) == 4
    assert all((run.board is None) == (run.method == "forest") for run in runs)
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)


def test_rows_are_written_at_once_and_none_is_run_again(tmp_path, here):
    """A study that is killed in its third run has two rows, and goes on with the third."""
    out, runs, called = tmp_path / "archive.json", plan(), []

    def execute(job):
        if len(called) == 2:
            raise KeyboardInterrupt
        called.append(job[0])
        return row_of(job[0])

    with pytest.raises(KeyboardInterrupt):
        engine.run_missing(runs, SETTINGS, execute, out, jobs=1)
    assert [Run.of(row) for row in engine.read_rows(out)] == runs[:2]

    def go_on(job):
        called.append(job[0])
        return row_of(job[0])

    assert engine.run_missing(runs, SETTINGS, go_on, out, jobs=1) == []
    assert called == runs
    before = out.read_bytes()
    assert engine.run_missing(runs, SETTINGS, go_on, out, jobs=1) == []
    assert (called, out.read_bytes()) == (runs, before)
    record = json.loads(before)
    assert {"command", "machine", "versions"} <= record.keys()
    assert list(tmp_path.iterdir()) == [out]


def test_a_new_row_takes_the_place_of_the_one_with_other_settings(tmp_path, here):
    out, run = tmp_path / "archive.json", Run("CBF", "lite", 0)
    short = {"lite": settings_of("lite", 2)}
    engine.run_missing([run], short, lambda job: row_of(run, 0.5, short), out, jobs=1)
    engine.run_missing([run], SETTINGS, lambda job: row_of(run, 0.9), out, jobs=1)
    (row,) = engine.read_rows(out)
    assert (row["settings"], row["test"]["float"]["accuracy"]) == (SETTINGS["lite"], 0.9)


def test_rows_of_another_version_or_commit_are_run_again_if_asked():
    run = Run("CBF", "forest", 0)
    same, older = row_of(run), row_of(run, versions={"scikit-learn": "0.1", "numpy": "1.0"})
    assert engine.missing([run], SETTINGS, [same], fresh=True) == []
    assert engine.missing([run], SETTINGS, [older]) == []
    assert engine.missing([run], SETTINGS, [older], fresh=True) == [run]


def test_what_is_unknown_makes_no_row_stale():
    row = {"versions": {"tsnas": "1", "aeon": "1.6.0"}, "commit": "abc"}
    now = {"versions": {"tsnas": "1", "aeon": None}, "commit": None}
    assert not is_stale(row, now)
    assert is_stale(row, now | {"commit": "def"})
    assert is_stale(row, now | {"versions": {"tsnas": "2"}})
    assert is_stale(row, now | {"versions": {"tsnas": "1", "numpy": "2"}})


def test_only_methods_that_run_its_code_depend_on_the_sources_of_tsnas():
    ours, other = fingerprint(METHODS["tsnas"].packages), fingerprint(METHODS["minirocket"].packages)
    assert other["commit"] is None
    assert ours["commit"] is None or re.fullmatch(r"[0-9a-f]{7,}\+?", ours["commit"])
    assert fingerprint(["a-package-that-nobody-has"])["versions"] == {"a-package-that-nobody-has": None}


def test_a_run_that_fails_has_no_row_and_stops_no_other(tmp_path, here, capsys):
    out, runs = tmp_path / "archive.json", [Run(name, "forest", 0) for name in ("Bad", "CBF")]

    def execute(job):
        if job[0] == runs[0]:
            raise ValueError("this set cannot be used")
        return row_of(job[0])

    assert engine.run_missing(runs, SETTINGS, execute, out, jobs=1) == [f"{runs[0]}\nthis set cannot be used"]
    assert [Run.of(row) for row in engine.read_rows(out)] == runs[1:]
    assert "this set cannot be used" in capsys.readouterr().err
    assert engine.missing(runs, SETTINGS, engine.read_rows(out)) == runs[:1]


def test_a_row_says_what_it_is_of(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    path = str(tmp_path / "Tones.npz")
    arrays = {f"x_{part}": rng.normal(size=(12, 20)) for part in ("train", "test")}
    np.savez(path, **arrays, y_train=np.arange(12) % 3, y_test=np.arange(12) % 3)
    run = Run("Tones", "forest", 0)
    row = engine.execute((run, {"trees": 3}), {"Tones": path})
    assert Run.of(row) == run
    assert [row[name] for name in ("windows", "test_windows", "length", "channels", "classes")] == [12, 12, 20, 1, 3]
    assert row["settings"] == {"trees": 3}
    assert 0 <= row["test"]["float"]["accuracy"] <= 1
    assert row["cpu_seconds"] >= 0
    assert json.loads(json.dumps(row)) == row


def test_sets_are_those_that_are_there(tmp_path):
    for name in ("Zeta", "Alpha"):
        np.savez(tmp_path / f"{name}.npz", x_train=np.zeros((2, 4)), y_train=np.arange(2))
    found = sets.find_sets(str(tmp_path), str(tmp_path / "none.npz"))
    assert list(found) == ["Alpha", "Zeta", sets.SHOULDER]
    assert sets.find_sets(str(tmp_path / "nowhere"), str(tmp_path / "Zeta.npz")).keys() == {"shoulder", "UCI-HAR"}
    with pytest.raises(DatasetFileError, match="has no x_test and y_test"):
        sets.load_set(found["Alpha"])
    shoulder = sets.load_set(found[sets.SHOULDER])
    assert not set(shoulder.groups_train) & set(shoulder.groups_test)


def test_sets_of_the_archive_have_their_official_split(shared_dir):
    found = sets.find_sets(str(shared_dir / "data/ucr"), str(shared_dir / "data/uci_har.npz"))
    assert len(found) >= 17
    data = sets.load_set(found["CBF"])
    assert (data.x_train.shape, data.x_test.shape) == ((30, 128, 1), (900, 128, 1))
    assert not set(sets.load_set(found[sets.UCI_HAR]).groups_train) & {2, 4, 9, 10, 12, 13, 18, 20, 24}


def test_a_missing_aeon_names_the_extra(monkeypatch):
    monkeypatch.setattr(methods.importlib.util, "find_spec", lambda name: None)
    methods.check_installed(["forest", "tsnas"])
    with pytest.raises(SystemExit, match=r"minirocket and lite need .* aeon.*pip install 'tsnas\[benchmarks\]'"):
        methods.check_installed(["minirocket", "forest", "lite", "lite"])


def study():
    """Rows of a finished study of four sets, in which more draws and an evolution are level with tsnas."""
    names = ("CBF", "Trace", "shoulder", "UCI-HAR")
    runs = command.plan(names, tuple(METHODS), ((40.0, 64.0),), (0, 1), "nucleo_f446re")
    base = {"tsnas": 0.9, "tsnas_evolution": 0.9, "tsnas_draws": 0.9, "forest": 0.7, "minirocket": 0.95, "lite": 0.9}
    return [row_of(run, base[run.method] + 0.02 * run.seed, commit=None) for run in runs]


def test_page_has_a_line_for_each_set_and_each_method():
    text = page.page(study())
    assert "| CBF | 30, 128 × 1, 3 | 0.910 ± 0.014 | 0.910 ± 0.014 | 0.910 ± 0.014 | 0.710 ± 0.014 |" in text  # noqa: RUF001
    assert "| tsnas | 2 | 0.910 | 0.900 | 3.50 |  | 2.0 |" in text
    assert "| 14 draws | 2 | 0.910 | 0.900 | 3.50 | 0 / 4 / 0 | 2.0 |" in text
    assert "| forest | 2 | 0.710 | 0.700 | 6.00 | 4 / 0 / 0 | 2.0 |" in text
    assert "| MiniRocket | 2 | 0.960 | 0.950 | 1.00 | 0 / 0 / 4 | 2.0 |" in text
    assert "No difference between evolution and 14 draws on 4 sets" in text
    assert "No difference between tsnas and evolution on 4 sets" in text
    assert "less accurate than its float model" in text
    assert "trained for 300 epochs" in " ".join(text.split())


def test_page_of_a_part_of_a_study():
    """Rivals alone are compared with each other, and what was not run is left empty."""
    alone = page.page([row for row in study() if row["method"] in ("forest", "minirocket")])
    assert "## Without limits" in alone
    assert "| MiniRocket | 2 | 0.960 | 0.950 | 1.00 |  | 2.0 |" in alone
    some = page.page([row for row in study() if row["method"] != "forest" or row["set"] == "CBF"])
    assert re.search(r"\| Trace \| [^|]+\|( 0.910 ± 0.014 \|){3}  \|", some)
    assert "Over 4 sets; a method that was run on some" in some


def test_a_method_that_was_run_on_some_sets_alone_has_no_rank_and_takes_none_away():
    rows = [row for row in study() if not (row["method"] == "lite" and row["set"] == study()[0]["set"])]
    scores = page.tables.means_of(page.tables.scores_by_set(page.compared(rows, page.limits_of(rows)[0])))
    everyone = [method for method in methods.METHODS if any(method in of_set for of_set in scores.values())]
    assert page.ranked(scores, everyone) == [method for method in everyone if method != "lite"]
    part = page.section(rows, page.limits_of(rows)[0])
    assert part["complete"] == len(scores)
    lines = {line[0]: line for line in part["methods"]}
    assert lines["LITE"][2:5] == ["", "", ""]
    assert "/" in lines["LITE"][5]
    assert all(lines[name][4] for name in ("tsnas", "forest", "MiniRocket"))
    assert "LITE" not in page.summary(rows)


def test_summary_stands_between_its_markers():
    before = f"# Benchmarks\n\n{page.SUMMARY_START}old{page.SUMMARY_END}\n\nmore\n"
    assert page.with_summary(before, []) == before.replace("old", page.NOT_RUN)
    found = page.with_summary(before, study())
    assert "MiniRocket 0.960 (rank 1.00)" in found
    assert "40 ms, 64 KB, on 4 sets" in found
    assert page.with_summary(found, study()) == found
    assert found.endswith(f"{page.SUMMARY_END}\n\nmore\n")


def test_pages_of_the_documentation_are_what_the_results_say(tmp_path):
    """Nobody edits them by hand, and nobody forgets to make them again."""
    shutil.copy(ROOT / "docs" / page.SUMMARY_PAGE, tmp_path)
    names = page.write(engine.read_rows(ROOT / "benchmarks/results/archive.json"), tmp_path)
    assert names == ["archive.md", page.SUMMARY_PAGE]
    for name in names:
        assert (tmp_path / name).read_text() == (ROOT / "docs" / name).read_text()

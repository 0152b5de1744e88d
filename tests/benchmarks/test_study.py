"""A study runs what its file lacks, keeps each case as soon as it is there, and says what was found."""

import json
import pathlib

import pytest

from benchmarks.series_sets import cases
from benchmarks.study import complete

PATHS = [pathlib.Path(name) for name in ("first.npz", "second.npz")]
CASES = [(path, {"set": path.stem, "seed": 0}) for path in PATHS]


@pytest.fixture
def out(tmp_path):
    return str(tmp_path / "study.json")


def test_what_a_file_has_is_not_run_again(out, capsys):
    asked = []

    def run(path, case, missing):
        asked.append((path.stem, missing))
        return [case | {"steps": steps, "accuracy": 0.5} for steps in missing]

    complete(out, "benchmarks.study", CASES[:1], run, "steps", [1, 2])
    found = complete(out, "benchmarks.study", CASES, run, "steps", [1, 2, 3], draws=4)
    assert asked == [("first", [1, 2]), ("first", [3]), ("second", [1, 2, 3])]
    assert [(row["set"], row["steps"]) for row in found] == [
        (stem, n) for stem in ("first", "second") for n in (1, 2, 3)
    ]
    content = json.loads(pathlib.Path(out).read_text())
    assert content["results"] == found
    assert content["draws"] == 4
    assert content["command"].startswith("python -m benchmarks.study")
    assert capsys.readouterr().out.count("accuracy") == 6


def test_a_case_without_a_column_is_run_as_a_whole_and_one_without_results_leaves_none(out):
    asked = []

    def run(path, case):
        asked.append(path.stem)
        return [case | {"fold": fold} for fold in range(2)] if path.stem == "first" else []

    for _ in range(2):
        found = complete(out, "benchmarks.study", CASES, run)
    assert asked == ["first", "second", "second"]
    assert [row["fold"] for row in found] == [0, 1]


def test_what_was_found_before_an_error_stays(out):
    def run(path, case):
        if path.stem == "second":
            raise ZeroDivisionError
        return [case]

    with pytest.raises(ZeroDivisionError):
        complete(out, "benchmarks.study", CASES, run)
    assert json.loads(pathlib.Path(out).read_text())["results"] == [CASES[0][1]]


def test_cases_are_all_sets_of_a_seed_then_of_the_next(tmp_path):
    for path in PATHS:
        (tmp_path / path).touch()
    found = cases(["study"], str(tmp_path), None, ["0", "5"], few=True)
    keys = [{"set": stem, "seed": seed, "few": True} for seed in (0, 5) for stem in ("first", "second")]
    assert [case for _, case in found] == keys
    assert found[1][0] == tmp_path / "second.npz"

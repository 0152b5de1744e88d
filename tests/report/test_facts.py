"""Facts of a report: they agree with the estimate, with scikit-learn, and with each other, whatever the classifier."""

import json

import numpy as np
import pytest
from fitted import LARGE, SMALL, TINY, fitted, windows
from sklearn.metrics import confusion_matrix, f1_score

import tsnas
from tsnas import errors
from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_tflite
from tsnas.export.stream import buffer_bytes
from tsnas.model.scores import held_out_facts
from tsnas.report import wording
from tsnas.report.charts import contest_chart
from tsnas.report.costs import memory_facts
from tsnas.report.facts import collect
from tsnas.space.architecture import Architecture, TimeConv
from tsnas.tflite.graph_writer import graph_file


def test_costs_are_those_of_the_estimate():
    clf = fitted(max_latency_ms=30.0, max_ram_kb=8)
    facts = collect(clf.model_, clf)
    assert sum(row["latency_ms"] for row in facts["layers"]) == pytest.approx(clf.latency_ms_)
    assert len(facts["layers"]) == len(clf.estimate_.rows)
    named = {row["cost"]: row for row in facts["limits"]} if "cost" in facts["limits"][0] else facts["limits"]
    assert len(named) >= 3
    assert facts["stream"]["buffer_bytes"] == buffer_bytes(SMALL.time, SMALL.channels)
    assert facts["stream"]["with_arena_bytes"] == facts["stream"]["buffer_bytes"] + clf.ram_bytes_


def test_a_broken_limit_is_over():
    clf = fitted(max_latency_ms=0.001)
    facts = collect(clf.model_, clf)
    assert not facts["kept"]
    assert "OVER" in json.dumps(facts["limits"])
    other = fitted()
    assert collect(other.model_, other)["kept"]


def test_confusion_is_scikit_learns():
    rng = np.random.default_rng(0)
    codes, predicted = rng.integers(0, 3, 50), rng.integers(0, 3, 50)
    facts = held_out_facts((codes, {"float": predicted, "int8": codes}), 4)
    assert facts["float"]["confusion"] == confusion_matrix(codes, predicted, labels=range(4)).tolist()
    assert facts["float"]["macro_f1"] == pytest.approx(f1_score(codes, predicted, average="macro"))
    assert facts["int8"]["accuracy"] == 1.0
    assert facts["float"]["classes"][3]["recall"] is None
    assert held_out_facts(None, 4) is None


def test_test_windows_are_judged_by_both_models(tmp_path):
    clf = fitted()
    x, codes = windows()
    clf.report(tmp_path, x, clf.classes_[codes])
    facts = json.loads((tmp_path / "report.json").read_text())
    scores = clf.evaluate(x, clf.classes_[codes])
    for kind in ("float", "int8"):
        assert facts["test"][kind]["macro_f1"] == pytest.approx(scores[kind]["macro_f1"])
        assert np.sum(facts["test"][kind]["confusion"]) == facts["test"]["windows"] == len(x)


@pytest.mark.parametrize("strategy", ["evolution", "micronas", "gumbel", "darts", "random"])
@pytest.mark.parametrize("contest", [True, False])
def test_every_strategy(tmp_path, strategy, contest):
    paths = fitted(strategy=strategy, contest=contest).report(tmp_path)
    assert [path.name for path in paths] == ["report.html", "report.json", "MODEL_CARD.md"]
    facts = json.loads((tmp_path / "report.json").read_text())
    assert (facts["history"]["search"] is None) == (strategy == "random")
    assert facts["test"] is None


@pytest.mark.parametrize(
    "architecture", [TINY, pytest.param(LARGE, marks=pytest.mark.long)], ids=["one channel", "sixty channels"]
)
def test_small_and_large(tmp_path, architecture):
    fitted(architecture, max_latency_ms=None).report(tmp_path)
    assert (tmp_path / "report.html").stat().st_size < 2_000_000


def test_only_dilated_layers_say_so(tmp_path):
    net = Architecture(32, 2, 3, (TimeConv(8, 3), TimeConv(8, 5, dilation=4)))
    fitted(net).report(tmp_path)
    layers = json.loads((tmp_path / "report.json").read_text())["layers"]
    assert [layer.get("dilation") for layer in layers[:3]] == [None, [4, 1], None]
    page = (tmp_path / "report.html").read_text()
    assert page.count("dilation 4\N{MULTIPLICATION SIGN}1") == page.count(">dilation ") == 1


def test_a_loaded_classifier_reports_the_same(tmp_path):
    clf = fitted()
    clf.save(tmp_path / "saved")
    loaded = tsnas.load(tmp_path / "saved")
    for name, classifier in (("one", clf), ("other", loaded)):
        classifier.report(tmp_path / name)
    for file in ("report.html", "report.json", "MODEL_CARD.md"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_a_folder_of_an_earlier_version_says_what_is_not_known(tmp_path):
    fitted().save(tmp_path)
    state = json.loads((tmp_path / "classifier.json").read_text())
    for key in ("data_summary", "data", "versions", "axes"):
        state.pop(key, None)
    (tmp_path / "classifier.json").write_text(json.dumps(state))
    loaded = tsnas.load(tmp_path)
    loaded.report(tmp_path / "report")
    facts = json.loads((tmp_path / "report/report.json").read_text())
    assert facts["data"] is None
    assert "Not known" in (tmp_path / "report/report.html").read_text()


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (None, ["a"], errors.LengthMismatchError, "y_test was given without x_test"),
        (np.zeros((2, 32, 3)), None, errors.LengthMismatchError, "has no labels"),
        (np.zeros((2, 31, 3)), ["a", "b"], errors.WindowShapeError, r"\(31, 3\)"),
        (np.zeros((2, 32, 3)), ["a", "z"], errors.UnknownLabelError, "z"),
    ],
)
def test_bad_test_windows_leave_nothing_behind(tmp_path, x, y, error, message):
    with pytest.raises(error, match=message):
        fitted().report(tmp_path / "report", x, y)
    assert not (tmp_path / "report").exists()


def test_the_winner_is_the_one_that_the_contest_took_and_who_was_left_out_is_said(tmp_path):
    clf = fitted()
    paths = clf.report(tmp_path)
    contest = json.loads((tmp_path / "report.json").read_text())["contest"]
    assert (contest["winner"], contest["left_out"]) == (1, [2])
    assert [finalist["use"] for finalist in contest["finalists"]] == [0.95, 0.98, 0.5]
    said = "1 finalist that would use less than 90 % of the tightest limit did not advance to the second round."
    assert said in paths[0].read_text()


def test_a_contest_of_one_is_a_sentence_and_no_picture(tmp_path):
    clf = fitted()
    latency_ms = clf.model_.estimate.latency_ms
    one = {"latency_ms": [latency_ms], "use": [0.98], "macro_f1": [0.87], "winner": [0.0]}
    clf.model_.history["contest"].update(one | {"second_round": [], "second_macro_f1": [], "left_out": []})
    page, card = (
        next(path for path in clf.report(tmp_path) if path.suffix == end).read_text() for end in (".html", ".md")
    )
    for text in (page, card):
        assert "One finalist was trained briefly and judged on validation windows, with a macro-F1 of 0.870." in text
        assert "left-out windows" in text
        assert "on windows that it was not trained on. It is not a score of the finished model." in text
    assert "Macro-F1 of the finalists over their latency" not in page


def test_a_contest_of_an_earlier_version_has_a_winner_too(tmp_path):
    fitted().save(tmp_path)
    state = json.loads((tmp_path / "classifier.json").read_text())
    for name in ("use", "winner", "left_out"):
        del state["history"]["contest"][name]
    (tmp_path / "classifier.json").write_text(json.dumps(state))
    tsnas.load(tmp_path).report(tmp_path)
    contest = json.loads((tmp_path / "report.json").read_text())["contest"]
    # The sums of both rounds: 0.9 + 0.7 and 0.8 + 0.95.
    assert (contest["winner"], contest["left_out"]) == (1, [])


def test_a_limit_near_the_finalists_is_drawn():
    clf = fitted()
    contest = collect(clf.model_, clf)["contest"]
    assert "limit 2.6" in contest_chart(contest, 2.6)
    assert "limit" not in contest_chart(contest, 900.0)


def test_a_board_of_the_caller_is_named_in_the_code_that_makes_the_model_again():
    board = tsnas.load_board("nucleo_f446re")
    clf = fitted(board=board, axes=np.array([[0, 1, 2]]))
    code = collect(clf.model_, clf)["reproduce"]["python"]
    assert "tsnas.load(FOLDER).board_" in code
    assert "    board=board," in code
    assert "axes=[[0, 1, 2]]," in code


def test_memory_of_an_npu_is_the_plan_of_its_compiler():
    pytest.importorskip("ethosu.regor", reason="Vela is not installed: pip install 'tsnas[npu]'")
    board, graph = load_board("ethos_u55_128"), SMALL.graph()
    tflite = graph_file(graph)
    facts = memory_facts(graph, board, tflite)
    assert facts["arena_bytes"] == estimate_tflite(tflite, board).ram_bytes
    assert facts["head_bytes"] == max(buffer["offset"] + buffer["bytes"] for buffer in facts["buffers"])
    kinds = {buffer["name"]: buffer["kind"] for buffer in facts["buffers"]}
    assert kinds["input"] == "input"
    assert kinds[graph.nodes[0].name] == "tensor"
    assert [step["operator"] for step in facts["steps"]] == [node.name for node in graph.nodes]
    assert "input" in facts["steps"][0]["live"]
    assert graph.output in facts["steps"][-1]["live"]


@pytest.mark.parametrize(("splits", "times"), [(1, "once"), (2, "twice"), (5, "5 times")])
def test_it_says_how_often_validation_windows_were_split_off(splits, times):
    validation = {"how": "by class", "windows": [10] * splits, "groups": None, "fraction": 0.2}
    said = wording.validation({"data": {"groups": None, "validation": validation}})
    assert f"10 validation windows were split off the training windows {times}; each class" in said

"""Pictures of a search hold its figures, and say why there is none."""

import builtins
import types

import pytest
from sklearn.exceptions import NotFittedError

import tsnas
from tsnas.errors import SettingError
from tsnas.plots import plot_search

HISTORY = {
    "loss": [2.0, 1.0, 0.5],
    "accuracy": [0.3, 0.6, 0.9],
    "val_accuracy": [0.2, 0.5, 0.8],
    "expected_latency_ms": [50.0, 30.0, 19.0],
    "expected_ram_bytes": [20480.0, 10240.0, 8192.0],
    "entropy": [1.0, 0.5, 0.1],
    "settled": [0.0, 0.2, 0.9],
}


def fitted(history=None, strategy="micronas"):
    """A classifier with a model of which no more is there than is drawn."""
    clf = tsnas.AutoClassifier(strategy=strategy)
    clf.model_ = types.SimpleNamespace(history=history or {"search": HISTORY}, limits=tsnas.Limits(max_latency_ms=20))
    return clf


def test_costs_and_limits_are_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    figure = plot_search(fitted(), tmp_path / "search.png")
    latency, ram, decisions, accuracy = figure.axes
    assert [list(line.get_ydata()) for line in latency.lines] == [[50, 30, 19], [20, 20]]
    assert [list(line.get_ydata()) for line in ram.lines] == [[20, 10, 8]]
    assert [list(line.get_ydata()) for line in decisions.lines] == [HISTORY["entropy"], HISTORY["settled"]]
    assert [list(line.get_ydata()) for line in accuracy.lines] == [HISTORY["accuracy"], HISTORY["val_accuracy"]]
    assert (tmp_path / "search.png").read_bytes()[1:4] == b"PNG"


def test_the_model_of_a_classifier_will_do_and_an_unfitted_one_will_not():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    assert list(plot_search(fitted().model_).axes[0].lines[0].get_ydata()) == [50, 30, 19]
    with pytest.raises(SettingError, match="found without training a supernet"):
        plot_search(fitted(history={"contest": {}}).model_)
    with pytest.raises(NotFittedError):
        plot_search(tsnas.AutoClassifier())


def test_parts_of_a_space_are_lines_of_their_own():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    figure = plot_search(fitted(history={"search": HISTORY | {"part": [0.0, 0.0, 1.0]}}))
    expected, limit = figure.axes[0].lines
    assert [str(y) for y in expected.get_ydata()] == ["50.0", "30.0", "nan", "19.0"]
    assert list(expected.get_xdata()) == [1, 2, 2.5, 3]
    assert list(limit.get_ydata()) == [20, 20]
    # As many epochs as a line has ends: the limit is still one.
    short = {name: values[:2] for name, values in HISTORY.items()}
    expected, limit = plot_search(fitted(history={"search": short | {"part": [0.0, 1.0]}})).axes[0].lines
    assert list(expected.get_xdata()) == [1, 1.5, 2]
    assert (list(limit.get_xdata()), list(limit.get_ydata())) == ([0, 1], [20, 20])


def test_random_draws_have_no_search():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    with pytest.raises(SettingError, match="strategy='random' trains no supernet"):
        plot_search(fitted(history={"contest": {}}, strategy="random"))


def test_missing_matplotlib_is_named(monkeypatch):
    real_import = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SettingError, match=r"pip install 'tsnas\[plots\]'"):
        plot_search(fitted())

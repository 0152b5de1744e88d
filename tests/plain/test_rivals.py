"""Plain models: they learn, repeat themselves, and take any windows that a job takes."""

import numpy as np
import pytest
from toy_data import sines

from tsnas.plain import rivals
from tsnas.plain.rivals import RIVALS, draw_evenly, expected_seconds, plain_predictions


@pytest.fixture
def few_trees(monkeypatch):
    """A forest takes half a second for 100 trees, however small the data."""
    monkeypatch.setattr(rivals, "TREES", 20)
    monkeypatch.setattr(rivals, "FEWEST_TREES", 20)


def test_both_models_learn():
    x, codes = sines(120)
    x_val, expected = sines(60, seed=1)
    found = plain_predictions(x, codes, x_val, seed=0)
    assert list(found) == list(RIVALS) == ["forest", "ridge"]
    for predicted in found.values():
        assert (predicted == expected).mean() > 0.9


def test_windows_of_little_weight_are_hardly_heard(few_trees):
    x, codes = sines(120)
    x_val, expected = sines(30, seed=1)
    wrong = np.concatenate([codes, (codes + 1) % 3])
    weights = np.concatenate([np.ones(120), np.full(120, 1e-3)])
    for predicted in plain_predictions(np.concatenate([x, x]), wrong, x_val, 0, weights).values():
        assert (predicted == expected).mean() > 0.9


def test_the_seed_decides(few_trees):
    x, codes = np.random.default_rng(0).normal(size=(60, 20, 2)).astype(np.float32), np.arange(60) % 3
    one, same, other = (plain_predictions(x[:40], codes[:40], x[40:], seed) for seed in (0, 0, 1))
    for name in RIVALS:
        assert (one[name] == same[name]).all()
        assert (one[name] != other[name]).any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("windows", "time", "channels", "classes"),
    [(2, 8, 1, 2), (7, 8, 1, 7), (30, 9, 60, 4), (12, 1_000, 1, 3)],
)
@pytest.mark.parametrize("constant", [False, True])
def test_any_windows_are_taken(windows, time, channels, classes, constant, few_trees):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(windows, time, channels)).astype(np.float32)
    if constant:
        x[:, :, 0] = 0
    codes = np.arange(windows) % classes
    # The validation windows lack all classes but one.
    found = plain_predictions(x, codes, x[codes == 1], seed=0)
    for predicted in found.values():
        assert predicted.shape == ((codes == 1).sum(),)
        assert set(predicted) <= set(range(classes))


@pytest.mark.filterwarnings("error")
def test_many_classes_of_few_windows_are_no_regression(few_trees):
    """scikit-learn would warn of that, once for the forest and once for each tree."""
    x = np.random.default_rng(0).normal(size=(46, 16, 1)).astype(np.float32)
    assert set(plain_predictions(x, np.arange(46) % 40, x[:5], 0)) == set(RIVALS)


def test_of_many_windows_some_are_drawn(monkeypatch, few_trees):
    monkeypatch.setattr(rivals, "MOST_WINDOWS", 30)
    fitted = []
    monkeypatch.setattr(
        rivals, "RIVALS", {name: lambda *a, make=make: fitted.append(a[0]) or make(*a) for name, make in RIVALS.items()}
    )
    x, codes = sines(300)
    predicted = plain_predictions(x, codes, x[:60], seed=0)
    assert fitted == [30, 30]
    assert (predicted["ridge"] == codes[:60]).mean() > 0.9


def test_classes_keep_their_shares_in_a_draw():
    codes = np.array([0] * 900 + [1] * 98 + [2] * 2)
    drawn = draw_evenly(codes, 100, seed=0)
    assert (np.diff(drawn) > 0).all()
    assert np.bincount(codes[drawn]).tolist() == [90, 10, 1]
    assert (drawn != draw_evenly(codes, 100, seed=1)).any()
    assert (draw_evenly(codes, 1_000, seed=0) == np.arange(1_000)).all()


def test_large_data_get_fewer_trees_and_so_do_few_windows():
    trees = [RIVALS["forest"](*size, 0)[-1].n_estimators for size in ((500, 1), (2_000, 20), (2_000, 60))]
    assert trees[0] == 300
    assert 300 > trees[1] > trees[2] == 100
    assert [RIVALS["forest"](windows, 1, 0)[-1].n_estimators for windows in (40, 200, 201)] == [100, 100, 300]


def test_expected_seconds_grow_with_the_work_and_then_no_more():
    assert expected_seconds(20, 5, 30, 1) < 2
    assert expected_seconds(500, 100, 300, 1) < expected_seconds(2_000, 500, 300, 9) < 60
    assert expected_seconds(2_000, 500, 300, 9) == expected_seconds(10**6, 500, 300, 9)

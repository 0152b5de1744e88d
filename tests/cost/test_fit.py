"""Fitting coefficients: known cycles come back, in any units, and never below zero."""

import numpy as np
import pytest

from tsnas.cost.features import FEATURE_NAMES, op_features
from tsnas.cost.fit import fit_board_coefficients
from tsnas.cost.measurements import OpMeasurement
from tsnas.errors import SettingError
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Softmax

TRUE_ADD = {"call": 2000.0, "elements": 120.0}


def record(op, cycles, overhead=450):
    return OpMeasurement("board", "run", op, round(cycles), round(cycles) + overhead, 0, 0)


def random_convolutions(n, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        h, w, in_c, out_c = rng.integers(4, 64), rng.integers(1, 16), rng.integers(1, 64), rng.integers(1, 64)
        yield Conv2D(
            *map(int, (h, w, in_c, out_c, rng.choice([1, 3, 5, 7]), rng.integers(1, 4), 1, rng.integers(1, 3)))
        )


def test_known_coefficients_come_back():
    rng = np.random.default_rng(1)
    true = {
        kernel: dict(zip(names, rng.uniform(5, 100, len(names)), strict=True))
        for kernel, names in FEATURE_NAMES.items()
    }
    ops = [*random_convolutions(300), *(Conv2D(16, w, 4 * i, 8, 1, 1) for w in (3, 6) for i in range(1, 20))]
    ops += [Conv2D(32, 6, c, o, 1, 1) for c in (16, 32, 48, 64, 128) for o in (6, 20, 100, 200)]
    rows = []
    for op in ops:
        kernel, counts = op_features(op)
        rows.append(record(op, sum(true[kernel][n] * c for n, c in zip(FEATURE_NAMES[kernel], counts, strict=True))))
    fitted = fit_board_coefficients(rows)
    for kernel in ("conv2d", "conv2d_1x1"):
        assert fitted[kernel].keys() == true[kernel].keys()
        for name, value in true[kernel].items():
            assert fitted[kernel][name] == pytest.approx(value, rel=0.05), (kernel, name)


def test_coefficients_are_never_negative_even_where_plain_least_squares_would_be():
    rows = [record(Add(1, 1, n), 100 * n - 900) for n in (10, 20, 40)]
    plain = np.linalg.lstsq([[1, 10], [1, 20], [1, 40]], [100, 1100, 3100], rcond=None)[0]
    assert plain[0] < 0
    assert min(fit_board_coefficients(rows)["add"].values()) >= 0


def test_small_operators_count_as_much_as_large_ones():
    rows = [
        record(Add(1, 1, n), TRUE_ADD["call"] + TRUE_ADD["elements"] * n * (1.1 if n > 1000 else 1))
        for n in (10, 20, 4000)
    ]
    fitted = fit_board_coefficients(rows)["add"]
    assert fitted["call"] + 10 * fitted["elements"] == pytest.approx(3200, rel=0.02)


def test_one_shape_leaves_no_fixed_cost():
    rows = [record(Softmax(6), 5055)]
    assert fit_board_coefficients(rows)["softmax"] == {"call": 0.0, "elements": 842.5}


def test_interpreter_overhead_is_the_median():
    rows = [
        record(GlobalAveragePooling2D(4, 4, c), 1000 * c, overhead) for c, overhead in ((1, 500), (2, 510), (3, 900))
    ]
    assert fit_board_coefficients(rows)["invoke"] == {"global_average_pooling2d": 510.0}


def test_kernels_without_records_get_no_coefficients():
    assert set(fit_board_coefficients([record(Softmax(6), 5055)])) == {"softmax", "invoke"}


def test_no_rows_and_impossible_rows_are_refused():
    with pytest.raises(SettingError, match="There are 0 measured operators"):
        fit_board_coefficients([])
    with pytest.raises(SettingError, match=r"Softmax\(c=6\) was measured at 0 cycles"):
        fit_board_coefficients([record(Softmax(6), 0)])

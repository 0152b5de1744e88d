"""The study of draws: what the best of so many in the first round reaches, against all subsets of neighbours."""

import numpy as np
import pytest

from benchmarks.draws_table import chosen, table

ROWS = [
    {"first_macro_f1": 0.5, "first_loss": 1.0, "accuracy": 0.6},
    {"first_macro_f1": 0.9, "first_loss": 0.4, "accuracy": 0.8},
    {"first_macro_f1": 0.9, "first_loss": 0.2, "accuracy": 0.7},
    {"first_macro_f1": 0.1, "first_loss": 3.0, "accuracy": 0.9},
]


@pytest.mark.parametrize(
    ("count", "expected"),
    # One: all of them in turn. Two: the pairs (0, 1), (1, 2), (2, 3) and (3, 0). Four: the better loss of equal scores.
    [(1, [0.6, 0.8, 0.7, 0.9]), (2, [0.8, 0.7, 0.7, 0.6]), (4, [0.7] * 4)],
)
def test_the_best_of_so_many_neighbours_is_chosen_by_score_then_loss(count, expected):
    assert chosen(ROWS, count) == pytest.approx(np.mean(expected))


def test_the_table_ends_with_means():
    lines = table([{"set": name, "draws": ROWS} for name in ("a", "b")]).splitlines()
    assert lines[0].split("  ")[0].strip() == "set"
    assert lines[-1].split() == ["mean", "0.7500", "0.7000", "0.7000", "0.9000", f"{np.std([0.6, 0.8, 0.7, 0.9]):.4f}"]

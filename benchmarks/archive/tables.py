"""Statistics of methods over many sets: means, ranks, wins and losses, and a signed-rank test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy import stats

# A difference in accuracy up to this is a draw, about one window of two hundred.
DRAW_MARGIN = 0.005
SIGNIFICANCE = 0.05

Row = dict[str, Any]
# Set to method to a score for each seed.
Scores = dict[str, dict[str, list[float]]]
# Set to method to its mean over seeds.
Means = dict[str, dict[str, float]]


def score(row: Row, metric: str = "accuracy") -> float:
    """Returns a score of a row on the test part: of the int8 model if there is one, else of the float model."""
    return float(row["test"].get("int8", row["test"]["float"])[metric])


def scores_by_set(rows: Iterable[Row], metric: str = "accuracy") -> Scores:
    """Returns the scores of each method on each set, in the order of their seeds."""
    found: Scores = {}
    for row in sorted(rows, key=lambda row: row["seed"]):
        found.setdefault(row["set"], {}).setdefault(row["method"], []).append(score(row, metric))
    return found


def means_of(scores: Scores) -> Means:
    """Returns the means over seeds."""
    return {
        name: {method: float(np.mean(values)) for method, values in of_set.items()} for name, of_set in scores.items()
    }


def complete_sets(means: Means, methods: Sequence[str]) -> list[str]:
    """Returns the names of the sets on which every method was run."""
    return [name for name, of_set in means.items() if all(method in of_set for method in methods)]


def mean_ranks(means: Means, methods: Sequence[str]) -> dict[str, float]:
    """Returns the mean rank of each method over the sets on which all were run, 1 for the best.

    Methods with equal means share the mean of their places.
    """
    sets = complete_sets(means, methods)
    if not sets:
        return {}
    # Means of equal scores may differ in their last digit.
    values = np.round([[means[name][method] for method in methods] for name in sets], 9)
    return dict(zip(methods, stats.rankdata(-values, axis=1).mean(axis=0).tolist(), strict=True))


def differences(means: Means, one: str, other: str) -> dict[str, float]:
    """Returns how far a method is ahead of another on each set on which both were run."""
    return {
        name: round(of_set[one] - of_set[other], 9)
        for name, of_set in means.items()
        if one in of_set and other in of_set
    }


def win_draw_loss(ahead: Iterable[float], margin: float = DRAW_MARGIN) -> tuple[int, int, int]:
    """Returns how many differences are above the margin, within it and below it."""
    values = np.array(list(ahead))
    wins, losses = int((values > margin).sum()), int((values < -margin).sum())
    return wins, len(values) - wins - losses, losses


def signed_rank_p(ahead: Iterable[float]) -> float | None:
    """Returns the p-value of Wilcoxon's signed-rank test, two-sided; None if no difference is other than zero.

    Source: F. Wilcoxon, Individual Comparisons by Ranking Methods, 1945; J. Demsar, Statistical Comparisons of
    Classifiers over Multiple Data Sets, JMLR, 2006.
    """
    values = np.array(list(ahead))
    return float(stats.wilcoxon(values).pvalue) if values.any() else None


def signed_rank_words(ahead: dict[str, float], one: str, other: str) -> str:
    """Returns a sentence on whether a method is ahead of another by more than chance, over sets."""
    p = signed_rank_p(ahead.values())
    sets = f"{len(ahead)} set{'s' * (len(ahead) != 1)}"
    if p is None:
        return f"No difference between {one} and {other} on {sets}, so there is nothing to test."
    test = f"Wilcoxon's signed-rank test of {one} against {other} on {sets} gives p = {p:.3f}"
    # The smallest p-value there can be: all differences have one sign, and those of zero do not count.
    if 2.0 ** (1 - np.count_nonzero(list(ahead.values()))) >= SIGNIFICANCE:
        return f"{test}; so few differences cannot give a p below {SIGNIFICANCE:g}."
    if p >= SIGNIFICANCE:
        return f"{test}: the differences are within what chance gives."
    ranks = stats.rankdata(np.abs(list(ahead.values()))) * np.sign(list(ahead.values()))
    better = one if ranks.sum() > 0 else other
    return f"{test}: {better} is better by more than chance explains."


def largest_int8_loss(rows: Iterable[Row]) -> tuple[float, Row] | None:
    """Returns how much accuracy int8 loses of the float model's at most, with the row; None without int8 rows.

    The loss is negative if every int8 model is better than its float model.
    """
    both = [row for row in rows if "int8" in row["test"]]
    if not both:
        return None

    def loss(row: Row) -> float:
        return float(row["test"]["float"]["accuracy"] - row["test"]["int8"]["accuracy"])

    worst = max(both, key=loss)
    return loss(worst), worst

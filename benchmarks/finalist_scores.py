"""Scores of finalists in contests of finished jobs, and what they say of latency and of the rounds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.least_squares import least_squares

STRATEGIES = ("evolution", "random")
# Latency of networks in ms: from, below.
RANGES = ((0.0, 8.0), (8.0, 16.0), (16.0, 32.0), (32.0, float("inf")))

Contest = dict[str, list[float]]


def contests_of(results: Sequence[dict[str, Any]], least_share: float = 0.0) -> list[Contest]:
    """Each contest once: jobs for two boards may come to the same one.

    With a `least_share` of the limit on latency, only the first round of those finalists that take as much of it.
    """
    found: dict[tuple[float, ...], Contest] = {}
    for result in results:
        if result["protocol"] == "users" and result["strategy"] in STRATEGIES and result["contest"]["macro_f1"]:
            contest = result["contest"]
            scores = tuple(contest["macro_f1"])
            if least_share:
                least_ms = least_share * (result["max_latency_ms"] or float("inf"))
                near = [place for place, latency_ms in enumerate(contest["latency_ms"]) if latency_ms >= least_ms]
                contest = {name: [contest[name][place] for place in near] for name in ("latency_ms", "macro_f1")}
            if contest["macro_f1"]:
                found.setdefault(scores, contest)
    return list(found.values())


def first_round(contests: Sequence[Contest]) -> np.ndarray:
    """Rows of (latency in ms, log2 of latency, score), the last two less the mean of their contest."""
    rows = []
    for contest in contests:
        latency, score = np.array(contest["latency_ms"]), np.array(contest["macro_f1"])
        doublings = np.log2(latency)
        rows.append(np.stack([latency, doublings - doublings.mean(), score - score.mean()], axis=1))
    return np.concatenate(rows)


def pairs(contests: Sequence[Contest]) -> np.ndarray:
    """Rows of (smaller latency in ms, difference in log2 of latency, in round one, in round two) of any two."""
    rows = []
    for contest in contests:
        second = dict(zip(map(int, contest["second_round"]), contest["second_macro_f1"], strict=True))
        latency, first = contest["latency_ms"], contest["macro_f1"]
        for one, other in itertools.combinations(second, 2):
            doublings = np.log2(latency[one] / latency[other])
            smaller = min(latency[one], latency[other])
            rows.append((smaller, doublings, first[one] - first[other], second[one] - second[other]))
    return np.array(rows)


def gain_of_doubling(singles: np.ndarray) -> dict[str, Any]:
    """How much a score rises with each doubling of the latency within a contest, from rows of `first_round`."""
    ((gain, gain_error),) = least_squares(singles[:, 1:2], singles[:, 2])
    return {"networks": len(singles), "gain_of_doubling": [round(gain, 4), round(gain_error, 4)]}


def summary(contests: Sequence[Contest]) -> list[dict[str, Any]]:
    """A row for each range of latency, and one for all."""
    singles, twos = first_round(contests), pairs(contests)
    rows = []
    for low, high in (*RANGES, (0.0, float("inf"))):

        def within(values: np.ndarray, low: float = low, high: float = high) -> np.ndarray:
            return values[(values[:, 0] >= low) & (values[:, 0] < high)]

        one, two = within(singles), within(twos)
        (later, later_error), (told, told_error) = least_squares(two[:, 1:3], two[:, 3])
        rows.append(
            {
                "latency_ms": f"{low:g} to {high:g}" if high < float("inf") else f"{low:g} on" if low else "all",
                **gain_of_doubling(one),
                "pairs": len(two),
                "second_per_first": [round(told, 2), round(told_error, 2)],
                "further_gain_of_doubling": [round(later, 4), round(later_error, 4)],
            }
        )
    return rows

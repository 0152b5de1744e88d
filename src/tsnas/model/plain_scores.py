"""Scores of plain models beside those of the network on the same windows, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.stats

from tsnas.cost.bounds import Bounds
from tsnas.cost.estimate import Estimate
from tsnas.model.scores import scores
from tsnas.search.paths import WELL_USED
from tsnas.system.words import plural

PlainScores = dict[str, Any]

# What judged the network: its brief training in the contest, or the finished file.
CONTEST, INT8 = "contest", "int8"
RIVALS = {"forest": "a forest on features", "ridge": "a ridge classifier on a kernel bank"}
RESAMPLES = 1_000
VALUES_AT_ONCE = 2**22
# The spread of a difference is half of its interval of this confidence.
CONFIDENCE = 0.95
# Fewer groups, or fewer windows of a class, are few.
FEW_GROUPS, FEW_WINDOWS = 20, 100


def compare(
    codes: np.ndarray,
    network: np.ndarray,
    rivals: Mapping[str, np.ndarray],
    groups: np.ndarray | None = None,
    judged: str = CONTEST,
    seed: int = 0,
    weights: np.ndarray | None = None,
) -> PlainScores:
    """Compares predictions of plain models with those of a network.

    The spread of a difference in macro-F1 is half of its 95 % interval, by a paired bootstrap over the windows and the
    quantile of the t distribution for their number. With groups, it is the larger of this one and that of the groups,
    since windows of a group are alike: then few groups that disagree prove nothing, and a single one never does.

    Args:
        codes: int array (windows,), class codes.
        network: int array (windows,), class codes that the network predicts.
        rivals: dict of the name of a plain model to the class codes that it predicts.
        groups: array (windows,), the group of each window. Defaults to None.
        judged: str, `CONTEST` or `INT8`: what predicted `network`. Defaults to `CONTEST`.
        seed: int, seed of the bootstrap. Defaults to 0.
        weights: float array (windows,), weights of the windows in all scores. Defaults to None: all weigh the same.

    Returns:
        dict of `"model"` and the name of each plain model to a dict of `"accuracy"` and `"macro_f1"`; those of plain
        models also have `"ahead"`, their macro-F1 minus that of the network, and `"spread"`, that of this difference,
        None where it cannot be told from a single window or group. Further keys are `"windows"`, `"groups"` (their
        number, or None) and `"judged"`.
    """
    found: PlainScores = {"model": scores(codes, network, weights)}
    for name, predicted in rivals.items():
        own = scores(codes, predicted, weights)
        units = [np.arange(len(codes))] + ([] if groups is None else [groups])
        spreads = [_spread(codes, network, predicted, one, seed, weights) for one in units]
        known = [one for one in spreads if one is not None]
        spread = max(known) if len(known) == len(units) else None
        found[name] = own | {"ahead": own["macro_f1"] - found["model"]["macro_f1"], "spread": spread}
    count = None if groups is None else len(np.unique(groups))
    return found | {"windows": len(codes), "groups": count, "judged": judged}


def best_rival(plain: PlainScores) -> str:
    """Returns the name of the plain model with the highest macro-F1."""
    return max((name for name in RIVALS if name in plain), key=lambda name: plain[name]["macro_f1"])


def is_behind(plain: PlainScores) -> bool:
    """Returns whether the best plain model is ahead of the network by more than the spread."""
    best = plain[best_rival(plain)]
    return best["spread"] is not None and best["ahead"] > best["spread"]


def outcome(plain: PlainScores) -> str:
    """States the scores of the network and of the plain models, and whether the network is behind."""
    network = "the network after brief training" if plain["judged"] == CONTEST else "the int8 model"
    others = [f"{RIVALS[name]} {plain[name]['macro_f1']:.3f}" for name in RIVALS if name in plain]
    text = (
        f"On {plural(plain['windows'], 'validation window')}, {network} reaches a macro-F1 of "
        f"{plain['model']['macro_f1']:.3f}, {' and '.join(others)}."
    )
    name = best_rival(plain)
    best = plain[name]
    if is_behind(plain):
        by = f"{best['ahead']:.3f}, more than the spread of {best['spread']:.3f}"
        return f"{text} The network is behind the {name} by {by}."
    if best["spread"] is None:
        return f"{text} Of a single window or group, this says little about others."
    if best["ahead"] > 0:
        return f"{text} The {name} is ahead by {best['ahead']:.3f}, within the spread of {best['spread']:.3f}."
    return text


def advice(
    plain: PlainScores, bounds: Bounds, estimate: Estimate, data_summary: Mapping[str, Any] | None
) -> str | None:
    """States which limit or which data would help a network that is behind; None if it is not.

    Args:
        plain: dict, as `compare` returns it.
        bounds: `Bounds` of the model.
        estimate: `Estimate` of the model.
        data_summary: dict, as `summarise` returns it; None if it is not known.
    """
    if not is_behind(plain):
        return None
    costs = estimate.costs_at(bounds.margin)._asdict() | {"energy_mj": estimate.energy_mj_at(bounds.margin)}
    used = {limit: costs[cost] / limit.most for cost, limit in bounds.asked.items() if costs[cost] is not None}
    tightest = max(used, key=used.__getitem__)
    share = f"{100 * used[tightest]:.0f} %"
    if used[tightest] >= WELL_USED:
        if tightest.by_board:
            return f"It uses {share} of the board's {tightest}: a board with more has room for a larger network."
        return f"It uses {share} of the limit of {tightest}: a higher limit has room for a larger network."
    name = f"the board's {tightest}" if tightest.by_board else tightest
    used_up = f"of the tightest limit, {name}, it uses {share}"
    return f"A higher limit would hardly help ({used_up}), but {_data(data_summary)}."


def _data(summary: Mapping[str, Any] | None) -> str:
    """Returns which data, or else which setting, would help."""
    if summary is not None:
        if summary["groups"] is not None and summary["groups"] < FEW_GROUPS:
            return f"windows of more groups may (there are {summary['groups']})"
        fewest = min(summary["class_counts"])
        if fewest < FEW_WINDOWS:
            return f"more windows may (the rarest class has {fewest})"
    return "more epochs or finalists may"


def _spread(
    codes: np.ndarray,
    network: np.ndarray,
    rival: np.ndarray,
    units: np.ndarray,
    seed: int,
    own_weights: np.ndarray | None,
) -> float | None:
    """Returns the spread of the difference in macro-F1 by a bootstrap over units, windows or groups; None for one."""
    _, unit_of = np.unique(units, return_inverse=True)
    count = int(unit_of.max()) + 1
    if count == 1:
        return None
    rng = np.random.default_rng(seed)
    differences = []
    at_once = max(1, VALUES_AT_ONCE // len(codes))
    for start in range(0, RESAMPLES, at_once):
        drawn = rng.multinomial(count, np.full(count, 1.0 / count), size=min(at_once, RESAMPLES - start))
        weights = drawn[:, unit_of].astype(np.float32)
        if own_weights is not None:
            weights *= own_weights.astype(np.float32)
        differences.append(_macro_f1(codes, rival, weights) - _macro_f1(codes, network, weights))
    # A bootstrap takes the units for the whole population, which makes its standard error too small.
    standard_error = float(np.concatenate(differences).std()) * math.sqrt(count / (count - 1))
    return standard_error * float(scipy.stats.t.ppf((1 + CONFIDENCE) / 2, count - 1))


def _macro_f1(codes: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns the macro-F1 for each row of weights of the windows, over the classes that occur in it."""
    classes = np.union1d(codes, predicted)
    true, guessed = codes[:, np.newaxis] == classes, predicted[:, np.newaxis] == classes
    both = weights @ (true & guessed).astype(np.float32)
    sizes = weights @ true.astype(np.float32) + weights @ guessed.astype(np.float32)
    f1 = np.divide(2 * both, sizes, out=np.zeros_like(both), where=sizes > 0)
    return f1.sum(axis=1) / np.maximum((sizes > 0).sum(axis=1), 1)

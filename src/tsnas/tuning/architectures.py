"""Searches for architectures with oracles of keras-tuner: baselines for the searches with a supernet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras_tuner
import numpy as np

from tsnas.search.derive import Candidate, derive
from tsnas.search.paths import Paths
from tsnas.space.architecture import Architecture
from tsnas.tuning.bayesian import Bayesian
from tsnas.tuning.trials import Repeatable, run_trials

# Preference of a chosen option over each of the other options of its decision.
PREFERRED = 4.0
# The longest training of hyperband, in units of the shortest, and the factor between its rounds.
LONGEST, FACTOR = 4, 2
EPOCHS = "tuner/epochs"

Evaluate = Callable[[Architecture, int], float | None]


class HyperbandArchitectures(Repeatable, keras_tuner.oracles.HyperbandOracle):
    """keras-tuner's hyperband oracle, `Repeatable`: it trains many architectures briefly and fewer for longer."""


def tune_architectures(
    paths: Paths, kind: str, trials: int, evaluate: Evaluate, seed: int
) -> tuple[list[Candidate], dict[str, list[float]]]:
    """Lets an oracle choose architectures, and trains each of them briefly.

    The oracle does not know the limits: its choice is replaced by the architecture within the limits that differs from
    it in as few decisions as possible, by the derivation of a search whose decisions are almost settled.

    Args:
        paths: `Paths` of a supernet, whose alphas are set.
        kind: str, `"bayesian"` or `"hyperband"`.
        trials: int, number of architectures that a Gaussian process chooses; hyperband has its own plan.
        evaluate: function of an `Architecture` and a number of training units that returns a score above 0, or None if
            there is no time left.
        seed: int, seed of the oracle.

    Returns:
        (list of distinct `Candidate`, the best of the longest training first; dict of `"macro_f1"`, `"units"` and
        `"latency_ms"` to one value for each trial).

    Source: Li et al., Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization (2018).
    """
    known: dict[tuple[Architecture, int], float | None] = {}

    def run(values: dict[str, Any]) -> float:
        key = project(paths, values).architecture, int(values.get(EPOCHS, 1))
        if key not in known:
            known[key] = evaluate(*key)
        return known[key] or 0.0

    oracle = _make_oracle(paths, kind, trials, seed)
    run_trials(oracle, run)
    done = [trial for trial in oracle.trials.values() if trial.score]
    units = [int(trial.hyperparameters.values.get(EPOCHS, 1)) for trial in done]
    found = [project(paths, trial.hyperparameters.values) for trial in done]
    order = sorted(range(len(done)), key=lambda i: (-units[i], -done[i].score))
    history = {
        "macro_f1": [float(trial.score) for trial in done],
        "units": [float(one) for one in units],
        "latency_ms": [candidate.estimate.latency_ms for candidate in found],
    }
    return list({found[i].architecture: found[i] for i in order}.values()), history


def project(paths: Paths, values: dict[str, Any]) -> Candidate:
    """Derives the architecture within the limits that differs from the chosen options in as few decisions as possible.

    Args:
        paths: `Paths` of a supernet, whose alphas are set.
        values: dict of the hyperparameters of a trial.
    """
    for index, option in enumerate(paths.options):
        for name, group in option.cell.groups.items():
            alpha = np.zeros(len(group.options), np.float32)
            alpha[int(values[_name_hyperparameter(index, name)])] = PREFERRED
            group.alpha.assign(alpha)
    return derive(paths.supernet, paths.bounds, paths.options)


def _make_oracle(paths: Paths, kind: str, trials: int, seed: int) -> Any:
    space = keras_tuner.HyperParameters()
    for index, option in enumerate(paths.options):
        for name, group in option.cell.groups.items():
            space.Choice(_name_hyperparameter(index, name), list(range(len(group.options))))
    same = {
        "hyperparameters": space,
        "tune_new_entries": False,
        "seed": seed,
    }
    if kind == "bayesian":
        return Bayesian(trials, **same)
    return HyperbandArchitectures(max_epochs=LONGEST, factor=FACTOR, **same)


def _name_hyperparameter(cell: int, name: str) -> str:
    return f"cell_{cell}/{name}"

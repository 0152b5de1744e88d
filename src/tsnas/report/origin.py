"""The facts of a report about the model's origin: contest, pruning, settings, and code that makes it again."""

from __future__ import annotations

import inspect
import json
import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from tsnas.cost.board import Board
from tsnas.data import delay_of
from tsnas.data.smoothing import smoothing_note
from tsnas.model.model import Model
from tsnas.model.plain_scores import advice, is_behind, outcome
from tsnas.space.config import SpaceConfig
from tsnas.space.spaces import space_to_json

# Settings that do not affect the outcome.
NEUTRAL = ("directory", "n_jobs", "plain_rivals", "verbose")


def contest_facts(history: dict[str, list[float]] | None, latency_ms: float) -> dict[str, Any] | None:
    """Returns the finalists with their validation scores, and the winner; None if there was no contest.

    Args:
        history: the phase `"contest"` of `AutoClassifier.history_`, or None.
        latency_ms: float, latency of the returned model, which differs from the winner's if the winner's file exceeded
            a limit.
    """
    if not history or not history.get("macro_f1"):
        return None
    second = {int(p): value for p, value in zip(history["second_round"], history["second_macro_f1"], strict=True)}
    winner = int(history["winner"][0])
    use = history.get("use")
    return {
        "winner": winner,
        "left_out": [int(place) for place in history["left_out"]],
        "winner_is_the_model": math.isclose(history["latency_ms"][winner], latency_ms, rel_tol=1e-6),
        "finalists": [
            {
                "latency_ms": cost,
                "use": use[place] if use else None,
                "macro_f1": value,
                "second_macro_f1": second.get(place),
            }
            for place, (cost, value) in enumerate(zip(history["latency_ms"], history["macro_f1"], strict=True))
        ],
    }


def plain_facts(model: Model) -> dict[str, Any] | None:
    """Returns the scores of plain models beside those of the network, and sentences on both; None if not compared."""
    plain = model.plain_scores
    if plain is None:
        return None
    bounds = model.limits.on(model.board)
    return plain | {
        "behind": is_behind(plain),
        "outcome": outcome(plain),
        "advice": advice(plain, bounds, model.estimate, model.data_summary),
    }


def rejection_facts(model: Model) -> dict[str, Any] | None:
    """Returns the shares of windows that are rejected, and what the tables take; None without rejection."""
    rejection, levels = model.firmware.rejection, model.firmware.rejection_levels
    if rejection is None or levels is None:
        return None
    return {
        "limit": rejection.limit,
        "rejected": rejection.rejected,
        "other": rejection.other,
        "table_bytes": levels.table_bytes,
    }


def smoothing_facts(model: Model) -> dict[str, Any] | None:
    """Returns over how many windows a stream is smoothed, its delay, RAM and scores; None if it is not."""
    k, signal = model.firmware.smooth, model.signal
    if k == 1:
        return None
    stride_ms = None if signal is None else signal.deadline_ms
    scores = model.history.get("smoothing")
    return {
        "windows": k,
        "delay_strides": delay_of(k)._asdict(),
        "delay_ms": None if stride_ms is None else delay_of(k, stride_ms)._asdict(),
        "ram_bytes": model.firmware.ring_bytes,
        "macro_f1": None if scores is None else dict(zip(map(int, scores["windows"]), scores["macro_f1"], strict=True)),
        "note": smoothing_note(k, signal),
    }


def architectures_facts(counts: dict[str, list[float]] | None) -> dict[str, float] | None:
    """Returns the number of architectures in the space, and the number that the limits left."""
    return None if not counts else {name: values[0] for name, values in counts.items()}


def settings(estimator: BaseEstimator) -> dict[str, Any]:
    """Returns every setting of an estimator that affects the outcome, as a plain value."""
    params = {name: _to_plain(value) for name, value in estimator.get_params().items() if name not in NEUTRAL}
    if isinstance(params["board"], Board):
        params["board"] = params["board"].name
    params["space"] = space_to_json(params["space"])
    return params


def snippet(model: Model, estimator: BaseEstimator) -> str:
    """Returns Python code that makes a model again from the same arrays; arguments at their default are left out.

    Args:
        model: `Model`.
        estimator: `AutoClassifier` to which it belongs.
    """
    data = model.data_summary or {}
    if "front" in data:
        return f"# One point of a front:\n{data['front']}"
    signal, cut = model.signal, data.get("recordings")
    if signal is not None and cut is not None:
        given = ["recordings", "labels", f"tsnas.{signal!r}"] + ["groups=groups"] * cut["groups"]
        given += [f'rule="{cut["rule"]}"'] * (cut["rule"] != "majority")
        return call_text(estimator, model.seed, "clf", "fit_recordings", given)
    given = ["x", "y"] + ["groups=groups"] * bool(data.get("groups"))
    given += ["validation_data=(x_val, y_val)"] * (data.get("validation", {}).get("how") == "given")
    given += ["sample_weight=sample_weight"] * bool(data.get("sample_weight"))
    return call_text(estimator, model.seed, "clf", "fit", given)


def call_text(estimator: BaseEstimator, seed: int, variable: str, method: str, given: Sequence[str]) -> str:
    """Returns Python code that creates an estimator with its parameters and calls one of its methods.

    Args:
        estimator: `AutoClassifier` or `ParetoSearch`.
        seed: int, the seed that was used.
        variable: str, name of the variable for the estimator.
        method: str, name of the method to call.
        given: sequence of str, the arguments of the method.
    """
    defaults = {name: p.default for name, p in inspect.signature(type(estimator)).parameters.items()}
    lines = ["import tsnas", ""]
    arguments = []
    params = estimator.get_params(deep=False)
    for name, default in defaults.items():
        value = seed if name == "seed" else _to_plain(params[name])
        if name in NEUTRAL or (name not in ("board", "boards") and value == default):
            continue
        if isinstance(value, Board):
            lines[1:1] = [f"# The board {value.name!r} is saved with the classifier: tsnas.load(FOLDER).board_"]
            arguments.append(f"    {name}=board,")
        elif isinstance(value, SpaceConfig):
            arguments.append(f"    {name}=tsnas.{value!r},")
        elif name == "space" and isinstance(value, list | tuple):
            arguments.append(f"    {name}=[{', '.join(f'tsnas.{part!r}' for part in value)}],")
        elif isinstance(value, str):
            arguments.append(f"    {name}={json.dumps(value, ensure_ascii=False)},")
        else:
            arguments.append(f"    {name}={value!r},")
    made = [f"{variable} = tsnas.{type(estimator).__name__}(", *arguments, ")"]
    return "\n".join([*lines, *made, f"{variable}.{method}({', '.join(given)})"])


def _to_plain(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {_to_plain(key): _to_plain(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value

"""Plots of a search; needs matplotlib (`pip install tsnas[plots]`)."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from tsnas.cost.limits import BYTES_PER_KB
from tsnas.errors import SettingError

if TYPE_CHECKING:
    from tsnas.classifier import AutoClassifier
    from tsnas.model.model import Model

# From the palette of Okabe and Ito, whose colours colour-blind people can tell apart.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"


def plot_search(classifier: AutoClassifier | Model, path: str | os.PathLike[str] | None = None) -> Any:
    """Plots the progress of a search by epoch: expected costs and their limits, decisions, and accuracy.

    Lines have gaps where the search of another part of the space begins.

    Args:
        classifier: fitted `AutoClassifier` whose strategy trained a supernet, or its `model_`.
        path: path of a file to write, such as `"search.png"`. Defaults to None, no file.

    Returns:
        The matplotlib figure.

    Raises:
        NotFittedError: `fit` has not been called.
        SettingError: matplotlib is not installed, or no supernet was trained.

    Example:
        >>> plot_search(clf.fit(x, y), "search.png")
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SettingError("plot_search needs matplotlib: pip install 'tsnas[plots]'.") from error
    if isinstance(classifier, BaseEstimator):
        check_is_fitted(classifier, "model_")
    model = getattr(classifier, "model_", classifier)
    history = model.history.get("search")
    if history is None:
        strategy = getattr(classifier, "strategy", None)
        raise SettingError(
            f"strategy={strategy!r} trains no supernet, so there is nothing to plot; see history_."
            if strategy
            else "This model was found without training a supernet, so there is nothing to plot; see its history."
        )
    epochs, history = _with_gaps(history)
    figure = Figure(figsize=(9, 6), layout="constrained")
    latency, ram, decisions, accuracy = figure.subplots(2, 2, sharex=True).ravel()
    _cost(latency, epochs, history["expected_latency_ms"], model.limits.max_latency_ms, "latency (ms)")
    kb = [n_bytes / BYTES_PER_KB for n_bytes in history["expected_ram_bytes"]]
    _cost(ram, epochs, kb, model.limits.max_ram_kb, "RAM (KB)")
    decisions.plot(epochs, history["entropy"], color=BLUE, label="entropy (mean, fraction of its maximum)")
    decisions.plot(epochs, history["settled"], color=GREEN, linestyle="--", label="settled decisions (fraction)")
    decisions.set(ylim=(-0.02, 1.02), ylabel="decisions", xlabel="epoch")
    accuracy.plot(epochs, history["accuracy"], color=ORANGE, label="training")
    accuracy.plot(epochs, history["val_accuracy"], color=BLUE, linestyle="--", label="validation")
    accuracy.set(ylim=(-0.02, 1.02), ylabel="accuracy of the supernet", xlabel="epoch")
    for axis in (latency, ram, decisions, accuracy):
        axis.grid(color="0.9", linewidth=0.6)
        axis.legend(fontsize=8, loc="center right" if axis is decisions else "best")
    if path is not None:
        figure.savefig(path, dpi=120)
    return figure


def _with_gaps(history: dict[str, list[float]]) -> tuple[list[float], dict[str, list[float]]]:
    """Returns the epochs and their values, with gaps where the search of another part of the space begins."""
    epochs: list[float] = list(range(1, len(history["loss"]) + 1))
    padded = {name: list(values) for name, values in history.items()}
    parts = history.get("part", [])
    for place in reversed(range(1, len(parts))):
        if parts[place] != parts[place - 1]:
            epochs.insert(place, place + 0.5)
            for values in padded.values():
                values.insert(place, math.nan)
    return epochs, padded


def _cost(axis: Any, epochs: Sequence[float], expected: list[float], limit: float | None, label: str) -> None:
    axis.plot(epochs, expected, color=BLUE, label="expected")
    if limit is not None:
        axis.axhline(limit, color=RED, linestyle=":", label="limit")
    axis.set(ylabel=label, ylim=(0, 1.1 * max(limit or 0.0, *(value for value in expected if not math.isnan(value)))))

"""Pictures of a search; needs matplotlib (`pip install tsnas[plots]`)."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tsnas.cost.limits import BYTES_PER_KB
from tsnas.errors import SettingError

if TYPE_CHECKING:
    from tsnas.classifier import AutoClassifier

# Of the palette of Okabe and Ito, which colour-blind people can tell apart.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"


def plot_search(classifier: AutoClassifier, path: str | os.PathLike[str] | None = None) -> Any:
    """Draws how a search went, epoch by epoch: expected costs against their limits, decisions, accuracy.

    Lines have a gap where the search of the next part of the space begins.

    Args:
        classifier: fitted `AutoClassifier` whose strategy trained a supernet.
        path: file to write, such as `"search.png"`. Defaults to None, none.

    Returns:
        The matplotlib figure.

    Raises:
        SettingError: matplotlib is not installed, or the job had no such search.

    Example:
        >>> plot_search(clf.fit(x, y), "search.png")
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SettingError("plot_search needs matplotlib: pip install 'tsnas[plots]'.") from error
    history = classifier.history_.get("search")
    if history is None:
        raise SettingError(
            f"strategy={classifier.strategy!r} trains no supernet, so there is nothing to draw; see history_."
        )
    epochs = range(1, len(history["loss"]) + 1)
    parts = history.get("part", [0.0] * len(epochs))
    # Where the next part of the search space begins, with another supernet.
    begins = [epoch for epoch, (part, other) in enumerate(itertools.pairwise(parts), start=2) if part != other]
    figure = Figure(figsize=(9, 6), layout="constrained")
    latency, ram, decisions, accuracy = figure.subplots(2, 2, sharex=True).ravel()
    _cost(latency, epochs, history["expected_latency_ms"], classifier.max_latency_ms, "latency (ms)")
    kb = [n_bytes / BYTES_PER_KB for n_bytes in history["expected_ram_bytes"]]
    _cost(ram, epochs, kb, classifier.max_ram_kb, "RAM (KB)")
    decisions.plot(epochs, history["entropy"], color=BLUE, label="entropy (mean, share of its maximum)")
    decisions.plot(epochs, history["settled"], color=GREEN, linestyle="--", label="settled decisions (share)")
    decisions.set(ylim=(-0.02, 1.02), ylabel="decisions", xlabel="epoch")
    accuracy.plot(epochs, history["accuracy"], color=ORANGE, label="training")
    accuracy.plot(epochs, history["val_accuracy"], color=BLUE, linestyle="--", label="validation")
    accuracy.set(ylim=(-0.02, 1.02), ylabel="accuracy of the supernet", xlabel="epoch")
    for axis in (latency, ram, decisions, accuracy):
        for line in list(axis.lines):
            if len(line.get_xdata()) == len(epochs):
                line.set_data(*_broken(epochs, line.get_ydata(), begins))
        axis.grid(color="0.9", linewidth=0.6)
        axis.legend(fontsize=8, loc="center right" if axis is decisions else "best")
    if path is not None:
        figure.savefig(path, dpi=120)
    return figure


def _broken(epochs: Sequence[float], values: Any, begins: Sequence[int]) -> tuple[list[float], list[float]]:
    """A line with a gap before each epoch of `begins`."""
    x, y = list(map(float, epochs)), list(map(float, values))
    for epoch in reversed(begins):
        x.insert(epoch - 1, epoch - 0.5)
        y.insert(epoch - 1, math.nan)
    return x, y


def _cost(axis: Any, epochs: range, expected: list[float], limit: float | None, label: str) -> None:
    axis.plot(epochs, expected, color=BLUE, label="expected")
    if limit is not None:
        axis.axhline(limit, color=RED, linestyle=":", label="limit")
    axis.set(ylabel=label, ylim=(0, 1.1 * max([*expected, limit or 0.0])))

"""Draws the picture of README.md and of the site's front page from the results of the runs, for light and dark pages.

    python tools/result_picture.py

Each dot is a model of one seed, trained by `python -m benchmarks.paper figure8` under a limit on latency and 64 KB of
RAM; the line joins the means, and the diamonds are networks of the MicroNAS paper, as its table 2 states them.
"""

from __future__ import annotations

import pathlib
import sys
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from benchmarks.engine import DEFAULT, Run, f1, results_of  # noqa: E402
from benchmarks.paper.page import PAPER_TABLE2  # noqa: E402
from benchmarks.paper.plan import AMPLE_RAM_KB, F446, FIGURE8, SEEDS  # noqa: E402

RUNS = ROOT / "benchmarks/results/runs.json"
IMAGES = ROOT / "docs/images"
THEMES = {
    "light": {"text": "#1f2328", "faint": "#dfe3e8", "limit": "#8c959f", "tsnas": "#0969da", "paper": "#bc4c00"},
    "dark": {"text": "#e6edf3", "faint": "#2f353d", "limit": "#7d8590", "tsnas": "#58a6ff", "paper": "#f0883e"},
}


def models() -> dict[float, list[dict[str, Any]]]:
    """The model of each seed at each limit on latency in ms."""
    runs = [Run(ms, AMPLE_RAM_KB, seed, F446, strategy=DEFAULT) for ms in FIGURE8[F446] for seed in SEEDS]
    results = results_of(runs, RUNS)
    return {ms: [results[run] for run in runs if run.max_latency_ms == ms] for ms in FIGURE8[F446]}


def of_paper() -> list[tuple[float, float]]:
    """(latency in ms, int8 macro-F1 in percent) of the paper's networks on the same board."""
    return [
        (latency_ms, macro_f1[1])
        for board, latency_ms, _, _, macro_f1 in PAPER_TABLE2.values()
        if board == F446 and latency_ms is not None
    ]


def draw(theme: dict[str, str]) -> Figure:
    """Macro-F1 over latency, with a vertical line at each limit.

    Args:
        theme: dict, the colours of one of `THEMES`.

    Returns:
        matplotlib `Figure` without a background.
    """
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    figure.patch.set_alpha(0)
    axis = figure.subplots()
    axis.patch.set_alpha(0)
    found = models()
    for limit_ms in found:
        axis.axvline(limit_ms, color=theme["limit"], linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    singles = [(r["latency_ms"], 100 * f1(r)) for own in found.values() for r in own]
    axis.plot(*zip(*singles, strict=True), "o", color=theme["tsnas"], alpha=0.55, markersize=4, markeredgewidth=0)
    means = [(np.mean([r["latency_ms"] for r in own]), 100 * np.mean([f1(r) for r in own])) for own in found.values()]
    axis.plot(*zip(*means, strict=True), "o-", color=theme["tsnas"], linewidth=2, markersize=7)
    axis.plot(*zip(*of_paper(), strict=True), "D", color=theme["paper"], markersize=8)
    first_ms, first = means[0]
    axis.annotate("tsnas", (first_ms, first), (-10, 0), "data", "offset points", ha="right", va="center",
                  color=theme["tsnas"], fontsize=13, fontweight="bold")  # fmt: skip
    for latency_ms, score in of_paper():
        left = latency_ms < 50
        axis.annotate(f"MicroNAS paper, {latency_ms:g} ms", (latency_ms, score), (-6 if left else 6, 9), "data",
                      "offset points", ha="left" if left else "right", va="bottom", color=theme["paper"],
                      fontsize=12)  # fmt: skip
    axis.set_xscale("log")
    axis.set_xlim(3.8, 150)
    axis.set_ylim(91, 100)
    axis.set_xticks([*found, 60, 120], labels=[f"{ms:g}" for ms in (*found, 60, 120)])
    axis.set_yticks([92, 94, 96, 98, 100], labels=[f"{score}%" for score in (92, 94, 96, 98, 100)])
    axis.minorticks_off()
    axis.set_xlabel("latency on a NUCLEO-F446RE, ms; dashed lines: the limits that were set", fontsize=12)
    axis.set_title("Macro-F1 of int8 models on unseen users, UCI-HAR", loc="left", fontsize=13, color=theme["text"])
    axis.tick_params(labelsize=12, colors=theme["text"], length=0)
    axis.xaxis.label.set_color(theme["text"])
    axis.grid(axis="y", color=theme["faint"], linewidth=1)
    axis.set_axisbelow(True)
    for spine in axis.spines.values():
        spine.set_visible(False)
    return figure


def write(folder: pathlib.Path) -> None:
    """Writes `result_light.svg` and `result_dark.svg`; the same results give the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "tsnas", "font.family": "DejaVu Sans"}):
        for name, theme in THEMES.items():
            draw(theme).savefig(folder / f"result_{name}.svg", transparent=True, metadata={"Date": None})


if __name__ == "__main__":
    write(IMAGES)

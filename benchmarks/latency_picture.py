"""Draws predicted against measured latency of single operators: the kernel model, and the proxy by MACs.

    python -m benchmarks.latency_picture --measurements=FILE.csv

Every point is one operator on a board, predicted without the recording session it comes from. After figure 2 of the
MicroNAS paper, which sets a lookup table beside the same proxy.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import matplotlib
import numpy as np
from absl import app, flags

from benchmarks.latency import MEASUREMENTS
from benchmarks.latency_models import fit_kernel_model, fit_macs_proxy, held_out_predictions, score
from tsnas.cost.board import load_board
from tsnas.cost.measurements import read_measurements
from tsnas.errors import BoardFileError

matplotlib.use("Agg")
import matplotlib.pyplot as plt

PICTURE = flags.DEFINE_string("picture", "docs/images/latency_model.png", "PNG file to write.")

# Of the palette of Okabe and Ito, which colour-blind people can tell apart; the proxy lies behind the model.
SERIES = (("proxy by MACs", fit_macs_proxy, "#E69F00", "^"), ("tsnas", fit_kernel_model, "#0072B2", "o"))


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    try:
        records = read_measurements(MEASUREMENTS.value)
    except BoardFileError as error:
        sys.exit(f"{error} Give the table with --measurements.")
    names = sorted({record.board for record in records})
    figure, axes = plt.subplots(1, len(names), figsize=(4.2 * len(names), 4.4), layout="constrained")
    for axis, name in zip(axes, names, strict=True):
        rows = [record for record in records if record.board == name]
        clock_hz = load_board(name).clock_hz
        measured_ms = np.array([row.op_cycles for row in rows]) / clock_hz * 1000
        low, high = measured_ms.min() / 1.5, measured_ms.max() * 1.5
        axis.plot([low, high], [low, high], color="0.4", linewidth=0.8)
        for label, fit, colour, marker in SERIES:
            predicted = held_out_predictions(rows, fit, "unseen session")
            mape = score(predicted, measured_ms / 1000 * clock_hz, clock_hz).mape
            axis.scatter(
                measured_ms,
                predicted / clock_hz * 1000,
                s=9,
                marker=marker,
                color=colour,
                alpha=0.5,
                linewidths=0,
                label=f"{label}: {mape:.2%} mean error",
            )
        axis.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high), aspect="equal", title=name)
        axis.set_xlabel("measured latency (ms)")
        axis.legend(loc="upper left", fontsize=8, markerscale=2, framealpha=0.9)
        axis.grid(which="major", color="0.9", linewidth=0.6)
        axis.set_axisbelow(True)
    axes[0].set_ylabel("predicted latency (ms)")
    figure.savefig(PICTURE.value, dpi=120)
    print(f"Written: {PICTURE.value}")


if __name__ == "__main__":
    app.run(main)

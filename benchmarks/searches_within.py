"""Runs real searches of the smallest budget under limits drawn at random, and asks whether a file is over one of them.

    python -m benchmarks.searches_within --searches=200 --max_minutes=25

Each search has a board, windows of another shape, a strategy and limits of its own, which lie between the smallest
costs of the space and ten times those, evenly in their logarithm. The finished file is written, read back operator by
operator, and the upper end of its costs is compared with the limits by this program itself. What a run trains counts
for nothing here, so it trains for an epoch, without a contest. A row is kept for each draw, also for those that no
network keeps (another one is drawn then) and those whose finished file was refused by the search itself; the same
command goes on where it was stopped.
"""

from __future__ import annotations

import collections
import pathlib
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
import tensorflow as tf
import tf_keras as keras
from absl import app, flags

import tsnas
from benchmarks.engine import read_results
from benchmarks.record import provenance, write_json
from tsnas.cost.estimate import estimate_tflite
from tsnas.errors import InfeasibleError, LimitExceededError

SEARCHES = flags.DEFINE_integer("searches", 200, "Number of finished searches.")
MINUTES = flags.DEFINE_float("max_minutes", None, "No further search begins after so many minutes; None for no limit.")
OUT = flags.DEFINE_string("out", "benchmarks/results/searches_within.json", "Where to write.")

BOARDS = ("nucleo_f446re", "arduino_nano_33_ble", "esp32", "raspberry_pi_pico_2")
# Most of the time the default; an evolution trains a supernet first.
STRATEGIES, SHARES = ("random", "evolution"), (0.9, 0.1)
LOOSE = 10.0
SMALLEST = 1e-9
LIMITS = {
    "max_latency_ms": ("latency_ms", 1.0),
    "max_ram_kb": ("ram_bytes", 1024),
    "max_flash_kb": ("flash_bytes", 1024),
}
OUTCOMES = ("finished", "infeasible", "refused")


def windows(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Few windows of noise around a level for each class, of a shape drawn at random."""
    time_steps, channels, classes = int(rng.integers(16, 161)), int(rng.integers(1, 13)), int(rng.integers(2, 9))
    y = np.arange(max(24, 4 * classes)) % classes
    x = rng.normal(y[:, None, None], 1.0, (len(y), time_steps, channels))
    return x.astype(np.float32), y


def drawn_limits(rng: np.random.Generator, smallest: dict[str, float]) -> dict[str, float]:
    """One to three limits, each between the smallest that the space reaches and ten times that."""
    names = rng.permutation(list(LIMITS))[: rng.integers(1, len(LIMITS) + 1)]
    drawn = {str(name): LOOSE ** rng.random() * smallest[LIMITS[name][0]] / LIMITS[name][1] for name in names}
    # Rounded as people write them, but not below what the space reaches.
    return {name: float(np.ceil(value * 100) / 100) for name, value in drawn.items()}


def run_draw(number: int) -> dict[str, Any]:
    """Runs the search of a number; returns its row."""
    rng = np.random.default_rng([0, number])
    x, y = windows(rng)
    board = BOARDS[number % len(BOARDS)]
    strategy = str(rng.choice(STRATEGIES, p=SHARES))
    settings = {
        "strategy": strategy,
        "finalists": 1,  # The steps of a contest do not depend on epochs, and would be most of the time.
        **dict.fromkeys(("epochs", "qat_epochs", "search_epochs", "n_jobs"), 1),
        "plain_rivals": False,
        "verbose": 0,
        "seed": number,
    }
    try:
        tsnas.AutoClassifier(board, **dict.fromkeys(LIMITS, SMALLEST), **settings).fit(x, y)
        raise AssertionError("a network within nothing")
    except InfeasibleError as error:
        limits = drawn_limits(rng, error.smallest)
    row = {
        "draw": number,
        "board": board,
        "shape": list(x.shape),
        "classes": int(y.max()) + 1,
        "strategy": strategy,
        "limits": limits,
    }
    started = time.process_time()
    try:
        clf = tsnas.AutoClassifier(board, **limits, **settings).fit(x, y)
    except InfeasibleError:
        return row | {"outcome": "infeasible"}
    except LimitExceededError as error:
        return row | {"outcome": "refused", "why": str(error)}
    cpu_s = time.process_time() - started
    with tempfile.TemporaryDirectory() as folder:
        clf.save(folder)
        path = pathlib.Path(folder) / "model.tflite"
        estimate, length = estimate_tflite(path, board), path.stat().st_size
    upper = {
        "max_latency_ms": estimate.latency_ms + estimate.latency_margin_ms,
        "max_ram_kb": estimate.ram_bytes / 1024,
        "max_flash_kb": length / 1024,
    }
    return row | {
        "outcome": "finished",
        "cpu_s": round(cpu_s, 1),
        "latency_ms": estimate.latency_ms,
        "upper_ms": upper["max_latency_ms"],
        "ram_bytes": estimate.ram_bytes,
        "flash_bytes": length,
        "used": max(upper[name] / limit for name, limit in limits.items()),
        "over": [name for name, limit in limits.items() if upper[name] > limit],
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Outcomes of each board, and the share of the tightest limit that its models use."""
    lines = []
    for board in BOARDS:
        own = [row for row in rows if row["board"] == board]
        counts = collections.Counter(row["outcome"] for row in own)
        used = [row["used"] for row in own if "used" in row]
        over = sum(bool(row.get("over")) for row in own)
        shown = [f"{value:.4f}" for value in (np.median(used), max(used))] if used else ["", ""]
        lines.append((board, *(counts[outcome] for outcome in OUTCOMES), over, *shown))
    headers = ("board", *OUTCOMES, "over a limit", "median share used", "largest")
    return tabulate.tabulate(lines, headers, disable_numparse=True)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    # A graph takes longer to build than it saves in so few steps.
    tf.config.run_functions_eagerly(True)
    began, rows = time.monotonic(), read_results(OUT.value)

    def finished() -> int:
        return sum(row["outcome"] == "finished" for row in rows)

    while finished() < SEARCHES.value:
        if MINUTES.value is not None and time.monotonic() - began > 60 * MINUTES.value:
            break
        rows.append(run_draw(len(rows)))
        print(rows[-1], flush=True)
        write_json(OUT.value, provenance("benchmarks.searches_within", ("tensorflow", "numpy")) | {"results": rows})
        keras.backend.clear_session()
    print(table(rows))
    over = sum(bool(row.get("over")) for row in rows)
    print(f"{finished()} finished searches, {over} of them with a file over a limit at the upper end of its costs.")


if __name__ == "__main__":
    app.run(main)

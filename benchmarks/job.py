"""One whole job, from windows to a verified model and its scores on test windows."""

from __future__ import annotations

import hashlib
import resource
import time
from typing import Any

import numpy as np

import tsnas


def run_job(
    data: Any,
    board: str,
    space: str,
    strategy: str,
    max_latency_ms: float | None,
    max_ram_kb: float | None,
    seed: int,
    **settings: Any,
) -> dict[str, Any]:
    """Runs a job, and uses the test windows once, for the finished model.

    Args:
        data: `Dataset`.
        board, space, strategy, max_latency_ms, max_ram_kb, seed: as in `AutoClassifier`.
        **settings: more of its arguments; its defaults are what is measured.

    Returns:
        dict of plain JSON values.
    """
    started = time.monotonic()
    settings = {"space": space, "strategy": strategy, "seed": seed, "verbose": 0} | settings
    clf = tsnas.AutoClassifier(board, max_latency_ms, max_ram_kb, **settings)
    clf.fit(data.x_train, data.y_train, groups=data.groups_train)
    minutes = (time.monotonic() - started) / 60
    return {
        "board": board,
        "space": space,
        "strategy": strategy,
        "max_latency_ms": max_latency_ms,
        "max_ram_kb": max_ram_kb,
        "seed": seed,
        "minutes": round(minutes, 2),
        "latency_ms": round(clf.latency_ms_, 3),
        "ram_bytes": clf.ram_bytes_,
        "flash_bytes": clf.flash_bytes_,
        "macs": clf.estimate_.macs,
        "inside_limits": clf.latency_ms_ <= (max_latency_ms or np.inf)
        and clf.ram_bytes_ <= (max_ram_kb or np.inf) * 1024,
        "contest": clf.history_["contest"],
        "architecture": clf.architecture_.to_json(),
        "tflite_sha256": hashlib.sha256(clf.tflite_model_).hexdigest(),
        "test": clf.evaluate(data.x_test, data.y_test),
        "peak_process_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }

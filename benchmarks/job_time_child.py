"""One job of `benchmarks.job_time`, for any version of tsnas on the path: JOB SEED N_JOBS UCI_HAR_FILE.

Progress goes to stdout, a line after each epoch; the last line is the outcome as JSON.
"""

import inspect
import json
import sys

import numpy as np

import tsnas
from tsnas.datasets import load_npz

SAMPLES, TRAINING, TEST = 150, 50, 400


def few(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows of one channel in two classes: a slow bump at any place, with a notch in one of them, in noise."""
    rng = np.random.default_rng(seed)
    codes = np.arange(TRAINING + TEST) % 2
    places = rng.uniform(40, 110, (len(codes), 1))
    time = np.arange(SAMPLES)[np.newaxis]
    bump = np.exp(-(((time - places) / rng.uniform(10, 25, places.shape)) ** 2))
    notch = 0.5 * np.exp(-(((time - places) / 4) ** 2)) * codes[:, np.newaxis]
    return (bump - notch + rng.normal(0, 0.15, bump.shape)).astype(np.float32), codes


def main(job: str, seed: str, n_jobs: str, uci_har: str) -> None:
    settings = {"n_jobs": int(n_jobs)} if "n_jobs" in inspect.signature(tsnas.AutoClassifier).parameters else {}
    groups, limit_ms = None, 30.0
    if job == "few":
        x, y = few(int(seed))
        (x, y), (x_test, y_test), limit_ms = (x[:TRAINING], y[:TRAINING]), (x[TRAINING:], y[TRAINING:]), 40.0
    elif job == "shoulder":
        (x, y, groups), (x_test, y_test, _) = tsnas.datasets.shoulder.load_data()
    else:
        data = load_npz(uci_har)
        x, y, groups, x_test, y_test = data.x_train, data.y_train, data.groups_train, data.x_test, data.y_test
    clf = tsnas.AutoClassifier(
        "nucleo_f446re", max_latency_ms=limit_ms, max_ram_kb=64, seed=int(seed), verbose=2, **settings
    )
    clf.fit(x, y, groups=groups)
    print(json.dumps({"latency_ms": clf.latency_ms_} | clf.evaluate(x_test, y_test)["int8"]))


if __name__ == "__main__":
    main(*sys.argv[1:])

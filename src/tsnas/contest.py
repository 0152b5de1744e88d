"""The contest of the finalists: each is trained for a short while, and the best on validation windows is kept."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
from sklearn.metrics import f1_score
from tqdm.auto import tqdm

from tsnas.deploy.train import train_float
from tsnas.search.derive import Derived

# A search trains many networks at once, so what it says of a single one is a guess; some hundred steps on its own tell
# a network that cannot learn the task from one that can.
CONTEST_STEPS = 300
LEAST_EPOCHS = 3

Data = tuple[np.ndarray, np.ndarray]


def contest(
    finalists: Sequence[Derived],
    train: Data,
    val: Data,
    batch_size: int,
    seed: int,
    verbose: int = 0,
    max_seconds: float = math.inf,
) -> tuple[Derived, list[float], float]:
    """The finalist with the best macro-F1 on the validation windows after a short training.

    Args:
        finalists: sequence of `Derived`; the first wins a tie.
        train: (x, y), x float32 (windows, time, channels, 1), standardised.
        val: (x, y) likewise.
        batch_size: int, windows in a batch.
        seed: int, the same for all.
        verbose: 0, 1 for a bar, 2 for a line for each finalist. Defaults to 0.
        max_seconds: float, time after which no further finalist is trained. Defaults to no bound.

    Returns:
        (winner, scores, seconds_per_epoch): a `Derived`; the macro-F1 of each finalist that was trained, in order; and
        how long the slowest of them took for a pass over the windows. No scores and 0 if there is only one.
    """
    if len(finalists) == 1:
        return finalists[0], [], 0.0
    started, seconds_per_epoch = time.monotonic(), 0.0
    epochs = max(LEAST_EPOCHS, math.ceil(CONTEST_STEPS * batch_size / len(train[0])))
    scores = []
    for index, finalist in enumerate(tqdm(finalists, "contest ", unit="net", disable=verbose != 1, dynamic_ncols=True)):
        if index and time.monotonic() - started >= max_seconds:
            break
        model = finalist.architecture.build(seed=seed)
        before = time.monotonic()
        train_float(model, *train, epochs=epochs, batch_size=batch_size, seed=seed)
        seconds_per_epoch = max(seconds_per_epoch, (time.monotonic() - before) / epochs)
        predicted = model.predict(val[0], batch_size=256, verbose=0).argmax(axis=1)
        scores.append(float(f1_score(val[1], predicted, average="macro", zero_division=0)))
        if verbose == 2:
            cost = f"{finalist.estimate.latency_ms:.1f} ms"
            print(f"contest {index + 1}/{len(finalists)}: macro-F1 {scores[-1]:.3f}, {cost}")
    return finalists[int(np.argmax(scores))], scores, seconds_per_epoch

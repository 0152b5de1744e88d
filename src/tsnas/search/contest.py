"""The contest of the finalists: each is trained for a short while, the best for longer, on other validation users."""

from __future__ import annotations

import dataclasses
import gc
import math
import time
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from sklearn.metrics import f1_score
from tqdm.auto import tqdm

from tsnas.search.derive import Candidate
from tsnas.search.paths import WELL_USED
from tsnas.space.architecture import Architecture
from tsnas.system.interrupts import check
from tsnas.training.augment import Augment, scale_and_noise
from tsnas.training.scope import scope_of
from tsnas.training.train import train_float

# A search trains many networks at once, so what it says of a single one is a guess; some hundred steps on its own tell
# a network that cannot learn the task from one that can, and a thousand on other users a good one from a lucky one.
FIRST_STEPS, SECOND_STEPS = 300, 1000
# One in so many of the finalists comes to the second round.
SECOND_ROUND = 4
# So much may lie between two scores of the first round by chance. On average a larger network is better by less than
# that: those that use the limits well are considered alone, unless the best of them is worse by more.
LEVEL = 0.03
LEAST_EPOCHS = 3
# Windows.
JUDGED_AT_ONCE = 256
# The final training has the same.
DROPOUT = 0.3

Data = tuple[np.ndarray, np.ndarray]
Split = tuple[Data, Data]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a contest.

    Args:
        winner: `Candidate`.
        place: int, of the winner among the finalists. Defaults to 0.
        latency_ms: list of float, one for each finalist that was trained.
        use: list of float, the shares of the tightest limit that they use.
        macro_f1: list of float, their scores in the first round.
        second_macro_f1: dict of the place of a finalist to its score, for those in the second round.
        seconds_per_epoch: float, how long the slowest of them took for a pass over the training windows; 0 if none
            was trained.
    """

    winner: Candidate
    place: int = 0
    latency_ms: list[float] = dataclasses.field(default_factory=list)
    use: list[float] = dataclasses.field(default_factory=list)
    macro_f1: list[float] = dataclasses.field(default_factory=list)
    second_macro_f1: dict[int, float] = dataclasses.field(default_factory=dict)
    seconds_per_epoch: float = 0.0

    def history(self) -> dict[str, list[float]]:
        """The scores, as a phase of `AutoClassifier.history_`."""
        return {
            "latency_ms": self.latency_ms,
            "use": self.use,
            "macro_f1": self.macro_f1,
            "second_round": [float(index) for index in self.second_macro_f1],
            "second_macro_f1": list(self.second_macro_f1.values()),
            "winner": [float(self.place)] if self.macro_f1 else [],
        }


def contest(
    finalists: Sequence[Candidate],
    splits: Sequence[Split],
    batch_size: int,
    seed: int,
    use: Sequence[float] | None = None,
    augment: Augment = scale_and_noise,
    verbose: int = 0,
    max_seconds: float = math.inf,
    distribute: tf.distribute.Strategy | None = None,
) -> Outcome:
    """Finds the finalist with the best macro-F1 on validation windows, in two rounds.

    After the first, those that use the limits well are left to themselves, unless others were better by far.

    Args:
        finalists: sequence of `Candidate`; the first wins a tie.
        splits: one or two of ((x, y), (x_val, y_val)), x float32 (windows, time, channels, 1), standardised; the second
            round takes the last. The score of a finalist is the mean over its rounds.
        batch_size: int, windows in a batch.
        seed: int, the same for all.
        use: sequence of float, the share of the tightest limit that each finalist uses; None makes no difference
            between them. Defaults to None.
        augment: what happens to windows in training, as in `train_float`. Defaults to `scale_and_noise`.
        verbose: 0, 1 for a bar, 2 for a line for each finalist. Defaults to 0.
        max_seconds: float, time after which no further finalist is trained, but for the first. Defaults to no bound.
        distribute: tf.distribute.Strategy that they are trained in. Defaults to None.

    Returns:
        An `Outcome`. A single finalist wins without being trained.
    """
    use = [1.0] * len(finalists) if use is None else list(use)
    if len(finalists) == 1:
        return Outcome(finalists[0])
    deadline = time.monotonic() + max_seconds
    count = max(2, len(finalists) // SECOND_ROUND)
    bar = tqdm(total=len(finalists) + count, desc="contest ", unit="net", disable=verbose != 1, dynamic_ncols=True)
    pace = 0.0

    def judged(index: int, split: Split, steps: int) -> float:
        nonlocal pace
        score, seconds = short_score(finalists[index].architecture, split, steps, batch_size, seed, augment, distribute)
        pace = max(pace, seconds)
        bar.update()
        if verbose == 2:
            cost = f"{finalists[index].estimate.latency_ms:.1f} ms"
            print(f"contest {index + 1}/{len(finalists)}, {steps} steps: macro-F1 {score:.3f}, {cost}")
        return score

    first: list[float] = []
    second: dict[int, float] = {}
    with bar:
        for index in range(len(finalists)):
            if index and time.monotonic() >= deadline:
                break
            first.append(judged(index, splits[0], FIRST_STEPS))
        left = considered(first, use[: len(first)])
        entrants = left[:count] if len(left) > 1 else []
        bar.total = len(finalists) + len(entrants)
        for index in entrants:
            if time.monotonic() < deadline:
                second[index] = judged(index, splits[-1], SECOND_STEPS)
    # Whoever was in the second round stands before all who were not.
    place = max(left, key=lambda i: (i in second, first[i] + second.get(i, 0.0), -i))
    latencies = [finalist.estimate.latency_ms for finalist in finalists[: len(first)]]
    return Outcome(finalists[place], place, latencies, use[: len(first)], first, second, pace)


def considered(first: Sequence[float], use: Sequence[float]) -> list[int]:
    """The places of those that may win, the best first.

    Args:
        first: sequence of float, scores of the first round.
        use: sequence of float, the share of the tightest limit that each uses.

    Returns:
        list of int: those that use the limits well, if the best of them is level with the best of all; else all.
    """
    everyone = range(len(first))
    well = [place for place in everyone if use[place] >= WELL_USED]
    level = any(first[place] >= max(first) - LEVEL for place in well)
    return sorted(well if level else everyone, key=lambda place: -first[place])


def short_score(
    architecture: Architecture,
    split: Split,
    steps: int,
    batch_size: int,
    seed: int,
    augment: Augment = scale_and_noise,
    distribute: tf.distribute.Strategy | None = None,
) -> tuple[float, float]:
    """How well an architecture does on validation windows after a short training.

    Args:
        architecture: `Architecture`.
        split: ((x, y), (x_val, y_val)), as in `contest`.
        steps: int, about how many steps it is trained.
        batch_size, seed, augment, distribute: as in `contest`.

    Returns:
        (macro-F1 on the validation windows, seconds that a pass over the training windows took).
    """
    check()
    train, val = split
    epochs = max(LEAST_EPOCHS, math.ceil(steps * batch_size / len(train[0])))
    started = time.monotonic()
    with scope_of(distribute):
        model = architecture.build(DROPOUT, seed)
        train_float(model, *train, epochs=epochs, batch_size=batch_size, seed=seed, augment=augment)
    seconds = (time.monotonic() - started) / epochs
    # `predict` would compile a graph for each of many networks, and TensorFlow would warn of that in between.
    batches = [val[0][start : start + JUDGED_AT_ONCE] for start in range(0, len(val[0]), JUDGED_AT_ONCE)]
    predicted = np.concatenate([model(batch, training=False) for batch in batches]).argmax(axis=1)
    # The windows that it was trained on are held by references in a circle, which Python may free only much later.
    del model
    gc.collect()
    return float(f1_score(val[1], predicted, average="macro", zero_division=0)), seconds

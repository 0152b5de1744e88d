"""Contest of the finalists: all are trained briefly, then the best for longer, with other validation users."""

from __future__ import annotations

import dataclasses
import gc
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from sklearn.metrics import f1_score
from tqdm.auto import tqdm

from tsnas.search.derive import Candidate
from tsnas.search.paths import WELL_USED
from tsnas.space.architecture import Architecture
from tsnas.system import clock
from tsnas.system.interrupts import raise_if_interrupted
from tsnas.training.augment import Augment, scale_and_noise
from tsnas.training.scope import scope_of
from tsnas.training.train import train_float

# A search trains many networks at once, so its score for a single one is a guess. A few hundred steps of its own tell a
# network that cannot learn the task from one that can; a thousand, judged by other users, a good one from a lucky one.
FIRST_STEPS, SECOND_STEPS = 300, 1000
# One in this many finalists enters the second round.
SECOND_ROUND = 4
# Two scores of the first round may differ by this much by chance, which is more than a larger network gains on average:
# so only those that use the limits well are considered, unless the best of them is worse by more than this.
LEVEL = 0.03
LEAST_EPOCHS = 3
JUDGED_AT_ONCE = 256  # windows
LEAST_PROBABILITY = 1e-7
DROPOUT = 0.3  # as in the final training

History = dict[str, list[float]]
Data = tuple[np.ndarray, np.ndarray]
Split = tuple[Data, Data]


class Score(NamedTuple):
    """Outcome of a short training.

    Args:
        macro_f1: float, macro-F1 on the validation windows.
        seconds_per_epoch: float, duration of a pass over the training windows.
        loss: float, mean cross-entropy on the validation windows, which decides between equal scores. Defaults to 0.
        predicted: int array (windows,), class codes predicted for the validation windows. Defaults to None, not known.
    """

    macro_f1: float
    seconds_per_epoch: float
    loss: float = 0.0
    predicted: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Rounds:
    """Judges architectures on validation windows after short trainings, in two rounds.

    Args:
        splits: sequence of ((x, y), (x_val, y_val)), x float32 (windows, time, channels, 1), standardised. The first
            round uses the first one, the second round all others, or the same again if there are no others.
        batch_size: int, windows in a batch.
        seed: int, seed of every training.
        augment: augmentation, as in `train_float`. Defaults to `scale_and_noise`.
        distribute: tf.distribute.Strategy that networks are trained in. Defaults to None.
    """

    splits: Sequence[Split]
    batch_size: int
    seed: int
    augment: Augment = scale_and_noise
    distribute: tf.distribute.Strategy | None = None

    def first(self, architecture: Architecture, times: int = 1) -> Score:
        """Scores an architecture after `times` the steps of the first round, on the first split."""
        return self._score(architecture, 0, times * FIRST_STEPS)

    def second(self, architecture: Architecture) -> Score:
        """Scores an architecture on all windows of the other splits, after a training for each of them."""
        scores = [self._score(architecture, index, self.second_steps) for index in self.second_splits]
        predicted = [score.predicted for score in scores if score.predicted is not None]
        if len(scores) == 1 or len(predicted) < len(scores):
            macro_f1 = float(np.mean([score.macro_f1 for score in scores]))
        else:
            codes = np.concatenate([self.splits[index][1][1] for index in self.second_splits])
            macro_f1 = _macro_f1(codes, np.concatenate(predicted))
        return Score(
            macro_f1,
            max(score.seconds_per_epoch for score in scores),
            float(np.mean([score.loss for score in scores])),
            np.concatenate(predicted) if predicted else None,
        )

    @property
    def second_splits(self) -> list[int]:
        """Indices of the splits of the second round."""
        return list(range(1, len(self.splits))) or [0]

    @property
    def second_steps(self) -> int:
        """Number of steps for each split of the second round; with several, those of the first round suffice."""
        return SECOND_STEPS if len(self.second_splits) == 1 else FIRST_STEPS

    def divided(self, first: np.ndarray | None, second: np.ndarray | None) -> dict[int, np.ndarray]:
        """Divides what was predicted in the rounds by splits; a second prediction for a split replaces the first.

        Args:
            first, second: int arrays (windows,), `Score.predicted` of the two rounds, or None.

        Returns:
            dict of the index of a split to the class codes predicted for its validation windows.
        """
        found = {} if first is None else {0: first}
        if second is not None:
            ends = np.cumsum([len(self.splits[index][1][1]) for index in self.second_splits])[:-1]
            found |= dict(zip(self.second_splits, np.split(second, ends), strict=True))
        return found

    def _score(self, architecture: Architecture, index: int, steps: int) -> Score:
        split = self.splits[index]
        return short_score(architecture, split, steps, self.batch_size, self.seed, self.augment, self.distribute)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Outcome of a contest.

    Args:
        winner: `Candidate`.
        place: int, place of the winner among the finalists. Defaults to 0.
        latency_ms: list of float, latencies of the finalists that were trained.
        use: list of float, fractions of the tightest limit that they use.
        macro_f1: list of float, their scores in the first round.
        second_macro_f1: dict of the place of a finalist to its score, for those in the second round.
        left_out: list of int, places of those that were not considered, because others use the limits better.
        seconds_per_epoch: float, duration of a pass over the training windows for the slowest finalist; 0 if none was
            trained.
        predicted: dict of the index of a split to an int array (windows,), class codes that the winner predicted for
            its validation windows. Defaults to {}, not known.
    """

    winner: Candidate
    place: int = 0
    latency_ms: list[float] = dataclasses.field(default_factory=list)
    use: list[float] = dataclasses.field(default_factory=list)
    macro_f1: list[float] = dataclasses.field(default_factory=list)
    second_macro_f1: dict[int, float] = dataclasses.field(default_factory=dict)
    left_out: list[int] = dataclasses.field(default_factory=list)
    seconds_per_epoch: float = 0.0
    predicted: dict[int, np.ndarray] = dataclasses.field(default_factory=dict, compare=False)

    def history(self) -> History:
        """Returns the outcome as a phase of `AutoClassifier.history_`."""
        return {
            "latency_ms": self.latency_ms,
            "use": self.use,
            "macro_f1": self.macro_f1,
            "second_round": [float(index) for index in self.second_macro_f1],
            "second_macro_f1": list(self.second_macro_f1.values()),
            "left_out": [float(index) for index in self.left_out],
            "winner": [float(self.place)] if self.macro_f1 else [],
        }


def contest(
    finalists: Sequence[Candidate],
    rounds: Rounds,
    use: Sequence[float] | None = None,
    verbose: int = 0,
    max_seconds: float = math.inf,
) -> Outcome:
    """Finds the finalist with the best macro-F1 on validation windows, in two rounds.

    After the first round only finalists that use the limits well are considered, unless others were much better. The
    score of a finalist is the mean over its rounds; of equal ones, the smaller loss decides.

    Args:
        finalists: sequence of `Candidate`; the first wins if all is equal.
        rounds: `Rounds` that judge them.
        use: sequence of float, the fraction of the tightest limit that each finalist uses. Defaults to None: all are
            considered.
        verbose: 0 for silence, 1 for a progress bar, 2 for a line for each finalist. Defaults to 0.
        max_seconds: float, time after which no further finalist is trained, except the first. Defaults to no bound.

    Returns:
        An `Outcome`. A single finalist wins without being trained.
    """
    use = [1.0] * len(finalists) if use is None else list(use)
    if len(finalists) == 1:
        return Outcome(finalists[0])
    deadline = clock.monotonic() + max_seconds
    count = max(2, len(finalists) // SECOND_ROUND)
    bar = tqdm(total=len(finalists) + count, desc="contest ", unit="net", disable=verbose != 1, dynamic_ncols=True)
    slowest = 0.0
    losses = [0.0] * len(finalists)
    predicted: dict[int, list[np.ndarray | None]] = {}

    def judged(index: int, judge: Callable[[Architecture], Score], steps: str) -> float:
        nonlocal slowest
        score = judge(finalists[index].architecture)
        slowest = max(slowest, score.seconds_per_epoch)
        losses[index] += score.loss
        predicted.setdefault(index, []).append(score.predicted)
        bar.update()
        if verbose == 2:
            cost = f"{finalists[index].estimate.latency_ms:.1f} ms"
            print(f"contest {index + 1}/{len(finalists)}, {steps} steps: macro-F1 {score.macro_f1:.3f}, {cost}")
        return score.macro_f1

    first: list[float] = []
    second: dict[int, float] = {}
    with bar:
        for index in range(len(finalists)):
            if index and clock.monotonic() >= deadline:
                break
            first.append(judged(index, rounds.first, f"{FIRST_STEPS}"))
        left = considered(first, use[: len(first)], losses)
        entrants = left[:count] if len(left) > 1 else []
        bar.total = len(finalists) + len(entrants)
        for index in entrants:
            if clock.monotonic() < deadline:
                times = f"{len(rounds.second_splits)} x " if len(rounds.second_splits) > 1 else ""
                second[index] = judged(index, rounds.second, f"{times}{rounds.second_steps}")
    place = best(left, first, second, losses)
    return Outcome(
        winner=finalists[place],
        place=place,
        latency_ms=[finalist.estimate.latency_ms for finalist in finalists[: len(first)]],
        use=use[: len(first)],
        macro_f1=first,
        second_macro_f1=second,
        left_out=sorted(set(range(len(first))) - set(left)),
        seconds_per_epoch=slowest,
        predicted=rounds.divided(*(predicted[place] + [None])[:2]),
    )


def best(
    places: Sequence[int], first: Sequence[float], second: Mapping[int, float], losses: Sequence[float] | None = None
) -> int:
    """Returns the place of the winner; finalists of the second round rank before all others.

    Args:
        places: sequence of int, places of the finalists that may win.
        first: sequence of float, scores of the first round.
        second: dict of place to score of the second round.
        losses: sequence of float, sum of the losses of each finalist. Defaults to None, not known.

    Returns:
        int; of equal scores, the place with the smaller loss, then the first one.
    """
    losses = [0.0] * len(first) if losses is None else losses
    return max(places, key=lambda at: (at in second, first[at] + second.get(at, 0.0), -losses[at], -at))


def considered(first: Sequence[float], use: Sequence[float], losses: Sequence[float] | None = None) -> list[int]:
    """Returns the places of the finalists that may win, the best first.

    Args:
        first: sequence of float, scores of the first round.
        use: sequence of float, the fraction of the tightest limit that each finalist uses.
        losses: sequence of float, losses of the first round. Defaults to None, not known.

    Returns:
        list of int: those that use the limits well, if the best of them is about as good as the best of all; else all.
    """
    everyone = range(len(first))
    well = [place for place in everyone if use[place] >= WELL_USED]
    level = any(first[place] >= max(first) - LEVEL for place in well)
    losses = [0.0] * len(first) if losses is None else losses
    return sorted(well if level else everyone, key=lambda place: (-first[place], losses[place]))


def short_score(
    architecture: Architecture,
    split: Split,
    steps: int,
    batch_size: int,
    seed: int,
    augment: Augment = scale_and_noise,
    distribute: tf.distribute.Strategy | None = None,
) -> Score:
    """Scores an architecture on validation windows after a short training.

    Args:
        architecture: `Architecture`.
        split: ((x, y), (x_val, y_val)), as in `Rounds`.
        steps: int, approximate number of training steps.
        batch_size, seed, augment, distribute: as in `Rounds`.

    Returns:
        A `Score`.
    """
    raise_if_interrupted()
    train, val = split
    epochs = max(LEAST_EPOCHS, math.ceil(steps * batch_size / len(train[0])))
    started = clock.monotonic()
    with scope_of(distribute):
        model = architecture.build(DROPOUT, seed)
        train_float(model, *train, epochs=epochs, batch_size=batch_size, seed=seed, augment=augment)
    seconds = (clock.monotonic() - started) / epochs
    # `predict` would compile a graph for each of many networks, and TensorFlow would warn about it.
    batches = [val[0][start : start + JUDGED_AT_ONCE] for start in range(0, len(val[0]), JUDGED_AT_ONCE)]
    probabilities = np.concatenate([model(batch, training=False) for batch in batches])
    # A reference cycle holds the training windows, and Python might free it only much later.
    del model
    gc.collect()
    predicted = probabilities.argmax(axis=1)
    loss = -np.log(np.maximum(probabilities[np.arange(len(predicted)), val[1]], LEAST_PROBABILITY)).mean()
    return Score(_macro_f1(val[1], predicted), seconds, float(loss), predicted)


def _macro_f1(codes: np.ndarray, predicted: np.ndarray) -> float:
    return float(f1_score(codes, predicted, average="macro", zero_division=0))


def completed(history: History) -> History:
    """Completes the history of a contest that was stored by an earlier version to the form of `Outcome.history`.

    Args:
        history: phase `"contest"` of `AutoClassifier.history_`; the earliest versions had no `"use"`, no second round
            and no `"winner"`, and considered all finalists.

    Returns:
        A dict with all keys of `Outcome.history`, except `"use"` if that is unknown.
    """
    first, use = history["macro_f1"], history.get("use", [])
    second = dict(zip(map(int, history.get("second_round", [])), history.get("second_macro_f1", []), strict=True))
    everyone = range(len(first))
    may_win = considered(first, use) if use else list(everyone)
    found = {
        "second_round": [],
        "second_macro_f1": [],
        "left_out": [float(place) for place in everyone if place not in may_win],
        "winner": [float(best(everyone, first, second))] if first else [],
    }
    return found | history

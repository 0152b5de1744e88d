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
DROPOUT = 0.3  # as in the final training

History = dict[str, list[float]]
Data = tuple[np.ndarray, np.ndarray]
Split = tuple[Data, Data]


class Score(NamedTuple):
    """Outcome of a short training.

    Args:
        macro_f1: float, macro-F1 on the validation windows.
        seconds_per_epoch: float, duration of a pass over the training windows.
        predicted: int array (windows,), class codes predicted for the validation windows. Defaults to None, not known.
    """

    macro_f1: float
    seconds_per_epoch: float
    predicted: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Rounds:
    """Judges architectures on validation windows after short trainings, in two rounds.

    Args:
        splits: sequence of one or two ((x, y), (x_val, y_val)), x float32 (windows, time, channels, 1), standardised;
            the second round uses the last one.
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
        return self._score(architecture, self.splits[0], times * FIRST_STEPS)

    def second(self, architecture: Architecture) -> Score:
        """Scores an architecture after the steps of the second round, on the last split."""
        return self._score(architecture, self.splits[-1], SECOND_STEPS)

    def _score(self, architecture: Architecture, split: Split, steps: int) -> Score:
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
        predicted: tuple of int arrays (windows,), class codes that the winner predicted for the validation windows in
            each of its rounds. Defaults to (), not known.
    """

    winner: Candidate
    place: int = 0
    latency_ms: list[float] = dataclasses.field(default_factory=list)
    use: list[float] = dataclasses.field(default_factory=list)
    macro_f1: list[float] = dataclasses.field(default_factory=list)
    second_macro_f1: dict[int, float] = dataclasses.field(default_factory=dict)
    left_out: list[int] = dataclasses.field(default_factory=list)
    seconds_per_epoch: float = 0.0
    predicted: tuple[np.ndarray, ...] = dataclasses.field(default=(), compare=False)

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
    score of a finalist is the mean over its rounds.

    Args:
        finalists: sequence of `Candidate`; the first wins a tie.
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
    predicted: dict[int, list[np.ndarray]] = {}

    def judged(index: int, judge: Callable[[Architecture], Score], steps: int) -> float:
        nonlocal slowest
        score = judge(finalists[index].architecture)
        slowest = max(slowest, score.seconds_per_epoch)
        predicted.setdefault(index, []).extend([] if score.predicted is None else [score.predicted])
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
            first.append(judged(index, rounds.first, FIRST_STEPS))
        left = considered(first, use[: len(first)])
        entrants = left[:count] if len(left) > 1 else []
        bar.total = len(finalists) + len(entrants)
        for index in entrants:
            if clock.monotonic() < deadline:
                second[index] = judged(index, rounds.second, SECOND_STEPS)
    place = best(left, first, second)
    return Outcome(
        winner=finalists[place],
        place=place,
        latency_ms=[finalist.estimate.latency_ms for finalist in finalists[: len(first)]],
        use=use[: len(first)],
        macro_f1=first,
        second_macro_f1=second,
        left_out=sorted(set(range(len(first))) - set(left)),
        seconds_per_epoch=slowest,
        predicted=tuple(predicted[place]),
    )


def best(places: Sequence[int], first: Sequence[float], second: Mapping[int, float]) -> int:
    """Returns the place of the winner; finalists of the second round rank before all others.

    Args:
        places: sequence of int, places of the finalists that may win.
        first: sequence of float, scores of the first round.
        second: dict of place to score of the second round.

    Returns:
        int; the first one of a tie.
    """
    return max(places, key=lambda place: (place in second, first[place] + second.get(place, 0.0), -place))


def considered(first: Sequence[float], use: Sequence[float]) -> list[int]:
    """Returns the places of the finalists that may win, the best first.

    Args:
        first: sequence of float, scores of the first round.
        use: sequence of float, the fraction of the tightest limit that each finalist uses.

    Returns:
        list of int: those that use the limits well, if the best of them is about as good as the best of all; else all.
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
    predicted = np.concatenate([model(batch, training=False) for batch in batches]).argmax(axis=1)
    # A reference cycle holds the training windows, and Python might free it only much later.
    del model
    gc.collect()
    return Score(float(f1_score(val[1], predicted, average="macro", zero_division=0)), seconds, predicted)


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

"""Rounds of a contest: short trainings of an architecture, and its scores on validation windows."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import math
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from sklearn.metrics import f1_score

from tsnas.data import Data, unpacked
from tsnas.space.architecture import Architecture
from tsnas.system import clock
from tsnas.system.garbage import freed
from tsnas.system.interrupts import raise_if_interrupted
from tsnas.training.augment import Augment, scale_and_noise
from tsnas.training.epochs import repeated
from tsnas.training.scope import scope_of
from tsnas.training.train import FloatTraining
from tsnas.workers.pool import HERE, Workers
from tsnas.workers.process import kept

# A search trains many networks at once, so its score for a single one is a guess. A few hundred steps of its own tell a
# network that cannot learn the task from one that can; twice as many, judged by others, a good one from a lucky one.
FIRST_STEPS, SECOND_STEPS = 300, 600
# The score of a network that meets no other is only to be known: it decides nothing.
LONE_STEPS = 200
LEAST_EPOCHS = 3
JUDGED_AT_ONCE = 256  # windows
LEAST_PROBABILITY = 1e-7
DROPOUT = 0.3  # as in the final training

Split = tuple[Data, Data]


class Score(NamedTuple):
    """Outcome of a short training.

    Args:
        macro_f1: float, macro-F1 on the validation windows.
        seconds_per_epoch: float, duration of a pass over the training windows.
        loss: float, mean cross-entropy on the validation windows, which decides between equal scores. Defaults to 0.
        predicted: int array (windows,), class codes predicted for the validation windows. Defaults to None, not known.
        levels: uint8 array (windows, classes), their probabilities in 1/256, as a board has them. Defaults to None, not
            known.
    """

    macro_f1: float
    seconds_per_epoch: float
    loss: float = 0.0
    predicted: np.ndarray | None = None
    levels: np.ndarray | None = None


OnScore = Callable[[int, Score], None]


@dataclasses.dataclass(frozen=True)
class Rounds:
    """Judges architectures on validation windows after short trainings, in two rounds.

    Args:
        splits: sequence of ((x, y), (x_val, y_val)), x float32 (windows, time, channels, 1), standardised; each pair
            may have weights of its windows as a third member. The first round uses the first split, the second round
            all others, or the same again if there are no others.
        batch_size: int, windows in a batch.
        seed: int, seed of every training.
        augment: augmentation, as in `train_float`. Defaults to `scale_and_noise`.
        distribute: tf.distribute.Strategy that networks are trained in. Defaults to None.
        workers: `Workers` that do the trainings. Defaults to this process.
    """

    splits: Sequence[Split]
    batch_size: int
    seed: int
    augment: Augment = scale_and_noise
    distribute: tf.distribute.Strategy | None = None
    workers: Workers = HERE

    def first(
        self,
        architectures: Sequence[Architecture],
        times: int = 1,
        deadline: float = math.inf,
        on_score: OnScore | None = None,
    ) -> list[Score]:
        """Scores architectures after `times` the steps of the first round, on the first split.

        Args:
            architectures: sequence of `Architecture`.
            times: int, factor of the number of steps. Defaults to 1.
            deadline: float, time of the clock after which no further training begins, except the first. Defaults to
                infinity.
            on_score: function of the place of an architecture and its `Score`, called as soon as there is one. Defaults
                to None.

        Returns:
            list of `Score`, for the first of the architectures if there was no time for all of them.
        """
        calls = [self._call(architecture, [0], times * self.first_steps) for architecture in architectures]
        heard = None if on_score is None else lambda place, scores: on_score(place, scores[0])
        return [scores[0] for scores in self.workers.run(calls, deadline, heard)]

    def second(
        self,
        architectures: Sequence[Architecture],
        deadline: float = math.inf,
        on_score: OnScore | None = None,
        splits: Sequence[int] | None = None,
        steps: int | None = None,
    ) -> list[Score]:
        """Scores architectures on all windows of the other splits, after a training for each of them.

        Args:
            architectures, deadline, on_score: as in `first`.
            splits: sequence of int, indices of the splits. Defaults to None: `second_splits`.
            steps: int, steps of each training. Defaults to None: `second_steps`.

        Returns:
            list of `Score`, each for the windows of those splits that there was time for.
        """
        groups = self._groups(splits or self.second_splits, len(architectures), deadline < math.inf)
        left = collections.Counter(place for place, _ in groups)
        found: dict[int, dict[int, Score]] = {}

        def note(position: int, scores: list[Score]) -> None:
            place, indices = groups[position]
            found.setdefault(place, {}).update(zip(indices, scores, strict=True))
            left[place] -= 1
            if on_score is not None and not left[place]:
                on_score(place, self._joined(found[place]))

        calls = [self._call(architectures[place], indices, steps or self.second_steps) for place, indices in groups]
        self.workers.run(calls, deadline, note)
        for place in sorted(found):
            if on_score is not None and left[place]:  # Time is over.
                on_score(place, self._joined(found[place]))
        return [self._joined(found[place]) for place in sorted(found)]

    def _groups(self, splits: Sequence[int], architectures: int, timed: bool) -> list[tuple[int, list[int]]]:
        """Returns the place of an architecture and the splits of each call; those of one call share a graph.

        There are as many calls as can run side by side. With a deadline each split has its own, for only between calls
        is there a look at the clock.
        """
        calls = len(splits) if timed else min(len(splits), math.ceil(self.workers.count / architectures))
        parts = np.array_split(splits, calls)
        return [(place, part.tolist()) for place in range(architectures) for part in parts]

    def _joined(self, scores: Mapping[int, Score]) -> Score:
        """Joins the scores of splits, by their index."""
        indices = sorted(scores)
        own = [scores[index] for index in indices]
        predicted = [score.predicted for score in own if score.predicted is not None]
        levels = [score.levels for score in own if score.levels is not None]
        if len(own) == 1 or len(predicted) < len(own):
            macro_f1 = float(np.mean([score.macro_f1 for score in own]))
        else:
            macro_f1 = self._macro_f1_on(dict(zip(indices, predicted, strict=True)))
        return Score(
            macro_f1,
            max(score.seconds_per_epoch for score in own),
            float(np.mean([score.loss for score in own])),
            np.concatenate(predicted) if predicted else None,
            np.concatenate(levels) if levels else None,
        )

    def _macro_f1_on(self, predicted: Mapping[int, np.ndarray]) -> float:
        """Returns the macro-F1 on the validation windows of splits together, by the index of each."""
        judges = [unpacked(self.splits[index][1])[1:] for index in predicted]
        codes = np.concatenate([own_codes for own_codes, _ in judges])
        weights = None if judges[0][1] is None else np.concatenate([own_weights for _, own_weights in judges])
        return _macro_f1(codes, np.concatenate(list(predicted.values())), weights)

    @property
    def first_steps(self) -> int:
        """Number of steps of the first round."""
        return FIRST_STEPS

    @property
    def second_splits(self) -> list[int]:
        """Indices of the splits of the second round."""
        return list(range(1, len(self.splits))) or [0]

    @property
    def second_steps(self) -> int:
        """Number of steps for each split of the second round; with several, those of the first round suffice."""
        return SECOND_STEPS if len(self.second_splits) == 1 else FIRST_STEPS

    def divided(
        self, first: np.ndarray | None, second: np.ndarray | None, splits: Sequence[int] | None = None
    ) -> dict[int, np.ndarray]:
        """Divides what was predicted in the rounds by splits; a second prediction for a split replaces the first.

        Args:
            first, second: arrays (windows, ...), `Score.predicted` or `Score.levels` of the two rounds, or None.
            splits: as in `second`.

        Returns:
            dict of the index of a split to what was predicted for its validation windows.
        """
        found = {} if first is None else {0: first}
        left = np.zeros(0, int) if second is None else second
        for index in splits or self.second_splits:
            windows = len(self.splits[index][1][1])
            own, left = left[:windows], left[windows:]
            if len(own):  # There was time for it.
                found[index] = own
        return found

    def _call(self, architecture: Architecture, indices: Sequence[int], steps: int) -> Callable[[], list[Score]]:
        return functools.partial(
            short_scores,
            architecture,
            self.splits,
            indices,
            steps,
            self.batch_size,
            self.seed,
            self.augment,
            self.distribute,
        )


# Reference cycles hold the training windows, and Python might free them only much later.
@freed()
def short_scores(
    architecture: Architecture,
    splits: Sequence[Split],
    indices: Sequence[int],
    steps: int,
    batch_size: int,
    seed: int,
    augment: Augment = scale_and_noise,
    distribute: tf.distribute.Strategy | None = None,
) -> list[Score]:
    """Scores an architecture on the validation windows of splits, after a short training for each of them.

    Args:
        architecture: `Architecture`.
        splits: sequence of ((x, y), (x_val, y_val)), as in `Rounds`.
        indices: sequence of int, the splits to score it on.
        steps: int, approximate number of training steps.
        batch_size, seed, augment, distribute: as in `Rounds`.

    Returns:
        list of `Score`, one for each index; none depends on the others.
    """
    with scope_of(distribute), training_of(architecture, seed, augment) as training:
        return [_score(training, splits[index], steps, batch_size, seed) for index in indices]


def training_of(
    architecture: Architecture, seed: int, augment: Augment
) -> contextlib.AbstractContextManager[FloatTraining]:
    """Returns a context with the trainings of an architecture, whose graphs later calls of a worker process find.

    Args:
        architecture: `Architecture`.
        seed: int, seed of its weights.
        augment: augmentation, as in `train_float`; it can be pickled.
    """
    key = "training", architecture, seed, pickle.dumps(augment)
    return kept(key, lambda: FloatTraining(architecture.build(DROPOUT, seed), augment))


def _score(training: FloatTraining, split: Split, steps: int, batch_size: int, seed: int) -> Score:
    raise_if_interrupted()
    model = training.model
    x_val, codes_val, weights_val = unpacked(split[1])
    x_epoch, codes_epoch, weights_epoch = unpacked(repeated(split[0], batch_size, steps // LEAST_EPOCHS))
    epochs = max(LEAST_EPOCHS, math.ceil(steps * batch_size / len(x_epoch)))
    started = clock.monotonic()
    history = training.run(
        x_epoch,
        codes_epoch,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        until_solved=True,
        sample_weight=weights_epoch,
    )
    passes = len(history["loss"]) * len(x_epoch) / len(split[0][0])
    seconds = (clock.monotonic() - started) / passes
    # `predict` would compile a graph for each of many networks, and TensorFlow would warn about it.
    batches = [x_val[start : start + JUDGED_AT_ONCE] for start in range(0, len(x_val), JUDGED_AT_ONCE)]
    probabilities = np.concatenate([model(batch, training=False) for batch in batches])
    predicted = probabilities.argmax(axis=1)
    losses = -np.log(np.maximum(probabilities[np.arange(len(predicted)), codes_val], LEAST_PROBABILITY))
    loss = np.average(losses, weights=weights_val)
    levels = np.minimum(np.round(256 * probabilities), 255).astype(np.uint8)
    return Score(_macro_f1(codes_val, predicted, weights_val), seconds, float(loss), predicted, levels)


def _macro_f1(codes: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None) -> float:
    return float(f1_score(codes, predicted, average="macro", zero_division=0, sample_weight=weights))

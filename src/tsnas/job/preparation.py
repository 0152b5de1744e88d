"""Preparation of the windows of a job for its networks: splits, standardisation and augmentation."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tsnas.data import (
    AnyWindows,
    Axes,
    Data,
    Rejection,
    Standardizer,
    Windows,
    unpacked,
    validation_splits,
    with_class_weights,
)
from tsnas.data.resolution import warn_of_poor_signal
from tsnas.job.inputs import Job
from tsnas.job.rejecting import learn_rejection
from tsnas.plain.locality import is_local, locality_loss_ratio
from tsnas.plain.rivals import draw_evenly
from tsnas.plain.stretching import stretching_loss_ratio
from tsnas.search.rounds import Split
from tsnas.system.words import listed
from tsnas.training.augment import Augment, augmentation, scale_and_noise, stretch_and_shift
from tsnas.workers.pool import HERE, Workers

# So many validation windows judge a network; if a split has fewer, there are more splits.
JUDGES = 50
MOST_SPLITS = 5
# No more of those that are split off judge a network; then chance moves its score by less than a hundredth.
MOST_JUDGES = 10_000
# Windows that take no more bytes are standardised once, and others whenever they are read.
HELD_BYTES = 2**27
# Windows are not stretched if that raises a plain model's loss on other windows by more than this factor, even if the
# ratio that they show is so many standard errors too high, as it may be where windows are few.
MOST_LOSS_RATIO, LEAST_ERRORS = 1.05, 2.0

Rows = Sequence[tuple[np.ndarray, np.ndarray]]
# Windows in a form that workers need no copy of, their labels, and their weights if they have any.
Shared = tuple[Windows, np.ndarray] | tuple[Windows, np.ndarray, np.ndarray]


class Splits(Sequence[Split]):
    """Sequence of training and validation windows, of which none is copied.

    Args:
        windows: `Shared`, all windows that may be trained on.
        rows: list of (training, validation), the indices or slices of each split.
        validation: `Shared`, the windows that the validation rows are of. Defaults to None: `windows`.
    """

    def __init__(self, windows: Shared, rows: Sequence[tuple[Any, Any]], validation: Shared | None = None):
        self._windows, self._rows, self._validation = windows, rows, validation or windows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        train, val = self._rows[index]
        return _of_rows(self._windows, train), _of_rows(self._validation, val)


def _of_rows(data: Shared, rows: Any) -> Data:
    x, *parts = data
    return x.select(rows), *(part[rows] for part in parts)


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Windows in the form that networks take, (windows, time, channels, 1), with their labels.

    Args:
        standardizer: `Standardizer` of the first split's training windows.
        splits: sequence of (training, validation), as `contest` takes them.
        rows: list of (training, validation), the indices of each split into the windows of the job; None where the
            caller gave validation data. Of many windows that were split off, not all are in either.
        everything: all windows, with the weights that they have in a training; validation windows of the splits weigh
            as they were given, whatever their class.
        augment: augmentation, as in `train_float`.
        rejection: `Rejection`, or None if the job wants none. Defaults to None.
    """

    standardizer: Standardizer
    splits: Sequence[Split]
    rows: Rows | None
    everything: Shared
    augment: Augment
    rejection: Rejection | None = None


def prepare(job: Job, seed: int, workers: Workers = HERE) -> Prepared:
    """Splits off validation windows, standardises all windows, and sets up the augmentation.

    Args:
        job: `Job`.
        seed: int, seed of the splits.
        workers: `Workers` that will see the windows. Defaults to this process.

    Returns:
        A `Prepared`.
    """
    settings = job.settings
    rows: Rows | None = None
    if job.validation_data is None:
        count = _split_count(len(job.y), job.groups, settings.validation_fraction)
        parts = validation_splits(job.y, job.groups, settings.validation_fraction, count, seed)
        rows = [(train, val[draw_evenly(job.y[val], MOST_JUDGES, seed)]) for train, val in parts]
    standardizer = Standardizer.fit(job.x if rows is None else job.x.select(rows[0][0]))
    warn_of_poor_signal(job.x, standardizer)
    if standardizer.ordinary is not None:
        channels = [index for index, (low, _) in enumerate(standardizer.ordinary) if np.isfinite(low)]
        settings.say(
            f"wild values: a few of {'channel' if len(channels) == 1 else 'channels'} "
            f"{listed(list(map(str, channels)))} are far from all others, and do not\n"
            "  count for its mean and deviation (`tsnas data check` says more)"
        )

    def shared(x: Windows, y: np.ndarray, weights: np.ndarray | None = None) -> Shared:
        """Returns standardised windows (windows, time, channels, 1), their labels, and their weights if there are."""
        if math.prod(x.shape) * x.dtype.itemsize <= HELD_BYTES:
            windows = Windows(workers.share(standardizer(x[:])[..., np.newaxis]))
        else:
            windows = Windows(workers.share(x.source), standardizer, x.rows)
        return (windows, y) if weights is None else (windows, y, weights)

    as_given = shared(job.x, job.y, job.sample_weight)
    everything: Shared = with_class_weights(as_given, settings.class_weight)  # type: ignore[assignment]
    if job.validation_data is not None:
        splits = Splits(everything, [(slice(None), slice(None))], shared(*job.validation_data))
    else:
        assert rows is not None
        splits = Splits(everything, rows, as_given)
    rejection = None
    if settings.reject is not None:
        other = None if job.other is None else Windows(job.other.source, standardizer, job.other.rows)
        # Features cost little, so that as many users as can be say how far windows of known classes are from the rest.
        count = min(max(math.floor(1 / settings.validation_fraction), 2), MOST_SPLITS)
        held_out = None
        if rows is not None:
            held_out = validation_splits(job.y, job.groups, settings.validation_fraction, count, seed)
        rejection = learn_rejection(splits, held_out, everything, other)
    if settings.axes:
        settings.say(
            f"axes: channels {_listed(settings.axes)} are taken as x, y, z of a sensor, and rotated in training"
        )
        return Prepared(standardizer, splits, rows, everything, augmentation(standardizer, settings.axes), rejection)
    augment, ratio = stretched_or_not(*unpacked(everything)[:2], job.groups, seed)
    if augment is stretch_and_shift:
        settings.say("augmentation: windows are stretched and shifted in time, scaled, and given noise")
    else:
        settings.say(
            "augmentation: windows are not stretched, only scaled and given noise: a ridge\n"
            f"  classifier that learned from stretched windows had {ratio - 1:.0%} more loss on others"
        )
    return Prepared(standardizer, splits, rows, everything, augment, rejection)


def _split_count(windows: int, groups: np.ndarray | None, fraction: float) -> int:
    """Returns the number of splits: two, more if they have few validation windows, but never twice the same groups."""
    if fraction * windows >= JUDGES:
        return 2
    parts = math.floor(1 / fraction)
    if groups is not None and (distinct := len(np.unique(groups))) > 1:
        parts = min(parts, distinct // max(round(fraction * distinct), 1))
    return min(max(parts, 2), MOST_SPLITS)


def stretched_or_not(x: AnyWindows, codes: np.ndarray, groups: np.ndarray | None, seed: int) -> tuple[Augment, float]:
    """Chooses the augmentation of windows without known axes.

    Args:
        x: float32 array (windows, time, channels, 1), standardised, or such `Windows`.
        codes, groups, seed: as in `stretching_loss_ratio`.

    Returns:
        (augment, ratio): `stretch_and_shift`, or `scale_and_noise` if stretching surely makes windows look like those
            of other classes; and the ratio that `stretching_loss_ratio` found.
    """

    def copies(augment: Augment) -> Callable[[np.ndarray, int], np.ndarray]:
        return lambda windows, own: augment(tf.constant(windows[..., np.newaxis]), (own, 0)).numpy()[..., 0]

    ratio, error = stretching_loss_ratio(x, codes, groups, copies(scale_and_noise), copies(stretch_and_shift), seed)
    harms = ratio - LEAST_ERRORS * error > MOST_LOSS_RATIO
    return (scale_and_noise if harms else stretch_and_shift), ratio


def local_or_not(data: Prepared, job: Job, seed: int) -> bool:
    """Returns whether windows suit networks whose filters see a few samples in a row rather than dilated ones.

    They do if a ridge classifier's loss on other windows is less with such kernels, by more than its standard error.

    Args:
        data: `Prepared` windows of the job.
        job: `Job`.
        seed: int, seed of all draws.
    """
    x, codes, _ = unpacked(data.everything)
    ratio, error = locality_loss_ratio(x, codes, job.groups, seed)
    local = is_local(ratio, error)
    job.settings.say(
        f"space: {'local' if local else 'dilated'} networks: a ridge classifier with kernels of samples in a row\n"
        f"  had {_near_one(ratio)} times the loss on other windows of one with dilated kernels"
        + ("" if local or ratio >= 1 else f",\n  which is not surely less (give or take {error:.2g})")
    )
    return local


def _near_one(ratio: float) -> str:
    """Returns a ratio with two decimals, or with as many more as show on which side of one it is."""
    texts = (f"{ratio:.{decimals}f}" for decimals in range(2, 16))
    return next((text for text in texts if float(text) != 1), f"{ratio:.2f}")


def _listed(axes: Axes) -> str:
    return ", ".join("-".join(map(str, triple)) for triple in axes)

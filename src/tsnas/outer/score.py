"""Scores of signals: draws networks within the limits for the windows of a signal, and trains them briefly."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.cost.limits import Limits
from tsnas.data import Signal, Windows, check_labels, cut_windows, encode_labels
from tsnas.data.labels import have_label
from tsnas.data.weights import weights_of_classes
from tsnas.errors import InfeasibleError, WindowTooShortError
from tsnas.job import pipeline
from tsnas.job.inputs import Job
from tsnas.job.preparation import local_or_not, prepare
from tsnas.job.settings import Settings
from tsnas.search.finalists import divide, finalists
from tsnas.search.parts import fitting, suited
from tsnas.search.rounds import Rounds
from tsnas.workers.pool import HERE, Workers

# Architectures that are drawn for a signal.
DRAWN = 3
# More of them for each further part of the search space.
FURTHER_DRAWN = 1


@dataclasses.dataclass(frozen=True)
class Recordings:
    """Checked recordings.

    Args:
        arrays: list of float32 arrays (time, channels).
        labels: sequence of one label, or one array of labels of its samples, for each recording.
        groups: array of one group for each recording.
        classes: array of all class labels.
        rule: str, as in `cut_windows`.
        other_class: label of windows of no class, which are left out of all cuts. Defaults to None: there are none.
    """

    arrays: list[np.ndarray]
    labels: Sequence[Any]
    groups: np.ndarray
    classes: np.ndarray
    rule: str
    other_class: Any = None

    def cut(self, rows: np.ndarray, signal: Signal) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cuts recordings into windows; returns the windows, their class codes and their groups."""
        arrays, labels = [self.arrays[i] for i in rows], [self.labels[i] for i in rows]
        x, y, groups = cut_windows(arrays, labels, signal, self.groups[rows], self.rule)
        if self.other_class is not None:
            known = ~have_label(check_labels(y), self.other_class)
            x, y, groups = x[known], y[known], groups[known]
        return x, encode_labels(y, self.classes)[0], groups


@dataclasses.dataclass(frozen=True)
class Trial:
    """Outcome of the trial of a signal.

    Args:
        signal: `Signal`.
        macro_f1: float, macro-F1 of the best architecture drawn, as a mean over the splits; 0 if there was none.
        latency_ms: float or None, latency of that architecture; None if there was none.
        windows: int, number of training windows in the first split.
        why_not: str or None, the reason why there was no network.
    """

    signal: Signal
    macro_f1: float = 0.0
    latency_ms: float | None = None
    windows: int = 0
    why_not: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns a dict of plain JSON values, which `from_json` reads."""
        return dataclasses.asdict(self) | {"signal": self.signal.to_json()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Trial:
        """Reads what `to_json` wrote."""
        return cls(**values | {"signal": Signal.from_json(values["signal"])})


def score_signal(
    signal: Signal,
    recordings: Recordings,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    settings: Settings,
    limits: Limits,
    seed: int,
    workers: Workers = HERE,
) -> Trial:
    """Draws architectures within limits for the windows of a signal, and trains them briefly.

    Args:
        signal: `Signal`.
        recordings: `Recordings`.
        splits: sequence of (training, validation), indices of recordings; the same for all signals.
        settings: `Settings`.
        limits: `Limits`, including the deadline of the signal.
        seed: int, seed of all draws and trainings.
        workers: `Workers` that do the trainings. Defaults to this process.

    Returns:
        A `Trial`.
    """
    settings = dataclasses.replace(settings, signal=signal, limits=limits, reject=None, other_class=None)
    entrants, scores = [], []
    windows = 0
    for index, (train, val) in enumerate(splits):
        try:
            (x, y, groups), (x_val, y_val, _) = recordings.cut(train, signal), recordings.cut(val, signal)
        except WindowTooShortError as error:
            return Trial(signal, why_not=str(error))
        weights = weights_of_classes(settings.class_weight, recordings.classes, y)
        own_settings = dataclasses.replace(settings, class_weight=weights)
        job = Job(Windows(x), y, recordings.classes, groups, (Windows(x_val), y_val), own_settings)
        data = prepare(job, seed, workers)
        if not index:
            windows = len(x)
            try:
                spaces = fitting(pipeline.parts_of(job, settings.board, seed), settings.bounds)
            except InfeasibleError as error:
                return Trial(signal, windows=windows, why_not=str(error))
            spaces = suited(spaces, functools.partial(local_or_not, data, job, seed))
            count = settings.finalists or DRAWN + FURTHER_DRAWN * (len(spaces) - 1)
            for paths, own_count in zip(spaces, divide(count, len(spaces)), strict=True):
                entrants += finalists(paths, [], own_count, seed)
        rounds = Rounds(data.splits, settings.batch_size_for(x), seed, data.augment, workers=workers)
        scores.append([score.macro_f1 for score in rounds.first([one.architecture for one in entrants])])
    means = np.mean(scores, axis=0)
    best = int(means.argmax())
    return Trial(signal, float(means[best]), entrants[best].estimate.latency_ms, windows)

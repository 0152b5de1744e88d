"""Smoothing of a job: over how many windows answers are averaged, by validation windows whose order is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.metrics import f1_score

from tsnas.data import find_order, keeps_order, smooth_answers, unpacked
from tsnas.data.lazy_windows import parts
from tsnas.data.smoothing import smoothing_note
from tsnas.job.inputs import Job
from tsnas.model.model import Model

CANDIDATES = (1, 2, 3, 5, 8)
# In macro-F1; no more windows are averaged than it takes to come so near to the best.
TOLERANCE = 0.01


class Stream(NamedTuple):
    """Validation windows in the order of time, one recording after the other.

    Args:
        codes: int array (windows,), class codes of the labels.
        levels: array (windows, classes), predicted probabilities in any unit.
        weights: float array (windows,), or None: all weigh the same.
    """

    codes: np.ndarray
    levels: np.ndarray
    weights: np.ndarray | None


def smoothed(
    model: Model,
    job: Job,
    rows: Sequence[tuple[np.ndarray, np.ndarray]] | None,
    levels: Mapping[int, np.ndarray],
) -> Model:
    """Returns a finished model that smooths over the number of windows that does best, and prints how many.

    Args:
        model: `Model`.
        job: `Job` of the model.
        rows: as in `Prepared`.
        levels: as in `Selected`.
    """
    streams = _streams(model, job, rows, levels)
    if not streams:
        job.settings.say("smoothing: none, since no validation windows whose order is known were judged")
        return model
    scores = score_candidates(streams)
    best = choose(scores)
    note = smoothing_note(best, job.settings.signal) or "each answer by itself"
    job.settings.say(f"smoothing: {note}; macro-F1 {scores[best]:.3f}, {scores[1]:.3f} without")
    history = {"windows": [float(k) for k in scores], "macro_f1": list(scores.values())}
    firmware = dataclasses.replace(model.firmware, smooth=best)
    return dataclasses.replace(model, firmware=firmware, history=model.history | {"smoothing": history})


def score_candidates(streams: Sequence[Stream]) -> dict[int, float]:
    """Returns the macro-F1 of smoothed answers for each number of windows.

    Recordings of a stream are laid end to end. Where each has one class, a mean could only gain within them; so it also
    pays for its delay where another class begins, as on a device, which does not start anew for each class.

    Args:
        streams: sequence of `Stream`.
    """
    codes = np.concatenate([stream.codes for stream in streams])
    given = [stream.weights for stream in streams if stream.weights is not None]
    weights = np.concatenate(given) if given else None
    found = {}
    for k in CANDIDATES:
        predicted = np.concatenate([smooth_answers(stream.levels, k).argmax(axis=1) for stream in streams])
        found[k] = float(f1_score(codes, predicted, average="macro", zero_division=0, sample_weight=weights))
    return found


def choose(scores: Mapping[int, float]) -> int:
    """Returns the smallest number of windows whose score is within `TOLERANCE` of the best."""
    return min(k for k, score in scores.items() if score >= max(scores.values()) - TOLERANCE)


def _streams(
    model: Model,
    job: Job,
    rows: Sequence[tuple[np.ndarray, np.ndarray]] | None,
    levels: Mapping[int, np.ndarray],
) -> list[Stream]:
    """Returns the validation windows of each split in their order; none if it is not known."""
    if rows is None:
        assert job.validation_data is not None
        x, codes, weights = unpacked(job.validation_data)
        order = find_order(x)
        if order is None:
            return []
        # They come in this order.
        return [Stream(codes, np.concatenate([model.predict_proba(part) for part in parts(x)]), weights)]
    if job.order is None:
        return []
    streams = []
    for split, own_levels in levels.items():
        own = rows[split][1]
        in_time = np.argsort(job.order[own])
        own = own[in_time]
        if not keeps_order(job.order[own]):
            return []
        weights = None if job.sample_weight is None else job.sample_weight[own]
        streams.append(Stream(job.y[own], own_levels[in_time], weights))
    return streams

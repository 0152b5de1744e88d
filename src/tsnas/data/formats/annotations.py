"""Annotations of biosignals as labels of samples: those that last are segments, others mark moments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tsnas.data.tables.notes import Notes


class Annotation(NamedTuple):
    """A text at a time.

    Args:
        onset_s: float, seconds since the first sample.
        duration_s: float; 0 if it marks a moment.
        text: str.
    """

    onset_s: float
    duration_s: float
    text: str


def label_samples(marks: list[Annotation], times: np.ndarray, source: str, notes: Notes) -> list[str] | None:
    """Returns the label of each sample, "" where there is none; None if no annotation lasts.

    Args:
        marks: list of `Annotation`.
        times: float array (samples,) in seconds.
        source: str, the file.
        notes: `Notes` to add to.
    """
    lasting = [one for one in marks if one.duration_s > 0 and one.text.strip()]
    notes.add("Annotations of moments, which are no segments, left out", source, len(marks) - len(lasting))
    if not lasting:
        return None
    labels = np.full(len(times), "", dtype=f"<U{max(len(one.text.strip()) for one in lasting)}")
    for one in lasting:
        # Half a step, since onsets are rounded to another number of digits than times of samples.
        slack = (times[1] - times[0]) / 2 if len(times) > 1 else 0.0
        inside = (times >= one.onset_s - slack) & (times < one.onset_s + one.duration_s - slack)
        labels[inside] = one.text.strip()
    return labels.tolist() if (labels != "").any() else None

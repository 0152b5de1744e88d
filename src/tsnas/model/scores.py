"""Scores of predictions: accuracy, macro-F1, and for each class precision, recall and F1."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support


class Judged(NamedTuple):
    """Predictions for labelled windows.

    Args:
        codes: int array (windows,), class codes of the labels.
        predicted: dict of `"float"` and `"int8"` to the predicted codes.
        weights: float array (windows,), weights of the windows. Defaults to None: all weigh the same.
        rejected: bool array (windows,), whether the int8 model rejects the window. Defaults to None: it has no
            rejection.
        other: bool array, the same for windows that are of no class. Defaults to None: there are none.
    """

    codes: np.ndarray
    predicted: dict[str, np.ndarray]
    weights: np.ndarray | None = None
    rejected: np.ndarray | None = None
    other: np.ndarray | None = None

    def shares(self) -> dict[str, float]:
        """Returns the shares of windows that are rejected: `"rejected"` and `"other_rejected"`, if they are known."""
        found = {}
        if self.rejected is not None:
            found["rejected"] = float(np.average(self.rejected, weights=self.weights))
        if self.other is not None and len(self.other):
            found["other_rejected"] = float(np.mean(self.other))
        return found


def scores(codes: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None = None) -> dict[str, float]:
    """Returns the accuracy and macro-F1 of predicted class codes, with weights as in scikit-learn."""
    return {
        "accuracy": float(accuracy_score(codes, predicted, sample_weight=weights)),
        "macro_f1": float(f1_score(codes, predicted, average="macro", sample_weight=weights)),
    }


def held_out_facts(judged: Judged | None, n_classes: int) -> dict[str, Any] | None:
    """Returns the scores of each model on test windows, as plain values.

    Args:
        judged: `Judged`, or None.
        n_classes: int, number of classes.

    Returns:
        dict of `"windows"`, and for `"float"` and `"int8"` a dict of `"accuracy"`, `"macro_f1"`, `"confusion"` (a row
        for each true class, a column for each predicted one; windows, whatever they weigh) and `"classes"`: for each
        class its `"windows"`, `"precision"`, `"recall"` and `"f1"`, None where they are undefined. None without test
        windows.
    """
    if judged is None:
        return None
    judged = Judged(*judged)
    codes, predictions, weights, *_ = judged
    labels = np.arange(n_classes)
    facts: dict[str, Any] = {"windows": len(codes)} | judged.shares()
    for kind, predicted in predictions.items():
        columns = precision_recall_fscore_support(
            codes, predicted, labels=labels, zero_division=np.nan, sample_weight=weights
        )[:3]
        counts = np.bincount(codes, minlength=n_classes).tolist()
        facts[kind] = scores(codes, predicted, weights) | {
            "confusion": confusion_matrix(codes, predicted, labels=labels).tolist(),
            "classes": [
                {"windows": count, "precision": _known(p), "recall": _known(r), "f1": _known(f)}
                for p, r, f, count in zip(*columns, counts, strict=True)
            ],
        }
    return facts


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)

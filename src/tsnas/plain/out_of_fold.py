"""Losses of a ridge classifier on windows that it was not fitted to, by which two ways to see windows are compared."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tsnas.data import AnyWindows
from tsnas.plain.rivals import ALPHAS, draw_evenly, series_of

# Windows are drawn if there are more, so that their samples stay below MOST_SAMPLES and a test takes seconds.
MOST_WINDOWS, FEWEST_WINDOWS, MOST_SAMPLES = 500, 50, 300_000
FOLDS, REPEATS = 5, 2
# A ridge classifier's scores are near -1 and 1; this makes log-probabilities of them.
SHARPNESS = 2.0


def draw_some(
    x: AnyWindows, codes: np.ndarray, groups: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Returns windows as (windows, time, channels), their codes and their groups; of many, some of each class.

    Args:
        x: float array (windows, time, channels), or with a further axis of length 1; or such `Windows`.
        codes: int array (windows,), their class codes.
        groups: array (windows,), the group of each window; None if there are none.
        seed: int, seed of the draw.
    """
    drawn = draw_evenly(codes, int(np.clip(MOST_SAMPLES // x.shape[1], FEWEST_WINDOWS, MOST_WINDOWS)), seed)
    return series_of(x, drawn), codes[drawn], None if groups is None else groups[drawn]


def ratio_of_means(before: np.ndarray, after: np.ndarray, units: np.ndarray) -> tuple[float, float]:
    """Returns the mean of the second values divided by that of the first, and the standard error of this ratio.

    Values of one unit are not independent of each other. The error is that of a ratio of sums over units, linearised.
    """
    _, unit = np.unique(units, return_inverse=True)
    ratio = float(after.sum() / before.sum())
    strays = np.bincount(unit, after - ratio * before)
    count = len(strays)
    spread = np.sqrt(count / max(count - 1, 1) * np.sum(strays**2))
    return ratio, float(spread / before.sum())


def folds_of(codes: np.ndarray, groups: np.ndarray | None, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns (training, left out) for all folds of all repeats; none if no class or group can be divided."""
    distinct = 0 if groups is None else len(np.unique(groups))
    grouped = distinct > 1
    count = min(FOLDS, int(np.bincount(codes).max()), *([distinct] if grouped else []))
    if count < 2:
        return []
    kind = StratifiedGroupKFold if grouped else StratifiedKFold
    found = []
    for repeat in range(REPEATS):
        with warnings.catch_warnings():
            # A class with fewer windows than folds is missing from some of them.
            warnings.simplefilter("ignore", UserWarning)
            found += list(kind(count, shuffle=True, random_state=seed + repeat).split(codes, codes, groups))
    # A class that is left out as a whole cannot be recognised with or without copies.
    known = [(train, left_out[np.isin(codes[left_out], codes[train])]) for train, left_out in found]
    return [(train, left_out) for train, left_out in known if len(np.unique(codes[train])) > 1 and len(left_out)]


def strength_of(features: np.ndarray, codes: np.ndarray) -> float:
    """Returns the strength of the penalty that suits windows without copies."""
    return float(RidgeClassifierCV(ALPHAS).fit(StandardScaler().fit_transform(features), codes).alpha_)


def losses_out_of_fold(
    features: np.ndarray,
    copies: np.ndarray,
    codes: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
    strengths: list[float],
) -> np.ndarray:
    """Returns the cross-entropies on left-out windows, fold by fold, of classifiers fitted to the others and copies.

    Args:
        features: float array (windows, features).
        copies: float array (copies, windows, features).
        codes: int array (windows,).
        folds: list of (training, left out).
        strengths: list of float, the strength of the penalty for each fold.
    """
    losses: list[float] = []
    for (train, left_out), strength in zip(folds, strengths, strict=True):
        # The penalty keeps its weight beside a loss that is a sum over windows.
        ridge = make_pipeline(StandardScaler(), RidgeClassifier((1 + len(copies)) * strength))
        ridge.fit(np.concatenate([features[train], *copies[:, train]]), np.tile(codes[train], 1 + len(copies)))
        scores = ridge.decision_function(features[left_out])
        scores = np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores
        places = np.searchsorted(ridge.classes_, codes[left_out])
        losses += list(-log_softmax(SHARPNESS * scores, axis=1)[np.arange(len(places)), places])
    return np.array(losses)

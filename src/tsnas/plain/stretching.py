"""Test whether windows may be stretched: a ridge classifier answers out of fold, with and without stretched copies."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tsnas.data import AnyWindows
from tsnas.plain.kernel_bank import FEWEST_FEATURES, KernelBank
from tsnas.plain.rivals import ALPHAS, draw_evenly, series_of, unchecked
from tsnas.system.interrupts import raise_if_interrupted

Copy = Callable[[np.ndarray, int], np.ndarray]

# Windows are drawn if there are more, so that their samples stay below MOST_SAMPLES and a test takes seconds.
MOST_WINDOWS, FEWEST_WINDOWS, MOST_SAMPLES = 500, 50, 300_000
FOLDS, REPEATS = 5, 2
COPIES = 2
# A ridge classifier's scores are near -1 and 1; this makes log-probabilities of them.
SHARPNESS = 2.0


def stretching_loss_ratio(
    x: AnyWindows, codes: np.ndarray, groups: np.ndarray | None, plain: Copy, stretched: Copy, seed: int
) -> tuple[float, float]:
    """Measures whether a classifier that also learns from stretched copies does worse on windows as they are.

    What a class is may lie in the length or the place of a shape; then a stretched window is one of another class. A
    ridge classifier on a `KernelBank` shows it within seconds, on windows that it has not been fitted to.

    Args:
        x: float array (windows, time, channels), or with a further axis of length 1, standardised; or such `Windows`.
            Of many windows, some of each class are drawn.
        codes: int array (windows,), their class codes.
        groups: array (windows,), the group of each window, which is left out as a whole; None if there are none.
        plain: function of windows and a seed that returns copies with the usual changes but no stretching.
        stretched: function of windows and a seed that returns copies that are stretched as well.
        seed: int, seed of all draws.

    Returns:
        (ratio, error): floats, the cross-entropy on left-out windows with stretched copies divided by the one with
        plain copies, and its standard error, as windows or whole groups differ. (1, 0) if there are too few windows of
        each class to tell.

    Example:
        >>> stretching_loss_ratio(x, codes, None, scale_and_noise, stretch_and_shift, seed=0)
        (1.34, 0.09)
    """
    drawn = draw_evenly(codes, int(np.clip(MOST_SAMPLES // x.shape[1], FEWEST_WINDOWS, MOST_WINDOWS)), seed)
    x, codes = series_of(x, drawn), codes[drawn]
    folds = _folds(codes, None if groups is None else groups[drawn], seed)
    if not folds:
        return 1.0, 0.0
    with unchecked():
        bank = KernelBank(FEWEST_FEATURES, seed).fit(x)
        features = bank.transform(x).astype(float)
        strengths = [_strength(features[train], codes[train]) for train, _ in folds]
        losses = []
        for copy in (plain, stretched):
            raise_if_interrupted()
            copies = np.stack([bank.transform(copy(x, seed + index)) for index in range(COPIES)]).astype(float)
            losses.append(_out_of_fold_losses(features, copies, codes, folds, strengths))
    units = np.concatenate([left_out for _, left_out in folds])
    return _ratio_of_means(losses[0], losses[1], units if groups is None else groups[drawn][units])


def _ratio_of_means(before: np.ndarray, after: np.ndarray, units: np.ndarray) -> tuple[float, float]:
    """Returns the mean of the second values divided by that of the first, and the standard error of this ratio.

    Values of one unit are not independent of each other. The error is that of a ratio of sums over units, linearised.
    """
    _, unit = np.unique(units, return_inverse=True)
    ratio = float(after.sum() / before.sum())
    strays = np.bincount(unit, after - ratio * before)
    count = len(strays)
    spread = np.sqrt(count / max(count - 1, 1) * np.sum(strays**2))
    return ratio, float(spread / before.sum())


def _folds(codes: np.ndarray, groups: np.ndarray | None, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
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


def _strength(features: np.ndarray, codes: np.ndarray) -> float:
    """Returns the strength of the penalty that suits windows without copies."""
    return float(RidgeClassifierCV(ALPHAS).fit(StandardScaler().fit_transform(features), codes).alpha_)


def _out_of_fold_losses(
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

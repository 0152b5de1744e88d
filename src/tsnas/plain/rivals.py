"""Plain models that predict validation windows in seconds: a forest on features, and a ridge on a kernel bank."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import sklearn
import threadpoolctl
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tsnas.data import AnyWindows, mean_one
from tsnas.plain.kernel_bank import KernelBank, affordable_features
from tsnas.plain.series_features import FEATURES, series_features
from tsnas.system.interrupts import raise_if_interrupted

# Training windows that a plain model is fitted to at most.
MOST_WINDOWS = 2_000
# Trees of the forest, and those of one for many windows and features, whose values times trees stay below MOST_SPLIT.
TREES, FEWEST_TREES = 300, 100
MOST_SPLIT = 100_000_000
# Up to so many windows the fewest will do: several splits judge then, and chance in the trees is small beside chance in
# the windows.
FEW_WINDOWS = 200
# Strengths of the ridge's penalty that are tried, as in the paper of MiniRocket.
ALPHAS = np.logspace(-3, 3, 10)


def forest(windows: int, channels: int, seed: int) -> Pipeline:
    """Returns a random forest on the features of `series_features`, for so many training windows and channels."""
    model = RandomForestClassifier(_trees(windows, channels), random_state=seed)
    return make_pipeline(FunctionTransformer(series_features), model)


def ridge(windows: int, channels: int, seed: int) -> Pipeline:
    """Returns a ridge classifier on a `KernelBank`, whose penalty is chosen by leaving out one window at a time."""
    return make_pipeline(KernelBank(seed=seed), StandardScaler(), RidgeClassifierCV(ALPHAS))


# The plain models by name.
RIVALS: dict[str, Callable[[int, int, int], Pipeline]] = {"forest": forest, "ridge": ridge}


def plain_predictions(
    x: AnyWindows, codes: np.ndarray, x_val: np.ndarray, seed: int, weights: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Fits each plain model to training windows and predicts the classes of validation windows.

    Of more than 2,000 training windows, 2,000 are drawn, as many of each class as its share of the windows.

    Args:
        x: float array (windows, time, channels), or with a further axis of length 1, the training windows,
            standardised; or such `Windows`.
        codes: int array (windows,), their class codes.
        x_val: float array (windows, time, channels), the validation windows.
        seed: int, seed of all draws.
        weights: float array (windows,), weights of the training windows. Defaults to None: all weigh the same.

    Returns:
        dict of `"forest"` and `"ridge"` to the predicted class codes of `x_val`.

    Example:
        >>> plain_predictions(x, codes, x_val, seed=0)["ridge"]
        array([0, 2, 1])
    """
    drawn = draw_evenly(codes, MOST_WINDOWS, seed)
    x, codes = series_of(x, drawn), codes[drawn]
    found = {}
    for name, make in RIVALS.items():
        raise_if_interrupted()
        model = make(len(x), x.shape[2], seed)
        given = {} if weights is None else {f"{model.steps[-1][0]}__sample_weight": mean_one(weights[drawn])}
        with lean():
            found[name] = model.fit(x, codes, **given).predict(x_val)
    return found


@contextlib.contextmanager
def lean() -> Iterator[None]:
    """Context in which scikit-learn checks neither parameters nor values, and its sums have one thread.

    To check them takes longer than to grow a tree of few windows, and to share out sums of few windows ten times as
    long as to add them on busy cores. A job has checked its windows when it begins.

    Nor does it suspect that codes of many classes are values to regress, which every tree would tell. There is no
    setting for it. Were two threads to fit at once, a filter of theirs could stay, but for this message alone.
    """
    with (
        sklearn.config_context(assume_finite=True, skip_parameter_validation=True),
        threadpoolctl.threadpool_limits(1, "blas"),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%", UserWarning)
        yield


def draw_evenly(codes: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Draws windows of all classes in the same proportion, at least one of each.

    Args:
        codes: int array (windows,), class codes.
        most: int, number of windows to draw.
        seed: int, seed of the draw.

    Returns:
        Sorted int array of indices; all of them if there are no more than `most`.
    """
    if len(codes) <= most:
        return np.arange(len(codes))
    order = np.random.default_rng(seed).permutation(len(codes))
    drawn = []
    for code in np.unique(codes):
        own = order[codes[order] == code]
        drawn.append(own[: max(1, round(len(own) * most / len(codes)))])
    return np.sort(np.concatenate(drawn))


def series_of(x: AnyWindows, rows: np.ndarray) -> np.ndarray:
    """Returns the windows of some rows as an array (rows, time, channels), without the axis that networks take."""
    return x[rows].reshape(len(rows), *x.shape[1:3])


def expected_seconds(windows: int, val_windows: int, time: int, channels: int) -> float:
    """Returns the rough time that `plain_predictions` takes on one slow core, in seconds."""
    windows = min(windows, MOST_WINDOWS)
    features = affordable_features(windows, time)
    # From measurements with 4 to 8,000 windows of 8 to 10,000 samples and 1 to 60 channels, times two.
    growing = 3e-10 * _trees(windows, channels) * windows * math.log2(windows + 1) * math.sqrt(FEATURES * channels)
    counting = 3e-9 * (windows + val_windows) * time * features
    solving = 4e-10 * windows**2 * features
    return 1.5 + growing + counting + solving


def _trees(windows: int, channels: int) -> int:
    if windows <= FEW_WINDOWS:
        return FEWEST_TREES
    return max(FEWEST_TREES, min(TREES, MOST_SPLIT // (windows * FEATURES * channels)))

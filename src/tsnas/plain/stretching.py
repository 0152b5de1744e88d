"""Test whether windows may be stretched: a ridge classifier answers out of fold, with and without stretched copies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tsnas.data import AnyWindows
from tsnas.plain.kernel_bank import FEWEST_FEATURES, KernelBank
from tsnas.plain.out_of_fold import draw_some, folds_of, losses_out_of_fold, ratio_of_means, strength_of
from tsnas.plain.rivals import lean
from tsnas.system.interrupts import raise_if_interrupted

Copy = Callable[[np.ndarray, int], np.ndarray]

COPIES = 2


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
    x, codes, groups = draw_some(x, codes, groups, seed)
    folds = folds_of(codes, groups, seed)
    if not folds:
        return 1.0, 0.0
    with lean():
        bank = KernelBank(FEWEST_FEATURES, seed).fit(x)
        features = bank.transform(x).astype(float)
        strengths = [strength_of(features[train], codes[train]) for train, _ in folds]
        losses = []
        for copy in (plain, stretched):
            raise_if_interrupted()
            copies = np.stack([bank.transform(copy(x, seed + index)) for index in range(COPIES)]).astype(float)
            losses.append(losses_out_of_fold(features, copies, codes, folds, strengths))
    units = np.concatenate([left_out for _, left_out in folds])
    return ratio_of_means(losses[0], losses[1], units if groups is None else groups[units])

"""Test whether a few samples in a row tell windows apart: a ridge classifier answers out of fold, by short kernels."""

from __future__ import annotations

import numpy as np

from tsnas.data import AnyWindows
from tsnas.plain.kernel_bank import KERNELS, KernelBank
from tsnas.plain.out_of_fold import draw_some, folds_of, losses_out_of_fold, ratio_of_means, strength_of
from tsnas.plain.rivals import lean
from tsnas.system.interrupts import raise_if_interrupted

# Thirty of each kernel, several of which have no dilation.
FEATURES = 30 * len(KERNELS)


def is_local(ratio: float, error: float) -> bool:
    """Returns whether windows with such a `locality_loss_ratio` suit local networks: it is surely below one."""
    return ratio + error < 1.0


def locality_loss_ratio(x: AnyWindows, codes: np.ndarray, groups: np.ndarray | None, seed: int) -> tuple[float, float]:
    """Measures whether kernels of nine samples in a row tell classes apart better than kernels spread over a window.

    Both are those of a `KernelBank`, whose features say how often a shape is seen and not where. A ridge classifier on
    each shows within seconds, on windows that it has not been fitted to, which kind of network suits these windows.

    Args:
        x: float array (windows, time, channels), or with a further axis of length 1, standardised; or such `Windows`.
            Of many windows, some of each class are drawn.
        codes: int array (windows,), their class codes.
        groups: array (windows,), the group of each window, which is left out as a whole; None if there are none.
        seed: int, seed of all draws.

    Returns:
        (ratio, error): floats, the cross-entropy on left-out windows by kernels without dilation divided by the one by
        dilated kernels, and its standard error, as windows or whole groups differ. (1, 0) if there are too few windows
        of each class to tell, or windows are too short for a dilation.

    Example:
        >>> locality_loss_ratio(x, codes, None, seed=0)
        (0.42, 0.06)
    """
    x, codes, groups = draw_some(x, codes, groups, seed)
    folds = folds_of(codes, groups, seed)
    with lean():
        bank = KernelBank(FEATURES, seed).fit(x)
        dilations = np.repeat(bank.dilations_, bank.counts_ * len(KERNELS))
        if not folds or dilations.max() == 1:
            return 1.0, 0.0
        features = bank.transform(x).astype(float)
        losses = []
        for own in (features[:, dilations > 1], features[:, dilations == 1]):
            raise_if_interrupted()
            strengths = [strength_of(own[train], codes[train]) for train, _ in folds]
            losses.append(losses_out_of_fold(own, np.empty((0, *own.shape)), codes, folds, strengths))
    units = np.concatenate([left_out for _, left_out in folds])
    return ratio_of_means(losses[0], losses[1], units if groups is None else groups[units])

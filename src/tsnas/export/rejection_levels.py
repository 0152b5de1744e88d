"""Rejection in whole numbers, exactly as the exported C does it on the int8 levels of a window."""

from __future__ import annotations

import dataclasses

import numpy as np

from tsnas.data.rejection import LEAST_VARIANCE, UNIT, Rejection

# A code instead of that of a class: the window is like none of them.
REJECTED = -3
# Fractional bits of weights, of deviations, of logarithms, and of distances.
WEIGHT_BITS, DEVIATION_BITS, LOG_BITS, DISTANCE_BITS = 24, 4, 8, 8
# A channel counts no more than so many deviations, so that 32 bits hold the sum of all.
MOST_DEVIATIONS = 64
# In parts of 2**16: log2(1 + f) is about f + 0.34375 f (1 - f), which is off by less than 0.02 with eight bits.
CURVE = 88


@dataclasses.dataclass(frozen=True)
class Levels:
    """The numbers of a `Rejection` for levels of an int8 input.

    Args:
        centres: int32 array (classes, 2 x channels): sums of levels, then logarithms.
        weights: uint32 array likewise: a difference times its weight, divided by 2**24, is in 1/16 deviations.
        bias: int32 array (classes,), in 1/256.
        limit: int, likewise: a window is rejected if its distance to each class is larger.
        least: int, added to the squares of a channel.
    """

    centres: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    limit: int
    least: int

    @classmethod
    def of(cls, rejection: Rejection, time: int, scale: float, zero_point: int) -> Levels:
        """Converts a rejection to the levels of an input with so many samples, a scale and a zero point."""
        channels = rejection.centres.shape[1] // 2
        centres, deviations = rejection.centres / UNIT, rejection.deviations / UNIT
        # What a unit of a mean and of a binary logarithm is in levels.
        units = np.repeat([time / scale, float(1 << LOG_BITS)], channels)
        # The variance times the square of the number of samples, in levels.
        shifts = np.repeat([time * zero_point, (1 << LOG_BITS) * 2 * np.log2(time / scale)], channels)
        weights = float(1 << (WEIGHT_BITS + DEVIATION_BITS)) / (units * deviations)
        return cls(
            np.clip(np.round(centres * units + shifts), -(2**31), 2**31 - 1).astype(np.int32),
            np.clip(np.round(weights), 1, 2**32 - 1).astype(np.uint32),
            np.round(rejection.bias * (1 << DISTANCE_BITS)).astype(np.int32),
            round(rejection.limit * (1 << DISTANCE_BITS)),
            max(1, round(LEAST_VARIANCE * (time / scale) ** 2)),
        )

    def rejects(self, levels: np.ndarray) -> np.ndarray:
        """Returns whether each window is rejected.

        Args:
            levels: int8 array (windows, time, channels).

        Returns:
            bool array (windows,).
        """
        wide = levels.astype(np.int64)
        sums, squares = wide.sum(axis=1), (wide**2).sum(axis=1)
        spreads = logarithm(levels.shape[1] * squares - sums**2 + self.least)
        values = np.concatenate([sums, spreads], axis=1)
        off = np.abs(values[:, np.newaxis] - self.centres.astype(np.int64)).astype(np.uint64)
        scaled = (off * self.weights.astype(np.uint64)) >> np.uint64(WEIGHT_BITS)
        parts = np.minimum(scaled, MOST_DEVIATIONS << DEVIATION_BITS).astype(np.int64) ** 2
        return (parts.sum(axis=2) + self.bias).min(axis=1) > self.limit


def logarithm(values: np.ndarray) -> np.ndarray:
    """Returns the binary logarithm of whole numbers of at least 1, in 1/256, by shifts and a parabola."""
    whole = np.frexp(values.astype(np.float64))[1].astype(np.int64) - 1
    # Beyond 2**53 a float may round up to the next power of two.
    whole -= (values >> whole) == 0
    down, up = np.maximum(whole - LOG_BITS, 0), np.maximum(LOG_BITS - whole, 0)
    fraction = (values >> down) << up
    fraction &= (1 << LOG_BITS) - 1
    return (whole << LOG_BITS) + fraction + ((CURVE * fraction * ((1 << LOG_BITS) - fraction)) >> 16)

"""Rejection in whole numbers, exactly as the exported C does it on the int8 levels of a window."""

from __future__ import annotations

import dataclasses

import numpy as np

from tsnas.data.rejection import FACTOR_UNIT, KINDS, LEAST_STEP, LEAST_VARIANCE, UNIT, Rejection, blocks

# A code instead of that of a class: the window is like none of them.
REJECTED = -3
# Fractional bits of weights, of values, of logarithms, and of deviations.
WEIGHT_BITS, VALUE_BITS, LOG_BITS, DEVIATION_BITS = 22, 8, 8, 4
# Of a product of a factor and a value, so many bits are beyond those of deviations.
PRODUCT_BITS = FACTOR_UNIT.bit_length() - 1 + VALUE_BITS - DEVIATION_BITS
# A value counts no more than so many deviations, and so does what factors make of them: 32 bits hold the sum of all.
MOST_DEVIATIONS = 64
# In parts of 2**16: log2(1 + f) is about f + 0.34375 f (1 - f), which is off by less than 0.02 with eight bits.
CURVE = 88


@dataclasses.dataclass(frozen=True)
class Levels:
    """The numbers of a `Rejection` for levels of an int8 input.

    Args:
        weights: uint32 array (3 x channels,): sums of levels above -128, then logarithms, times their weights, divided
            by 2**22, are in 1/256 deviations.
        centres: int32 array (classes, 3 x channels), likewise in 1/256 deviations.
        factors: int16 array (classes, entries), of lower triangles, in 1/4096.
        limits: uint32 array (classes,), in 1/256: a window is rejected if its squared distance to each class is larger.
        least: (int, int), added to the squares of a channel, and to those of its differences.
    """

    weights: np.ndarray
    centres: np.ndarray
    factors: np.ndarray
    limits: np.ndarray
    least: tuple[int, int]

    @classmethod
    def of(cls, rejection: Rejection, time: int, scale: float, zero_point: int) -> Levels:
        """Converts a rejection to the levels of an input with so many samples, a scale and a zero point."""
        channels = len(rejection.deviations) // KINDS
        # What a unit of a mean and of a binary logarithm is in levels.
        units = np.repeat([time / scale, float(1 << LOG_BITS), float(1 << LOG_BITS)], channels)
        # Variances times the square of the number of samples, and sums of squared differences, in levels.
        spread, speed = 2 * np.log2(time / scale), np.log2(max(time - 1, 1) / scale**2)
        weights = float(1 << (WEIGHT_BITS + VALUE_BITS)) / (units * rejection.deviations / UNIT)
        weights = np.clip(np.round(weights), 1, 2**32 - 1).astype(np.uint32)
        means, *logs = np.split(rejection.centres / UNIT, KINDS, axis=1)
        found = [means * time / scale + time * (zero_point + 128.0)]
        added = []
        # By the rounding and the logarithm of the board: a channel that is constant has deviations as small as these.
        for centres, shift, real in zip(logs, (spread, speed), (LEAST_VARIANCE, LEAST_STEP), strict=True):
            least = real * 2.0**shift
            added.append(max(1, round(least)))
            above = np.round(2.0 ** np.clip(centres + shift, -62.0, 62.0) - least).astype(np.int64)
            found.append(logarithm(np.maximum(above + added[-1], 1)))
        # By the weights as they are rounded, so that only differences are off by that.
        centres = np.concatenate(found, axis=1) * weights / (1 << WEIGHT_BITS)
        return cls(
            weights,
            np.clip(np.round(centres), -(2**31), 2**31 - 1).astype(np.int32),
            rejection.factors.astype(np.int16),
            np.clip(np.round(rejection.limits * (1 << (2 * DEVIATION_BITS))), 0, 2**32 - 1).astype(np.uint32),
            (added[0], added[1]),
        )

    @property
    def table_bytes(self) -> int:
        """Bytes of flash that the numbers take."""
        return sum(table.nbytes for table in (self.weights, self.centres, self.factors, self.limits))

    def rejects(self, levels: np.ndarray) -> np.ndarray:
        """Returns whether each window is rejected.

        Args:
            levels: int8 array (windows, time, channels).

        Returns:
            bool array (windows,).
        """
        wide = levels.astype(np.int64)
        time = levels.shape[1]
        sums, squares = wide.sum(axis=1), (wide**2).sum(axis=1)
        spreads = logarithm(time * squares - sums**2 + self.least[0])
        speeds = logarithm((np.diff(wide, axis=1) ** 2).sum(axis=1) + self.least[1])
        raw = np.concatenate([sums + 128 * time, spreads, speeds], axis=1)
        values = ((raw.astype(np.uint64) * self.weights) >> np.uint64(WEIGHT_BITS)).astype(np.int64)
        most = MOST_DEVIATIONS << VALUE_BITS
        near = np.zeros(len(levels), bool)
        for centre, factors, limit in zip(self.centres.astype(np.int64), self.factors, self.limits, strict=True):
            off = np.clip(values - centre, -most, most)
            distance, start = np.zeros(len(levels), np.int64), 0
            for block in blocks(levels.shape[2]):
                for row in range(1, len(block) + 1):
                    sum_ = np.abs(off[:, block[:row]] @ factors[start : start + row].astype(np.int64)) >> PRODUCT_BITS
                    distance += np.minimum(sum_, MOST_DEVIATIONS << DEVIATION_BITS) ** 2
                    start += row
            near |= distance <= limit
        return ~near


def logarithm(values: np.ndarray) -> np.ndarray:
    """Returns the binary logarithm of whole numbers of at least 1, in 1/256, by shifts and a parabola."""
    whole = np.frexp(values.astype(np.float64))[1].astype(np.int64) - 1
    # Beyond 2**53 a float may round up to the next power of two.
    whole -= (values >> whole) == 0
    down, up = np.maximum(whole - LOG_BITS, 0), np.maximum(LOG_BITS - whole, 0)
    fraction = (values >> down) << up
    fraction &= (1 << LOG_BITS) - 1
    return (whole << LOG_BITS) + fraction + ((CURVE * fraction * ((1 << LOG_BITS) - fraction)) >> 16)

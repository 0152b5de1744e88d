"""Rejection of windows that are like none of the classes, by the mean and the spread of each channel of a window."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from tsnas.errors import ModelFileError

# Part of a class's variance that is the mean of all classes': some windows do not tell it well.
SHARED = 0.5
# Added to the variance of a standardised channel in a window: below a twentieth of a deviation there is only noise.
LEAST_VARIANCE = 0.05**2
# Means, logarithms and deviations are kept in these parts of 1.
UNIT = 64
# So many windows of known classes may be rejected.
MOST_REJECTED = 0.05


@dataclasses.dataclass(frozen=True)
class Rejection:
    """Typical windows of each class, and the distance from all of them beyond which a window is rejected.

    A network has learned what tells its classes apart, and nothing of what they have in common, so its probabilities
    say little about a window of something else. The distance to a class is minus twice the log-likelihood of the means
    and spreads (the binary logarithm of the variance of each channel) of a window under a normal distribution of each.

    Args:
        centres: int array (classes, 2 x channels), means of all channels and then their spreads, in 1/64 of what is
            standardised.
        deviations: int array of the same shape, their standard deviations likewise, at least 1.
        limit: float, the distance beyond which a window is rejected.
        rejected: float, share of the validation windows of known classes that is.
        other: float, share of the windows of another class that is, or None if none were given.

    Example:
        >>> rejection = Rejection.learn(x, codes, [(train, val)])
        >>> rejection.distance(x_test) > rejection.limit
    """

    centres: np.ndarray
    deviations: np.ndarray
    limit: float
    rejected: float
    other: float | None = None

    @classmethod
    def learn(cls, parts: list[tuple[Any, ...]], everything: tuple[Any, Any], other: Any = None) -> Rejection:
        """Learns what windows of each class are like, and from others of the classes how far they may be from that.

        Args:
            parts: list of (training features, training codes, validation features, validation codes), features as
                `features` returns them; limits are those of validation windows by what was learned from training ones.
            everything: (features, codes) of all windows, from which the result is learned.
            other: features of windows of no class, between which and the validation windows the limit is placed, as
                far as no more than a twentieth of these is rejected. Defaults to None: just so many are.

        Returns:
            A `Rejection`.
        """
        classes = int(everything[1].max()) + 1
        known, strange = [], []
        for x, codes, x_val, _ in parts:
            own = cls(*_typical(x, codes, classes), 0.0, 0.0)
            known.append(own._distances(x_val))
            strange += [] if other is None else [own._distances(other)]
        inside = np.sort(np.concatenate(known))
        # As many as may be are beyond it.
        place = len(inside) - 1 - math.floor(MOST_REJECTED * len(inside))
        limit = float(inside[place])
        share = None
        if other is not None:
            outside = np.concatenate(strange)
            # Beyond the smallest limit, as many others as can be are rejected; a larger one spares known windows.
            limits = np.unique(inside[place:])
            gains = [np.mean(outside > one) - np.mean(inside > one) for one in limits]
            limit = float(limits[int(np.argmax(gains))])
            share = float(np.mean(outside > limit))
        return cls(*_typical(*everything, classes), limit, float(np.mean(inside > limit)), share)

    def distance(self, x: np.ndarray) -> np.ndarray:
        """Returns the distance of windows to the nearest class.

        Args:
            x: array (windows, time, channels), standardised.

        Returns:
            float array (windows,).
        """
        return self._distances(features(x))

    def _distances(self, values: np.ndarray) -> np.ndarray:
        centres, deviations = self.centres / UNIT, self.deviations / UNIT
        squares = ((values[:, np.newaxis] - centres) / deviations) ** 2
        return (squares.sum(axis=2) + self.bias).min(axis=1)

    @property
    def bias(self) -> np.ndarray:
        """Float array (classes,), what wide distributions add to the distance."""
        return 2 * np.log(self.deviations / UNIT).sum(axis=1)

    def to_json(self) -> dict[str, Any]:
        """Returns a dict of plain JSON values, which `from_json` reads."""
        return {
            "centres": self.centres.tolist(),
            "deviations": self.deviations.tolist(),
            "limit": round(self.limit, 3),
            "rejected": round(self.rejected, 4),
            "other": None if self.other is None else round(self.other, 4),
        }

    @classmethod
    def from_json(cls, values: Any, classes: int, channels: int) -> Rejection:
        """Creates the rejection that `to_json` described.

        Args:
            values: dict as `to_json` returns it.
            classes, channels: int, of the model that it belongs to.

        Returns:
            A `Rejection`.

        Raises:
            ModelFileError: `values` is not such a dict.
        """
        try:
            centres, deviations = (np.array(values[name], np.int64) for name in ("centres", "deviations"))
            limit, rejected = float(values["limit"]), float(values["rejected"])
            other = None if values["other"] is None else float(values["other"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise ModelFileError("The rejection in this .tflite file is damaged; export it again.") from None
        shape = (classes, 2 * channels)
        bounded = centres.shape == deviations.shape == shape and np.abs([centres, deviations]).max() < 2**24
        if not (bounded and (deviations > 0).all() and math.isfinite(limit) and abs(limit) < 2**20):
            raise ModelFileError("The rejection in this .tflite file does not fit its model; export it again.")
        return cls(centres, deviations, limit, rejected, other)


def features(x: np.ndarray) -> np.ndarray:
    """Returns the means and then the spreads of all channels, float64 (windows, 2 x channels), of standardised windows.

    Args:
        x: array (windows, time, channels).
    """
    mean = x.mean(axis=1, dtype=np.float64)
    variance = x.var(axis=1, dtype=np.float64)
    return np.concatenate([mean, np.log2(variance + LEAST_VARIANCE)], axis=1)


def _typical(values: np.ndarray, codes: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns centres and deviations of the features of each class, in whole units."""
    of_class = [values[codes == code] for code in range(classes)]
    # A class may be missing from a part; windows are not near it then.
    means = np.stack([own.mean(axis=0) if len(own) else np.full(values.shape[1], np.inf) for own in of_class])
    present = [own.var(axis=0) for own in of_class if len(own)]
    pooled = np.mean(present, axis=0)
    variances = np.stack([(1 - SHARED) * own.var(axis=0) + SHARED * pooled if len(own) else pooled for own in of_class])
    means = np.where(np.isfinite(means), means, 2**16)
    return (
        np.round(UNIT * means).astype(np.int64),
        np.maximum(np.round(UNIT * np.sqrt(variances)), 1).astype(np.int64),
    )

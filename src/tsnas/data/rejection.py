"""Rejection of windows that are like none of the classes, by the mean, the spread and the speed of each channel."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from tsnas.errors import ModelFileError

# Part of a class's covariance that is the mean of all classes', and of any covariance that is its diagonal alone: some
# windows do not tell it well. Together they bound the factors below by 1 / sqrt(0.2 * 0.1), which FACTOR_UNIT needs.
SHARED, DIAGONAL = 0.2, 0.1
# Added to the variance of a standardised channel in a window: below a twentieth of a deviation there is only noise.
LEAST_VARIANCE = 0.05**2
# Likewise to the mean square of its differences: a tenth, since steps are smaller than what they add up to.
LEAST_STEP = LEAST_VARIANCE / 10
# Features of a channel: its mean, its spread and its speed.
KINDS = 3
# So many channels in a row are taken together: sensors have three axes. All would take tables that grow quadratically.
AXES = 3
# Means, logarithms and deviations are kept in these parts of 1, and factors in those.
UNIT, FACTOR_UNIT = 64, 4096
# So many windows of known classes may be rejected.
MOST_REJECTED = 0.05


@dataclasses.dataclass(frozen=True)
class Rejection:
    """Typical windows of each class, and the distance from all of them beyond which a window is rejected.

    A network has learned what tells its classes apart, and nothing of what they have in common, so its probabilities
    say little about a window of something else. The Mahalanobis distance of a window to a class is that of its
    features, as `features` returns them; those of three channels in a row are correlated, others are not. Windows of
    some classes are usually farther from theirs than windows of others, so the logarithm of a distance counts in
    deviations from that of windows of the class that were not learned from.

    Args:
        centres: int array (classes, 3 x channels), means, spreads and speeds of all channels, in 1/64 of what is
            standardised.
        deviations: int array (3 x channels,), their standard deviations within classes likewise, at least 1.
        factors: int array (classes, entries), for each block of `blocks` in turn the rows of a lower triangle, up to
            the diagonal, that turns differences from a centre, in `deviations`, into independent ones; in 1/4096.
        usual: int array (classes, 2), mean and standard deviation of the natural logarithm of the distance, plus 1,
            that windows of the class have to it, in 1/64.
        limit: float, the distance beyond which a window is rejected.
        rejected: float, share of the validation windows of known classes that is.
        other: float, share of the windows of another class that is, or None if none were given.

    Example:
        >>> rejection = Rejection.learn([(x, codes, x_val, codes_val)], (x, codes))
        >>> rejection.distance(x_test) > rejection.limit
    """

    centres: np.ndarray
    deviations: np.ndarray
    factors: np.ndarray
    usual: np.ndarray
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
        known, own, strange = [], [], []
        for x, codes, x_val, codes_val in parts:
            typical = _typical(x, codes, classes)
            known.append(squared_distances(typical, x_val))
            # Windows of a class that the part lacks have no distance to it.
            present = np.isin(codes_val, codes)
            own.append((codes_val[present], np.log1p(known[-1][present, codes_val[present]])))
            strange += [] if other is None else [squared_distances(typical, other)]
        usual = _usual(own, classes)
        # Windows do not say themselves what is usual where others can.
        others = [[*own[:place], *own[place + 1 :]] or own for place in range(len(own))]
        near = [_nearest(one, _usual(rest, classes)) for one, rest in zip(known, others, strict=True)]
        limits = _sparing_limits(near)
        limit, share = float(limits[0]), None
        inside = np.concatenate(near)
        if other is not None:
            outside = _nearest(np.concatenate(strange), usual)
            # Beyond the smallest limit, as many others as can be are rejected; a larger one spares known windows.
            gains = [np.mean(outside > one) - np.mean(inside > one) for one in limits]
            limit = float(limits[int(np.argmax(gains))])
            share = float(np.mean(outside > limit))
        return cls(*_typical(*everything, classes), usual, limit, float(np.mean(inside > limit)), share)

    def distance(self, x: np.ndarray) -> np.ndarray:
        """Returns the distance of windows to the nearest class, in deviations from what is usual for it.

        Args:
            x: array (windows, time, channels), standardised.

        Returns:
            float array (windows,).
        """
        return _nearest(squared_distances((self.centres, self.deviations, self.factors), features(x)), self.usual)

    @property
    def limits(self) -> np.ndarray:
        """Float array (classes,): a window is rejected if its squared distance to each class is beyond the class's."""
        mean, deviation = self.usual.T / UNIT
        # Nothing is as far away as that.
        return np.expm1(np.minimum(mean + self.limit * deviation, 30.0))

    def to_json(self) -> dict[str, Any]:
        """Returns a dict of plain JSON values, which `from_json` reads."""
        return {
            "centres": self.centres.tolist(),
            "deviations": self.deviations.tolist(),
            "factors": self.factors.tolist(),
            "usual": self.usual.tolist(),
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
            ModelFileError: `values` is not such a dict, or one of an earlier version.
        """
        if isinstance(values, dict) and "centres" in values and "factors" not in values:
            raise ModelFileError(
                "The rejection in this .tflite file is of an earlier version of tsnas, by means and spreads alone; "
                "search again with reject='auto', or use that version."
            )
        try:
            names = ("centres", "deviations", "factors", "usual")
            centres, deviations, factors, usual = (np.array(values[name], np.int64) for name in names)
            limit, rejected = float(values["limit"]), float(values["rejected"])
            other = None if values["other"] is None else float(values["other"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise ModelFileError("The rejection in this .tflite file is damaged; export it again.") from None
        entries = sum(len(block) * (len(block) + 1) // 2 for block in blocks(channels))
        features_count = KINDS * channels
        fits = (
            centres.shape == (classes, features_count)
            and deviations.shape == (features_count,)
            and factors.shape == (classes, entries)
            and usual.shape == (classes, 2)
            and max(np.abs(centres).max(), deviations.max(), np.abs(usual).max()) < 2**24
            and np.abs(factors).max() < 2**15
        )
        if not (fits and (deviations > 0).all() and (usual[:, 1] > 0).all() and abs(limit) < 2**20):
            raise ModelFileError("The rejection in this .tflite file does not fit its model; export it again.")
        return cls(centres, deviations, factors, usual, limit, rejected, other)


def features(x: np.ndarray) -> np.ndarray:
    """Returns the means, then the spreads, then the speeds of all channels of standardised windows.

    A spread is the binary logarithm of the variance, a speed that of the mean square of the differences of samples.

    Args:
        x: array (windows, time, channels).

    Returns:
        float64 array (windows, 3 x channels).
    """
    mean = x.mean(axis=1, dtype=np.float64)
    variance = x.var(axis=1, dtype=np.float64)
    # A window of a single sample has no steps.
    steps = np.square(np.diff(x, axis=1), dtype=np.float64).sum(axis=1) / max(x.shape[1] - 1, 1)
    return np.concatenate([mean, np.log2(variance + LEAST_VARIANCE), np.log2(steps + LEAST_STEP)], axis=1)


def blocks(channels: int) -> list[list[int]]:
    """Returns lists of the places of features that may be correlated: of three channels in a row each.

    Args:
        channels: int, number of channels.

    Returns:
        list of lists of int.
    """
    starts = range(0, channels, AXES)
    return [
        [kind * channels + one for kind in range(KINDS) for one in range(start, min(start + AXES, channels))]
        for start in starts
    ]


def squared_distances(typical: tuple[np.ndarray, np.ndarray, np.ndarray], values: np.ndarray) -> np.ndarray:
    """Returns the squared distances of features to each class, (windows, classes)."""
    centres, deviations, factors = typical
    found = np.zeros((len(values), len(centres)))
    for number, centre in enumerate(centres):
        off = (values - centre / UNIT) / (deviations / UNIT)
        start = 0
        for block in blocks(len(deviations) // KINDS):
            low = np.tril_indices(len(block))
            triangle = np.zeros((len(block), len(block)))
            triangle[low] = factors[number, start : start + len(low[0])] / FACTOR_UNIT
            start += len(low[0])
            found[:, number] += ((off[:, block] @ triangle.T) ** 2).sum(axis=1)
    return found


def _nearest(squares: np.ndarray, usual: np.ndarray) -> np.ndarray:
    mean, deviation = usual.T / UNIT
    return ((np.log1p(squares) - mean) / deviation).min(axis=1)


def _sparing_limits(parts: list[np.ndarray]) -> np.ndarray:
    """Returns in ascending order the limits beyond which few enough known windows are, in the mean of parts."""
    inside = np.sort(np.concatenate(parts))
    limits = np.unique(inside[len(inside) - 1 - math.floor(MOST_REJECTED * len(inside)) :])
    # Parts are of other users each, and all users count alike, however many windows they have.
    shares = [1 - np.searchsorted(np.sort(one), limits, side="right") / len(one) for one in parts]
    # Nothing is beyond the last of them.
    return limits[np.mean(shares, axis=0) <= MOST_REJECTED + 1e-9]


def _usual(own: list[tuple[np.ndarray, np.ndarray]], classes: int) -> np.ndarray:
    """Returns mean and deviation of what each class has, in whole units; a class without windows has those of all."""
    codes, logarithms = (np.concatenate(found) for found in zip(*own, strict=True))
    of_class = [logarithms[codes == code] for code in range(classes)]
    shared = np.mean([own.var() for own in of_class if len(own)])
    mean = [own.mean() if len(own) else logarithms.mean() for own in of_class]
    variance = [(own.var() + shared) / 2 if len(own) else shared for own in of_class]
    found = np.round(UNIT * np.stack([mean, np.sqrt(variance)], axis=1)).astype(np.int64)
    found[:, 1] = np.maximum(found[:, 1], 1)
    return found


def _typical(values: np.ndarray, codes: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns centres, deviations and factors of the features of each class, in whole units."""
    of_class = [values[codes == code] for code in range(classes)]
    # A class may be missing from a part; windows are not near it then.
    means = np.stack([own.mean(axis=0) if len(own) else np.full(values.shape[1], 2.0**16) for own in of_class])
    variance = np.mean([own.var(axis=0) for own in of_class if len(own)], axis=0)
    deviations = np.maximum(np.round(UNIT * np.sqrt(variance)), 1).astype(np.int64)
    scaled = [(own - mean) / (deviations / UNIT) for own, mean in zip(of_class, means, strict=True)]
    factors: list[list[np.ndarray]] = [[] for _ in range(classes)]
    for block in blocks(values.shape[1] // KINDS):
        own = [one[:, block].T @ one[:, block] / len(one) if len(one) else None for one in scaled]
        pooled = np.mean([one for one in own if one is not None], axis=0)
        # A feature that hardly varies keeps a deviation of a whole unit, as in `deviations`.
        pooled[np.diag_indices(len(block))] = np.maximum(np.diag(pooled), 1)
        for number, one in enumerate(own):
            mixed = pooled if one is None else (1 - SHARED) * one + SHARED * pooled
            mixed = (1 - DIAGONAL) * mixed + DIAGONAL * np.diag(np.diag(mixed))
            triangle = np.linalg.inv(np.linalg.cholesky(mixed))
            factors[number].append(triangle[np.tril_indices(len(block))])
    whole = np.round(FACTOR_UNIT * np.stack([np.concatenate(rows) for rows in factors])).astype(np.int64)
    return np.round(UNIT * means).astype(np.int64), deviations, np.clip(whole, -(2**15) + 1, 2**15 - 1)

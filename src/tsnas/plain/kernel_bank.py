"""Bank of given convolution kernels (MiniRocket), whose features a linear classifier takes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

TAPS = 9
# The places of the three taps of weight 2; the other six have weight -1.
KERNELS = tuple(itertools.combinations(range(TAPS), 3))
MOST_DILATIONS = 32
MOST_CHANNELS = 9
GOLDEN_RATIO = (np.sqrt(5.0) + 1.0) / 2.0

# Default number of features, and the one that even large data sets get. In between, the samples of all windows times
# the features stay below MOST_WORK, so that a transform takes seconds, and the features of all windows below
# MOST_VALUES, so that a ridge classifier does, too.
FEATURES, FEWEST_FEATURES = 9_996, 840
MOST_WORK, MOST_VALUES = 2_000_000_000, 10_000_000
# Values of all channels that are transformed at once: many for each call of NumPy, few enough for the cache.
VALUES_AT_ONCE = 2**18
FEWEST_AT_ONCE = 16  # windows
# Sums of this many zeros and ones fit in a byte.
ROWS_OF_A_BYTE = 255


class KernelBank(TransformerMixin, BaseEstimator):
    """MiniRocket transform: convolutions with given kernels, and the proportions of their values above thresholds.

    Each of the 84 kernels has nine taps, three of weight 2 and six of weight -1, and is applied with up to 32 dilations
    that spread it over the window. A feature is the proportion of the outputs of a kernel that exceed a threshold, and
    thresholds are quantiles of the outputs for training windows. Half of the kernels see the window padded with zeros.
    With several channels, each pair of kernel and dilation takes the sum of one to nine randomly chosen channels.

    Windows of fewer than nine samples are lengthened to nine by repeating their last sample.

    Args:
        features: int, number of features, rounded down to a multiple of 84, but at least 84. Defaults to None: 9,996,
            fewer for many or long windows; see `affordable_features`.
        seed: int, seed of the windows whose outputs give the thresholds, and of the channels. Defaults to 0.

    Attributes:
        dilations_: int array (dilations,), ascending.
        counts_: int array (dilations,), features of each kernel at a dilation.
        biases_: list of float32 arrays (kernels, features of each kernel), the thresholds, one array for each dilation.
        channels_: list with one list of int arrays for each dilation, the channels that each kernel takes.
        shape_: tuple (time, channels) of the training windows.

    Example:
        >>> bank = KernelBank(seed=0).fit(x_train)
        >>> ridge = RidgeClassifierCV().fit(bank.transform(x_train), y_train)
        >>> ridge.predict(bank.transform(x_test))

    Source: Dempster, Schmidt and Webb, MiniRocket: A Very Fast (Almost) Deterministic Transform for Time Series
    Classification, KDD 2021; channels as in the authors' multivariate version.
    """

    def __init__(self, features: int | None = None, seed: int | None = 0):
        self.features = features
        self.seed = seed

    def fit(self, x: np.ndarray, y: Any = None) -> KernelBank:
        """Chooses dilations, channels and thresholds.

        Args:
            x: float array (windows, time, channels); channels of similar scale, so standardise them first.
            y: ignored.

        Returns:
            self.
        """
        rng = np.random.default_rng(self.seed)
        self.shape_ = x.shape[1:]
        x = _lengthened(x)
        windows, time, channels = x.shape
        features = affordable_features(windows, time) if self.features is None else self.features
        self.dilations_, self.counts_ = _dilations(time, max(1, features // len(KERNELS)))
        quantiles = (np.arange(1, len(KERNELS) * self.counts_.sum() + 1) * GOLDEN_RATIO) % 1.0
        self.channels_ = [[_some_channels(channels, rng) for _ in KERNELS] for _ in self.dilations_]
        self.biases_ = []
        start = 0
        for index, (dilation, count) in enumerate(zip(self.dilations_, self.counts_, strict=True)):
            # Each kernel has a window of its own.
            chosen = _time_first(x[rng.integers(windows, size=len(KERNELS))])
            tripled, base = _taps(chosen, dilation)
            outputs = [
                _output(tripled[..., kernel], base[..., kernel], dilation, kernel, self.channels_[index][kernel])
                for kernel in range(len(KERNELS))
            ]
            stop = start + len(KERNELS) * count
            self.biases_.append(_quantiles(np.array(outputs), quantiles[start:stop].reshape(len(KERNELS), count)))
            start = stop
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Computes the features of windows.

        Args:
            x: float array (windows, time, channels), like the training windows.

        Returns:
            float32 array (windows, features) of proportions between 0 and 1, sorted by dilation, then kernel, then
            threshold.
        """
        if x.shape[1:] != self.shape_:
            raise ValueError(f"x has shape {x.shape}, but must be (windows, {self.shape_[0]}, {self.shape_[1]})")
        x = _lengthened(x)
        at_once = max(FEWEST_AT_ONCE, VALUES_AT_ONCE // (x.shape[1] * x.shape[2]))
        found = np.empty((len(x), len(KERNELS) * int(self.counts_.sum())), np.float32)
        for start in range(0, len(x), at_once):
            part = _time_first(x[start : start + at_once])
            column = 0
            for shares in self._shares(part):
                found[start : start + at_once, column : column + len(shares)] = shares.T
                column += len(shares)
        return found

    def _shares(self, x: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the features of each kernel at each dilation, (features, windows), for x (channels, time, windows)."""
        for index, dilation in enumerate(self.dilations_):
            padding = TAPS // 2 * dilation
            tripled, base = _taps(x, dilation)
            for kernel, channels in enumerate(self.channels_[index]):
                output = _output(tripled, base, dilation, kernel, channels)
                if not _is_padded(index, kernel):
                    output = output[padding:-padding]
                yield _shares_above(output, self.biases_[index][kernel])


def affordable_features(windows: int, time: int) -> int:
    """Returns the default number of features of a `KernelBank`.

    Args:
        windows: int, number of training windows.
        time: int, samples of a window.

    Returns:
        int: 9,996, or the largest multiple of 84 that keeps windows times samples times features below 2 billion, and
        windows times features below 10 million; but at least 840.
    """
    most = min(MOST_WORK // time, MOST_VALUES) // windows
    return max(FEWEST_FEATURES, min(FEATURES, most // len(KERNELS) * len(KERNELS)))


def _dilations(time: int, per_kernel: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the dilations for a window, and the number of features that a kernel has at each of them."""
    tried = min(per_kernel, MOST_DILATIONS)
    exponents = np.linspace(0.0, np.log2((time - 1) / (TAPS - 1)), tried)
    dilations, counts = np.unique((2.0**exponents).astype(np.int64), return_counts=True)
    counts = counts * per_kernel // tried
    missing = per_kernel - counts.sum()
    counts += missing // len(counts)
    counts[: missing % len(counts)] += 1
    return dilations, counts


def _some_channels(channels: int, rng: np.random.Generator) -> np.ndarray:
    count = int(2.0 ** rng.uniform(0.0, np.log2(min(channels, MOST_CHANNELS) + 1)))
    return np.sort(rng.choice(channels, min(count, channels), replace=False))


def _lengthened(x: np.ndarray) -> np.ndarray:
    return np.pad(x, ((0, 0), (0, max(0, TAPS - x.shape[1])), (0, 0)), mode="edge")


def _time_first(x: np.ndarray) -> np.ndarray:
    """Returns windows as float32 (channels, time, windows), in which a shift in time is a contiguous slice."""
    return np.ascontiguousarray(x.transpose(2, 1, 0), np.float32)


def _taps(x: np.ndarray, dilation: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns three times x, padded with zeros, and the output of nine taps of -1, which all kernels share.

    Args:
        x: float32 array (channels, time, windows).
        dilation: int.
    """
    time, padding = x.shape[1], TAPS // 2 * dilation
    padded = np.pad(x, ((0, 0), (padding, padding), (0, 0)))
    base = -padded[:, :time]
    for tap in range(1, TAPS):
        base -= padded[:, tap * dilation : tap * dilation + time]
    padded *= 3.0
    return padded, base


def _output(tripled: np.ndarray, base: np.ndarray, dilation: int, kernel: int, channels: np.ndarray) -> np.ndarray:
    """Returns the output of a kernel for the sum of some channels, (time, ...) like each channel of `base`."""
    tripled, base = _sum(tripled, channels), _sum(base, channels)
    time = len(base)
    one, two, three = (tap * dilation for tap in KERNELS[kernel])
    output = base + tripled[one : one + time]
    output += tripled[two : two + time]
    output += tripled[three : three + time]
    return output


def _sum(x: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """Returns the sum of some channels of x (channels, ...); a view where it is one."""
    total = x[channels[0]]
    if len(channels) > 1:
        total = total + x[channels[1]]
        for channel in channels[2:]:
            total += x[channel]
    return total


def _is_padded(dilation_index: int, kernel: int) -> bool:
    return (dilation_index + kernel) % 2 == 0


def _quantiles(outputs: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Returns quantiles of each row of outputs (kernels, time), (kernels, quantiles), interpolated linearly."""
    ordered = np.sort(outputs, axis=1)
    places = quantiles * (outputs.shape[1] - 1)
    below = places.astype(np.int64)
    low = np.take_along_axis(ordered, below, axis=1)
    high = np.take_along_axis(ordered, below + 1, axis=1)
    return (low + (places - below) * (high - low)).astype(np.float32)


def _shares_above(output: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """Returns the proportions of an output (time, windows) above each bias, (biases, windows)."""
    above = np.greater(output, biases[:, np.newaxis, np.newaxis]).view(np.uint8)
    time = len(output)
    counts = np.add.reduce(above[:, :ROWS_OF_A_BYTE], axis=1, dtype=np.uint8).astype(np.float32)
    for start in range(ROWS_OF_A_BYTE, time, ROWS_OF_A_BYTE):
        counts += np.add.reduce(above[:, start : start + ROWS_OF_A_BYTE], axis=1, dtype=np.uint8)
    return counts / np.float32(time)

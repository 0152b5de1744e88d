"""Resamples a signal with arbitrary time stamps to an even rate."""

from __future__ import annotations

import fractions

import numpy as np

from tsnas.errors import TableTimeError

# Samples within this fraction of a step of an even grid stay as they are: time stamps are rounded to some unit.
EVEN = 0.25
# A rate this close to the wanted one, relative to it, counts as equal: no two crystals agree.
SAME_RATE = 0.01
LARGEST_DENOMINATOR = 100
# Beyond this ratio a unit of time is wrong, and the arrays or the filter would not fit into memory.
LARGEST_RATIO = 1000
# Rates of common sensors; an estimate that is close to one of them is taken to be it.
COMMON_HZ = np.array(
    [1, 2, 4, 5, 8, 10, 12.5, 16, 20, 25, 26, 30, 31.25, 32, 40, 50, 52, 60, 62.5, 64, 80, 100, 104, 119, 120, 125]
    + [128, 200, 208, 238, 240, 250, 256, 400, 416, 476, 500, 512, 800, 833, 952, 1000, 1024, 1600, 1660, 2000, 2048]
    + [3200, 3330, 4000, 4096, 6400, 6660, 8000, 16000, 22050, 44100, 48000]
)

KEPT, INTERPOLATED, LOWERED = "kept", "interpolated", "lowered"


def estimate_rate(times: np.ndarray) -> float:
    """Estimates the sampling rate from the steps within 50% of their median, so that gaps do not count.

    Args:
        times: float array (samples,) of increasing times in seconds, at least two.

    Returns:
        float, in Hz.
    """
    steps = np.diff(times)
    median = np.median(steps)
    return 1.0 / float(np.mean(steps[np.abs(steps - median) <= median / 2]))


def round_rate(rate_hz: float) -> float:
    """Rounds a rate to a common sensor rate if one is within 1%, else to three digits."""
    near = float(COMMON_HZ[np.argmin(np.abs(np.log(COMMON_HZ / rate_hz)))])
    return near if abs(near / rate_hz - 1) <= SAME_RATE else float(f"{rate_hz:.3g}")


def resample(
    times: np.ndarray, values: np.ndarray, own_hz: float, rate_hz: float, source: str = "the recording"
) -> tuple[np.ndarray, np.ndarray, str]:
    """Resamples to an even rate.

    Samples that already lie on an even grid of that rate stay as they are. Otherwise values are interpolated linearly
    between neighbours. Where the rate is lowered, frequencies too high for the new rate would appear as slow movements
    that never happened (aliasing), so a low-pass filter without delay (Kaiser window, cutoff at half the new rate) is
    applied first.

    Args:
        times: float array (samples,) of increasing times in seconds.
        values: float array (samples, channels), finite.
        own_hz: float, approximate rate of the samples.
        rate_hz: float, the wanted rate.
        source: str, the file, for messages.

    Returns:
        (times, values, how): times in seconds, float64 array (new samples, channels), and `"kept"`, `"interpolated"`
        or `"lowered"`.

    Raises:
        TableTimeError: the rates are too far apart.
    """
    span = (times[-1] - times[0]) * rate_hz
    if own_hz > LARGEST_RATIO * rate_hz or span > LARGEST_RATIO * len(times):
        raise TableTimeError(
            f"{source} has about {own_hz:,.4g} samples per second, and {len(times):,} in {times[-1] - times[0]:,.4g} "
            f"s, which cannot be resampled to {rate_hz:,.4g} Hz; check time_unit, rate_hz and max_gap_s."
        )
    if is_even(times, rate_hz):
        return times, values, KEPT
    if rate_hz >= own_hz * (1 - SAME_RATE):
        grid = _make_grid(times, rate_hz)
        return grid, _interpolate(grid, times, values), INTERPOLATED
    from scipy.signal import resample_poly

    # The ratio is down / up, with the lower rate below: however low that is, the denominator stays small.
    ratio = fractions.Fraction(own_hz / rate_hz).limit_denominator(LARGEST_DENOMINATOR)
    down, up = ratio.numerator, ratio.denominator
    even_hz = rate_hz * down / up
    if not is_even(times, even_hz):
        grid = _make_grid(times, even_hz)
        times, values = grid, _interpolate(grid, times, values)
    # The line from the first to the last sample is subtracted and added back: the filter takes values beyond the ends
    # as zero, which would leave a ripple even on a constant.
    slope = (values[-1] - values[0]) / (len(values) - 1)
    found = resample_poly(values - values[0] - np.outer(np.arange(len(values)), slope), up, down, axis=0)
    order = np.arange(len(found))
    return times[0] + order / rate_hz, found + values[0] + np.outer(order * (down / up), slope), LOWERED


def is_even(times: np.ndarray, rate_hz: float) -> bool:
    """Tells whether all times lie within a quarter of a step of an even grid of about this rate."""
    if len(times) < 2:
        return True
    order = np.arange(len(times), dtype=np.float64)
    order -= order.mean()
    step = float(order @ times / (order @ order))
    off = times - times.mean() - step * order
    return abs(step * rate_hz - 1) <= SAME_RATE and bool(np.abs(off).max() <= EVEN * step)


def _make_grid(times: np.ndarray, rate_hz: float) -> np.ndarray:
    samples = int(np.floor((times[-1] - times[0]) * rate_hz + 1e-6)) + 1
    return times[0] + np.arange(samples) / rate_hz


def _interpolate(grid: np.ndarray, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.stack([np.interp(grid, times, values[:, channel]) for channel in range(values.shape[1])], axis=1)

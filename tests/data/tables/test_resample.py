"""Resampling: what stays as it is, straight lines, and the low-pass filter against a slow version."""

import fractions

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scale import scaled

from tsnas.data.tables.resample import INTERPOLATED, KEPT, LOWERED, estimate_rate, is_even, resample, round_rate
from tsnas.errors import TableTimeError


def bessel_i0(x):
    """The modified Bessel function of order zero, by its series."""
    term, total, k = 1.0, 1.0, 0
    while term > 1e-17 * total:
        k += 1
        term *= (x / 2 / k) ** 2
        total += term
    return total


def slow_lowered(values, up, down):
    """Zeros between samples, a windowed sinc with a Kaiser window, and every so manieth value; line by line."""
    longest = max(up, down)
    half = 10 * longest
    taps = []
    for k in range(-half, half + 1):
        ideal = 1.0 / longest if k == 0 else np.sin(np.pi * k / longest) / (np.pi * k)
        taps.append(ideal * bessel_i0(5.0 * np.sqrt(1 - (k / half) ** 2)) / bessel_i0(5.0))
    gain = up / sum(taps)
    line = np.linspace(values[0], values[-1], len(values))
    rest = values - line
    count = -(-len(values) * up // down)
    found = []
    for out in range(count):
        at = out * down
        total = 0.0
        for k in range(-half, half + 1):
            place = at - k
            if place % up == 0 and 0 <= place // up < len(values):
                total += gain * taps[k + half] * rest[place // up]
        slope = (values[-1] - values[0]) / (len(values) - 1)
        found.append(total + values[0] + slope * at / up)
    return np.array(found)


@settings(deadline=None, max_examples=scaled(25))
@given(st.integers(2, 60), st.sampled_from([(100, 50), (104, 52), (100, 40), (100, 33), (64, 20)]), st.integers(0, 9))
def test_the_low_pass_filter_against_a_slow_version(samples, rates, seed):
    own, wanted = rates
    values = np.random.default_rng(seed).normal(5, 1, (samples, 2))
    times = 3.0 + np.arange(samples) / own
    at, found, how = resample(times, values, own, wanted)
    ratio = fractions.Fraction(wanted, own)
    expected = np.stack([slow_lowered(values[:, c], ratio.numerator, ratio.denominator) for c in range(2)], axis=1)
    assert how == LOWERED
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(at, 3.0 + np.arange(len(expected)) / wanted)


def slow_lines(times, values, rate_hz):
    found, t = [], times[0]
    while t <= times[-1] + 1e-6 / rate_hz:
        after = next((i for i, one in enumerate(times) if one >= t - 1e-12), len(times) - 1)
        if after == 0:
            found.append(values[0])
        else:
            share = (t - times[after - 1]) / (times[after] - times[after - 1])
            found.append(values[after - 1] + min(share, 1) * (values[after] - values[after - 1]))
        t = times[0] + len(found) / rate_hz
    return np.array(found)


@settings(deadline=None, max_examples=scaled(40))
@given(st.integers(3, 40), st.floats(20, 300), st.integers(0, 99))
def test_straight_lines_against_a_slow_version(samples, rate_hz, seed):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.03, 0.17, samples))
    values = rng.normal(size=(samples, 1))
    at, found, how = resample(times, values, 20.0, rate_hz)
    if how == KEPT:
        assert is_even(times, rate_hz)
        return
    assert how == INTERPOLATED
    np.testing.assert_allclose(found, slow_lines(times, values, rate_hz), atol=1e-6)
    np.testing.assert_allclose(np.diff(at), 1 / rate_hz)


def test_what_is_too_quick_for_the_new_rate_is_taken_away():
    times = np.arange(2000) / 100
    slow, quick = np.sin(2 * np.pi * 2 * times), np.sin(2 * np.pi * 40 * times)
    at, found, _ = resample(times, np.stack([slow, quick], axis=1), 100, 50)
    inside = slice(50, -50)
    np.testing.assert_allclose(found[inside, 0], np.sin(2 * np.pi * 2 * at[inside]), atol=0.01)
    # Without a filter, 40 Hz would come back as 10 Hz in full size.
    assert np.abs(found[inside, 1]).max() < 0.01


def test_uneven_samples_go_through_an_even_grid_before_the_filter():
    rng = np.random.default_rng(0)
    times = np.sort(np.arange(3000) / 100 + rng.uniform(-0.004, 0.004, 3000))
    at, found, how = resample(times, np.sin(2 * np.pi * times)[:, np.newaxis] + 9.81, 100, 40)
    assert how == LOWERED
    np.testing.assert_allclose(np.diff(at), 1 / 40)
    np.testing.assert_allclose(found[40:-40, 0], np.sin(2 * np.pi * at[40:-40]) + 9.81, atol=0.02)


def test_a_constant_stays_a_constant():
    found = resample(np.arange(500) / 104, np.full((500, 1), 9.81), 104, 50)[1]
    np.testing.assert_allclose(found, 9.81, rtol=1e-12)


@pytest.mark.parametrize("own_hz", [50.0, 50.4, 49.6])
def test_samples_of_the_wanted_rate_stay_as_they_are(own_hz):
    # Stamps in whole milliseconds, as most loggers write them.
    times = np.round(np.arange(500) / own_hz, 3)
    values = np.random.default_rng(0).normal(size=(500, 3))
    at, found, how = resample(times, values, estimate_rate(times), 50)
    assert how == KEPT
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(at, times)


def test_a_lost_sample_is_seen():
    times = np.delete(np.arange(100) / 50, 40)
    assert not is_even(times, 50)
    found = resample(times, times[:, np.newaxis], 50, 50)[1]
    np.testing.assert_allclose(found[:, 0], np.arange(100) / 50, atol=1e-9)


@pytest.mark.parametrize(
    ("own_hz", "expected"),
    [(49.7, 50), (104.3, 104), (99.2, 100), (31.4, 31.25), (23.456, 23.5), (7, 7), (0.123456, 0.123), (12345, 12300)],
)
def test_rates_are_rounded_to_common_ones(own_hz, expected):
    assert round_rate(own_hz) == expected


def test_the_rate_does_not_suffer_from_rounded_stamps_and_gaps():
    times = np.round(np.arange(2000) / 104, 3)
    times[1000:] += 60
    assert estimate_rate(times) == pytest.approx(104, rel=1e-3)


def test_rates_that_are_too_far_apart_are_refused():
    times = np.arange(100) / 1e6
    with pytest.raises(TableTimeError, match=r"a\.csv has about 1e\+06 samples per second"):
        resample(times, np.zeros((100, 1)), 1e6, 10, "a.csv")
    with pytest.raises(TableTimeError, match="check time_unit, rate_hz and max_gap_s"):
        resample(np.arange(100) * 1e3, np.zeros((100, 1)), 1e-3, 100)

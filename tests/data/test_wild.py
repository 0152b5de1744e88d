"""Wild values: found where they are few and apart, left alone in events; moments and standardisation without them."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scale import scaled

from tsnas.data import Standardizer, Windows, check, lazy_windows
from tsnas.data.moments import moments
from tsnas.data.wild import are_wild, reach, tally


def noise(windows=200, time=64, channels=2, seed=0):
    return np.random.default_rng(seed).normal(size=(windows, time, channels)).astype(np.float32)


def found(x, channel=0):
    values = x[:, :, channel]
    return are_wild(tally(values, reach(values)))


@settings(deadline=None, max_examples=scaled(40))
@given(st.sampled_from([32767.0, -999.0, 65535.0, 1e30]), st.integers(1, 60), st.integers(0, 99), st.booleans())
def test_moments_are_those_of_the_other_values(value, count, seed, lazy):
    x = noise(seed=seed) * np.float32(3) + np.float32(7)
    rng = np.random.default_rng(seed)
    windows, times = rng.choice(200, count, replace=False), rng.integers(0, 64, count)
    x[windows, times, 0] = value
    ordinary = np.delete(x[:, :, 0].ravel(), windows * 64 + times)
    given_x = Windows(x) if lazy else x
    got = moments(given_x)
    assert got.wild.tolist() == [count, 0]
    assert (got.low[0], got.high[0]) == (ordinary.min(), ordinary.max())
    assert got.mean[0] == pytest.approx(ordinary.mean(dtype=np.float64), rel=1e-6)
    assert got.std[0] == pytest.approx(ordinary.std(dtype=np.float64), rel=1e-5)
    # The other channel has the same bits as always.
    assert got.mean[1] == x[:, :, 1:].mean(axis=(0, 1), dtype=np.float64)
    z = Standardizer.fit(given_x)(x)
    assert np.abs(z).max() < 8


def test_moments_of_parts_are_those_of_the_whole(monkeypatch):
    x = noise()
    x[3, 5, 0] = 4000
    whole = moments(x)
    monkeypatch.setattr(lazy_windows, "PART_VALUES", 1000)
    parts = moments(x)
    assert parts.wild.tolist() == whole.wild.tolist() == [1, 0]
    np.testing.assert_allclose(parts.std, whole.std, rtol=1e-12)


def test_events_are_not_wild():
    x = noise()
    bump = 400 * np.hanning(9).astype(np.float32)[1:-1]
    x[::20, 20:27, 0] = bump
    assert not found(x)
    np.testing.assert_array_equal(moments(x).std, x.std(axis=(0, 1), dtype=np.float64))
    assert "spikes" not in check(x).kinds()


def test_switches_and_heavy_tails_are_not_wild():
    x = noise()
    x[:, :, 0] = np.random.default_rng(1).standard_t(3, (200, 64))
    assert not found(x)
    x[:, :, 0] = 0
    x[5, 3, 0] = 9
    assert not found(x)


def test_many_far_values_are_not_wild():
    x = noise()
    x[:, ::20, 0] = 5000
    assert not found(x)


def test_a_value_that_stays_is_wild():
    x = noise()
    x[7, 10:40, 0] = 65535
    assert found(x)


def test_a_finding_names_channel_values_and_share():
    x, y, groups = noise(), np.arange(200) % 2, np.arange(200) // 40
    x[[7, 90], 10, 1] = 32767
    x[20, 3, 1] = -32768
    (one,) = check(x, y, groups).findings
    assert (one.severity, one.kind) == ("warning", "spikes")
    assert "Channel 1 has 3 values of 12,800 far from all others, such as 32,767 (2 times) and -32,768" in one.message
    assert "in 3 windows, the first at sample 10 of window 7" in one.message
    assert "more than 99.9% of its variance" in one.message
    assert one.numbers["count"] == 3
    assert one.numbers["std_without"] == pytest.approx(1, rel=0.02)


def test_a_finding_names_markers():
    x = noise() * 5 + 80
    x[::9, :3, 0] = -1
    (one,) = [one for one in check(x).findings if one.kind == "marker"]
    assert "Channel 0 is exactly -1 in 69 samples" in one.message
    assert one.numbers == {"channel": "0", "value": -1.0, "count": 69}
    assert "clipped" not in check(x).kinds()


def test_ordinary_ends_are_not_markers():
    x = np.clip(noise() * 100, -128, 127)
    assert "marker" not in check(x).kinds()


def test_what_is_cut_off_is_not_kept_in_files():
    x = noise()
    x[0, 0, 0] = 1e6
    standardizer = Standardizer.fit(x)
    again = Standardizer.from_json(standardizer.to_json())
    assert again == standardizer
    assert again.ordinary is None
    assert standardizer.ordinary[1] == (-np.inf, np.inf)

"""Checks of sensor values: missing, constant, clipped and still channels, against slow counts; units and scales."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scale import scaled

from tsnas.data import check


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def one(report, kind):
    (finding,) = [finding for finding in report.findings if finding.kind == kind]
    return finding


def test_good_data_have_no_finding():
    report = check(noise(200, 32, 2), np.arange(200) % 2, np.arange(200) // 2 % 5)
    assert report.findings == ()
    assert report.ok
    assert str(report).endswith("No error and no warning.")


def test_channels_are_summarised():
    x = noise(50, 32, 2) * np.array([1, 100]) + np.array([0, 7])
    report = check(x)
    for index, channel in enumerate(report.channels):
        values = x[:, :, index].astype(np.float32)
        assert channel.minimum == values.min()
        assert channel.maximum == values.max()
        assert channel.mean == pytest.approx(values.mean(), rel=1e-4, abs=1e-4)
        assert channel.std == pytest.approx(values.std(), rel=1e-4)
    assert report.counts == {}


def test_missing_values_are_an_error():
    x = noise(20, 16, 3)
    x[3, 5, 1] = np.nan
    x[4, :, 2] = np.inf
    finding = one(check(x), "missing")
    assert finding.severity == "error"
    assert finding.numbers == {"values": 17, "pieces": 2, "channels": {"1": 1, "2": 16}}
    assert "17 values are NaN or infinite, in 2 of 20 windows, channels 1 and 2" in finding.message
    assert check(np.full((4, 16, 1), np.nan)).to_json()["channels"][0]["minimum"] is None


def test_a_constant_channel():
    x = noise(20, 16, 2)
    x[..., 1] = 3.5
    report = check(x)
    assert report.channels[1].constant
    assert "Channel 1 is 3.5 in every sample" in one(report, "constant").message
    assert not {"clipped", "still"} & report.kinds()


def slow_clipped(pieces):
    low, high = min(map(min, pieces)), max(map(max, pieces))
    count = 0
    for piece in pieces:
        run = 0
        for index, value in enumerate(piece):
            run = run + 1 if index and value == piece[index - 1] else 1
            last = index + 1 == len(piece) or piece[index + 1] != value
            if last and run >= 3 and value in (low, high):
                count += run
    return count / sum(map(len, pieces))


@settings(deadline=None, max_examples=scaled(40))
@given(st.floats(0.5, 3), st.integers(1, 30), st.integers(0, 99))
def test_clipped_samples_against_a_slow_count(end, windows, seed):
    smooth = np.cumsum(noise(windows, 40, seed=seed), axis=1) / 3
    x = np.clip(smooth, -end, end)
    report = check(x)
    distinct = len(np.unique(x))
    expected = slow_clipped(x.tolist()) if distinct >= 20 else 0
    assert report.channels[0].clipped == pytest.approx(expected)
    assert ("clipped" in report.kinds()) == (expected >= 0.001)


def test_the_end_that_is_clipped_is_named():
    x = np.minimum(np.cumsum(noise(50, 40, 1), axis=1), 1.5)
    report = check(x)
    assert report.channels[0].clipped_at == (1.5,)
    assert "Channel 0 stays at 1.5, the end of its range, for 3 samples or more in" in one(report, "clipped").message


def test_a_switch_is_not_clipped():
    x = np.repeat(np.random.default_rng(0).integers(0, 2, (50, 8)), 8, axis=1).astype(np.float32)
    assert "clipped" not in check(x).kinds()


def test_a_sensor_that_hangs():
    x = noise(40, 64, 1)
    x[10:14] = 0.125
    x[20, 10:45] = 0.25
    report = check(x)
    assert report.channels[0].still == pytest.approx((4 * 64 + 35) / (40 * 64))
    assert "Channel 0 does not change for 32 samples or a whole window in 11.4%" in one(report, "still").message
    # The same value at the end of a recording and at the start of the next is no run.
    recordings = [noise(60, 1, seed=seed) for seed in range(3)]
    recordings[0][-20:] = recordings[1][:20] = 0.125
    assert "still" not in check(recordings).kinds()


def accelerations(groups, unit=1.0, seed=0, tilt=0.1):
    """Windows of a sensor at rest that is turned a little; gravity is `unit`."""
    rng = np.random.default_rng(seed)
    gravity = rng.normal(0, tilt, (len(groups), 1, 3)) + np.array([0.3, 0.2, 0.93])
    gravity /= np.linalg.norm(gravity, axis=2, keepdims=True)
    return ((gravity + rng.normal(0, 0.1, (len(groups), 32, 3))) * unit).astype(np.float32)


GROUPS = np.repeat([1, 2, 3, 4], 20)


@pytest.mark.parametrize(("unit", "name"), [(1, "g"), (9.81, "m/s^2"), (1000, "mg")])
def test_accelerations_are_known_by_gravity(unit, name):
    finding = one(check(accelerations(GROUPS, unit)), "unit")
    assert finding.severity == "info"
    assert f"Channels 0, 1 and 2 look like accelerations in {name}: their norm has a median of" in finding.message


@pytest.mark.parametrize("size", [1.0, 9.81, 0.62])
def test_angular_rates_are_no_accelerations(size):
    assert "unit" not in check(noise(80, 32, 3) * size).kinds()


def test_a_group_in_another_unit():
    x = accelerations(GROUPS)
    x[GROUPS == 3] *= 9.81
    finding = one(check(x, GROUPS % 2, GROUPS), "units differ")
    assert finding.severity == "warning"
    assert "g in groups 1, 2, 4; m/s^2 in group 3; convert all to one unit" in finding.message


def test_a_group_of_another_size_without_a_known_unit():
    x = noise(80, 32, 3)
    x[GROUPS == 2] *= 57.3
    finding = one(check(x, np.arange(80) % 2, GROUPS), "sizes differ")
    assert "Channels 0, 1 and 2: values are" in finding.message
    assert "times the usual size in group 2" in finding.message
    assert finding.numbers["ratios"]["2"] == pytest.approx(57.3, rel=0.05)
    x = noise(80, 32, 1)
    x[GROUPS == 4] *= 0.01
    assert "Channel 0: values are 0.01" in one(check(x, np.arange(80) % 2, GROUPS), "sizes differ").message


def test_channels_of_very_different_scales():
    finding = one(check(noise(20, 16, 2) * np.array([1, 1e5], np.float32)), "scales")
    assert finding.severity == "info"
    assert (finding.numbers["largest"], finding.numbers["smallest"]) == ("1", "0")

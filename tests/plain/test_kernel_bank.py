"""Kernel bank: against a slow version written from the paper, its settings, and odd windows."""

import itertools

import numpy as np
import pytest
from sklearn.base import clone

from tsnas.plain.kernel_bank import FEATURES, FEWEST_FEATURES, MOST_VALUES, MOST_WORK, KernelBank, affordable_features


def windows_of(windows, time, channels=1, seed=0):
    return np.random.default_rng(seed).normal(size=(windows, time, channels)).astype(np.float32)


def slow_output(series, kernel, dilation):
    """Output of a kernel, tap by tap, for a series of one channel with zeros around it."""
    weights = np.full(9, -1.0)
    weights[list(list(itertools.combinations(range(9), 3))[kernel])] = 2.0
    return np.array(
        [
            sum(
                weight * series[place]
                for tap, weight in enumerate(weights)
                if 0 <= (place := time + (tap - 4) * dilation) < len(series)
            )
            for time in range(len(series))
        ]
    )


def slow_features(bank, window):
    """Features of a window (time, channels), one by one."""
    found = []
    for index, (dilation, biases) in enumerate(zip(bank.dilations_, bank.biases_, strict=True)):
        for kernel in range(84):
            series = window[:, bank.channels_[index][kernel]].sum(axis=1, dtype=np.float64)
            output = slow_output(series, kernel, dilation)
            if (index + kernel) % 2:
                output = output[4 * dilation : -4 * dilation]
            found += [(output > bias).mean() for bias in biases[kernel]]
    return found


@pytest.mark.parametrize(("time", "channels", "features"), [(41, 1, 420), (30, 5, 168), (9, 2, 252)])
def test_features_are_those_of_the_slow_version(time, channels, features):
    x = windows_of(6, time, channels)
    bank = KernelBank(features, seed=1).fit(x)
    # The windows of the biases have values on the biases, where rounding decides; these have none.
    new = windows_of(3, time, channels, seed=2)
    found = bank.transform(new)
    assert found.dtype == np.float32
    assert found.shape == (3, features)
    np.testing.assert_allclose(found, [slow_features(bank, window) for window in new], atol=1e-6)


def test_biases_are_quantiles_of_the_outputs_for_training_windows():
    (window,) = x = windows_of(1, 60)
    bank = KernelBank(840).fit(x)
    quantiles = iter((np.arange(1, 841) * (np.sqrt(5) + 1) / 2) % 1)
    for dilation, biases in zip(bank.dilations_, bank.biases_, strict=True):
        for kernel, own in enumerate(biases):
            asked = list(itertools.islice(quantiles, len(own)))
            expected = np.quantile(slow_output(window[:, 0], kernel, dilation), asked)
            np.testing.assert_allclose(own, expected, atol=1e-5)
    assert next(quantiles, None) is None


@pytest.mark.parametrize(("time", "features"), [(9, 84), (10, 9_996), (300, 84), (300, 9_996), (5_000, 9_996)])
def test_dilations_spread_the_kernels_over_the_window(time, features):
    bank = KernelBank(features).fit(windows_of(1, time))
    assert bank.dilations_[0] == 1
    assert (np.diff(bank.dilations_) > 0).all()
    assert 8 * bank.dilations_[-1] < time
    if features == FEATURES:
        assert 8 * (bank.dilations_[-1] + 1) >= time
    assert (bank.counts_ > 0).all()
    assert 84 * bank.counts_.sum() == features


def test_the_parts_of_a_large_set_do_not_matter(monkeypatch):
    x = windows_of(40, 30, 2)
    bank = KernelBank(168).fit(x)
    whole = bank.transform(x)
    monkeypatch.setattr("tsnas.plain.kernel_bank.VALUES_AT_ONCE", 1)
    assert (bank.transform(x) == whole).all()
    assert (bank.transform(x[17:18]) == whole[17:18]).all()


def test_long_windows_are_counted_without_overflow():
    x = windows_of(2, 1_000)
    bank = KernelBank(84).fit(x)
    bank.biases_ = [np.full_like(biases, -np.inf) for biases in bank.biases_]
    assert (bank.transform(x) == 1).all()


def test_the_seed_decides():
    x = windows_of(20, 40, 4)
    new = windows_of(5, 40, 4, seed=1)
    features = [KernelBank(840, seed).fit(x).transform(new) for seed in (0, 0, 1)]
    assert (features[0] == features[1]).all()
    assert (features[0] != features[2]).any()


def test_kernels_take_one_to_nine_different_channels():
    bank = KernelBank(9_996).fit(windows_of(2, 64, 60))
    taken = [list(channels) for of_dilation in bank.channels_ for channels in of_dilation]
    assert {len(channels) for channels in taken} == set(range(1, 10))
    assert all(len(set(channels)) == len(channels) for channels in taken)
    assert {channel for channels in taken for channel in channels} == set(range(60))


@pytest.mark.parametrize("time", [1, 8])
def test_short_windows_are_lengthened(time):
    x = windows_of(4, time)
    longer = np.concatenate([x, np.repeat(x[:, -1:], 9 - time, axis=1)], axis=1)
    assert (KernelBank(84).fit_transform(x) == KernelBank(84).fit_transform(longer)).all()


def test_constant_windows_give_finite_features():
    assert np.isfinite(KernelBank(84).fit_transform(np.full((3, 20, 2), 7, np.float32))).all()


def test_windows_of_another_shape_are_rejected():
    bank = KernelBank(84).fit(windows_of(2, 20, 3))
    with pytest.raises(ValueError, match=r"must be \(windows, 20, 3\)"):
        bank.transform(windows_of(2, 20, 2))


@pytest.mark.parametrize(
    ("windows", "time", "product", "most"),
    [(2_000, 600, 2_000 * 600, MOST_WORK), (2_500, 60, 2_500, MOST_VALUES)],
)
def test_large_sets_get_fewer_features(windows, time, product, most):
    features = affordable_features(windows, time)
    assert features % 84 == 0
    assert product * features <= most < product * (features + 84)


def test_most_and_fewest_features():
    assert affordable_features(500, 300) == FEATURES
    assert affordable_features(10**6, 1_000) == FEWEST_FEATURES
    x = windows_of(20, 10)
    assert KernelBank().fit(x).transform(x).shape == (20, FEATURES)


def test_it_is_an_estimator():
    assert clone(KernelBank(840, seed=3)).get_params() == {"features": 840, "seed": 3}

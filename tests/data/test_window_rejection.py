"""Rejection: a limit that known windows keep, placed by windows of no class where there are any."""

import json

import numpy as np
import pytest

from tsnas.data.rejection import MOST_REJECTED, Rejection, blocks, features


def drawn(count, centre, seed):
    """Windows (16, 2) whose mean and spread are about those of a centre."""
    rng = np.random.default_rng(seed)
    centre = np.asarray(centre, float)
    own = rng.normal(size=(count, 1, 2)) * 0.3 + centre[:, 0]
    return own + rng.normal(size=(count, 16, 2)) * centre[:, 1]


CENTRES = [[(0, 1), (2, 0.2)], [(3, 1), (-1, 1)]]


def parts(seed):
    x = np.concatenate([drawn(200, centre, seed + place) for place, centre in enumerate(CENTRES)])
    return features(x), np.repeat([0, 1], 200)


def learned(other=None):
    (x, codes), (x_val, codes_val) = parts(0), parts(10)
    return Rejection.learn([(x, codes, x_val, codes_val)], (x, codes), other)


def test_features_are_means_and_logarithms_of_variances_and_of_steps():
    x = drawn(5, CENTRES[0], 0)
    found = features(x.astype(np.float32))
    np.testing.assert_allclose(found[:, :2], x.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(found[:, 2:4], np.log2(x.var(axis=1) + 0.0025), atol=1e-4)
    np.testing.assert_allclose(found[:, 4:], np.log2((np.diff(x, axis=1) ** 2).mean(axis=1) + 0.00025), atol=1e-4)


def test_as_many_windows_of_known_classes_are_rejected_as_may_be():
    found = learned()
    assert MOST_REJECTED - 0.01 < found.rejected <= MOST_REJECTED
    assert found.other is None
    fresh = np.concatenate([drawn(300, centre, 20 + place) for place, centre in enumerate(CENTRES)])
    assert np.mean(found.distance(fresh) > found.limit) < 0.1
    strange = np.concatenate([drawn(100, [(0, 1), (-1, 1)], 30), drawn(100, [(0, 6), (2, 6)], 31)])
    assert np.mean(found.distance(strange) > found.limit) > 0.9


def test_windows_of_no_class_spare_known_ones():
    """These are so far away that no known window need be rejected."""
    far = features(drawn(50, [(9, 1), (9, 1)], 40))
    found = learned(far)
    assert found.rejected == 0
    assert found.other == 1
    assert found.limit > learned().limit
    assert learned(parts(50)[0]).rejected <= MOST_REJECTED, "those that are like known ones do not lower the limit"


def test_a_class_without_windows_in_a_part_is_far_from_all():
    (x, codes), (x_val, codes_val) = parts(0), parts(10)
    part = x[codes == 0], codes[codes == 0], x_val[codes_val == 0], codes_val[codes_val == 0]
    found = Rejection.learn([part], (x, codes))
    assert found.rejected <= MOST_REJECTED


def test_what_belongs_together_is_seen_apart():
    """Two channels rise and fall together; a window where they do not is far, although each is within its range."""
    rng = np.random.default_rng(0)

    def windows(count, sign):
        level = rng.normal(size=(count, 1, 1)) * np.array([1, sign])
        return level + rng.normal(size=(count, 16, 2)) * 0.2

    x, x_val, codes = windows(200, 1), windows(200, 1), np.zeros(200, int)
    found = Rejection.learn([(features(x), codes, features(x_val), codes)], (features(x), codes))
    assert np.median(found.distance(windows(100, -1))) > found.limit
    assert np.mean(found.distance(windows(100, 1)) > found.limit) < 0.15


def test_parts_count_alike_however_many_windows_they_have():
    """Few windows of users whose windows are far count as much as many of others: so fewer of all are rejected."""
    (x, codes), (x_val, codes_val) = parts(0), parts(10)
    off = x_val + np.linspace(0, 0.5, x.shape[1])
    shares = []
    for step in (1, 10):
        apart = [(x, codes, x_val, codes_val), (x, codes, off[::step], codes_val[::step])]
        shares.append(Rejection.learn(apart, (x, codes)).rejected)
    assert MOST_REJECTED - 0.01 < shares[0] <= MOST_REJECTED
    assert shares[1] < shares[0] - 0.01


def test_blocks_hold_all_features_once():
    for channels in (1, 3, 4, 9):
        assert sorted(place for block in blocks(channels) for place in block) == list(range(3 * channels))
    assert blocks(4)[1] == [3, 7, 11]


def test_a_class_of_equal_windows_has_bounded_factors():
    (x, codes), (x_val, codes_val) = parts(0), parts(10)
    x = np.where(codes[:, None] == 0, x[:1], x)
    found = Rejection.learn([(x, codes, x_val, codes_val)], (x, codes))
    assert np.abs(found.factors).max() < 2**15 - 1
    assert np.isfinite(found.distance(drawn(5, CENTRES[0], 0))).all()


def test_it_is_kept_as_text():
    found = learned()
    again = Rejection.from_json(json.loads(json.dumps(found.to_json())), 2, 2)
    np.testing.assert_array_equal(again.centres, found.centres)
    for name in ("deviations", "factors", "usual"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    assert again.limit == pytest.approx(found.limit, abs=1e-3)

"""Rejection: a limit that known windows keep, placed by windows of no class where there are any."""

import json

import numpy as np
import pytest

from tsnas.data.rejection import MOST_REJECTED, Rejection, features


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


def test_features_are_means_and_logarithms_of_variances():
    x = drawn(5, CENTRES[0], 0)
    found = features(x.astype(np.float32))
    np.testing.assert_allclose(found[:, :2], x.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(found[:, 2:], np.log2(x.var(axis=1) + 0.0025), atol=1e-4)


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


def test_it_is_kept_as_text():
    found = learned()
    again = Rejection.from_json(json.loads(json.dumps(found.to_json())), 2, 2)
    np.testing.assert_array_equal(again.centres, found.centres)
    np.testing.assert_array_equal(again.deviations, found.deviations)
    assert again.limit == pytest.approx(found.limit, abs=1e-3)

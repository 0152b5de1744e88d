"""Architectures are judged by users whom they have not seen, other ones in each split, in every process the same."""

import numpy as np
import pytest

from benchmarks.judging import judge_all, judged
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce


def small_data(path):
    """Windows of eight users whose classes differ in level."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 64)
    x = rng.normal(0, 0.3, (128, 16, 2)) + y[:, None, None]
    np.savez(path, x_train=x.astype(np.float32), y_train=y, groups_train=np.repeat(np.arange(8), 16))
    return str(path)


def test_the_same_is_judged_the_same(tmp_path):
    data = small_data(tmp_path / "small.npz")
    net = Architecture(16, 2, 2, (TimeReduce(3, 4), SensorFusion(8, (3,), 8, True, 2)))
    (one,), (other,) = (judged(net, (1,), data, steps=6, seed=0) for _ in range(2))
    assert 0 <= one <= 1
    assert other == pytest.approx(one, abs=0.02)


@pytest.mark.long
def test_each_is_judged_on_its_splits_as_if_alone(tmp_path):
    data = small_data(tmp_path / "small.npz")
    nets = [Architecture(16, 2, 2, (TimeReduce(3, n), SensorFusion(8, (3,), 8, True, 2))) for n in (4, 8)]
    trials = [(nets[0], (0, 1)), (nets[1], (1,))]
    found = dict(judge_all(trials, data, steps=6, seed=0, processes=2))
    assert {trial: len(scores) for trial, scores in found.items()} == {trials[0]: 2, trials[1]: 1}
    assert all(0 <= score <= 1 for scores in found.values() for score in scores)
    np.testing.assert_allclose(judged(nets[0], (1,), data, steps=6, seed=0), found[trials[0]][1:], atol=0.02)

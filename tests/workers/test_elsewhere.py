"""Calls run on another engine of joblib, here dask's; a worker of it that is killed is no matter."""

import functools
import os
import pathlib
import shutil

import calls
import joblib
import numpy as np
import pytest
from distributed import Client, LocalCluster
from toy_data import sines

import tsnas
from tsnas.search.rounds import short_scores
from tsnas.space.architecture import Architecture, TimeReduce
from tsnas.space.config import SpaceConfig
from tsnas.workers.pool import HERE, Workers


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and three workers of one thread each, on the loopback interface."""
    environment = {"TF_NUM_INTRAOP_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1"}
    with (
        LocalCluster(
            n_workers=3, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, env=environment
        ) as started,
        Client(started),
    ):
        yield
        started.scale(0)  # They end at once; otherwise they are waited for.


@pytest.fixture
def workers(cluster):
    with joblib.parallel_config(backend="dask"), Workers(-1) as made:
        yield made


def test_calls_run_there_and_come_back_in_order(workers):
    shared = workers.share(np.ones((100, 50), np.float32))
    assert workers.run([functools.partial(calls.sum_of, shared)] * 2) == [(5000.0, "ndarray")] * 2
    heard = []
    several = [functools.partial(calls.described, place) for place in range(6)]
    found = workers.run(several, on_result=lambda *one: heard.append(one))
    assert [value for value, *_ in found] == list(range(6))
    assert sorted(heard) == list(enumerate(found))
    assert os.getpid() not in {one[1] for one in found}


def test_a_worker_that_is_killed_is_no_matter(workers, tmp_path):
    several = [functools.partial(calls.killed_once, tmp_path / "flag", value) for value in range(6)]
    assert workers.run(several) == list(range(6))
    assert (tmp_path / "flag").exists()


def test_an_engine_that_gives_all_results_at_once_is_asked_for_few_at_a_time(engine, turned):
    heard = []
    found = Workers().run(
        [functools.partial(int, value) for value in range(5)], on_result=lambda *one: heard.append(one)
    )
    assert found == list(range(5))
    assert sorted(heard) == list(enumerate(found))
    assert len(engine) == 5
    started = turned.seconds
    assert Workers().run([functools.partial(turned.turn, 10)] * 9, deadline=started + 15) == [None, None]
    # One call at a time is run here.
    assert Workers(1).run([os.getpid]) == [os.getpid()]
    assert len(engine) == 7


@pytest.mark.long
def test_a_short_training_gives_the_same_there(workers):
    x, y = sines(40)
    split = (x[:20, ..., None], y[:20]), (x[20:, ..., None], y[20:])
    nets = [Architecture(32, 3, 3, (TimeReduce(3, filters),)) for filters in (4, 8, 12)]
    several = [functools.partial(short_scores, net, [split], [0], 40, 8, 0) for net in nets]
    for (there,), (here,) in zip(workers.run(several), HERE.run(several), strict=True):
        assert (there.macro_f1, there.loss) == (here.macro_f1, here.loss)
        np.testing.assert_array_equal(there.predicted, here.predicted)


def front(folder: pathlib.Path) -> dict[str, bytes]:
    """The files of a small front."""
    x, y = sines(60)
    space = SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3,), extra_fusion_cells=0)
    quick = {"epochs": 1, "search_epochs": 1, "qat_epochs": 1, "finalists": 2, "batch_size": 16, "space": space}
    tsnas.ParetoSearch(points=2, directory=folder, n_jobs=-1, seed=0, verbose=0, **quick).fit(x, y)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("model.tflite"))}


@pytest.mark.long
def test_a_front_has_the_same_files_with_and_without_it(cluster, tmp_path):
    with joblib.parallel_config(backend="dask"):
        there = front(tmp_path / "there")
    # Its search is done in this process anyway.
    (kept,) = (tmp_path / "there").rglob("phase_search.npz")
    again = tmp_path / "here" / kept.relative_to(tmp_path / "there")
    again.parent.mkdir(parents=True)
    shutil.copy(kept, again)
    here = front(tmp_path / "here")
    assert there == here
    assert len(here) > 1

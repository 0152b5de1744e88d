"""How much memory a fit takes for each byte of its windows, and what stays after it, in processes of their own."""

import gc
import json
import pathlib
import sys

import numpy as np
import psutil
import pytest
from processes import Process

import tsnas
from tsnas.search import rounds

resource = pytest.importorskip("resource", reason="peak memory is asked of the resource module")

# Windows of (128, 6) in float32; what grows from the first number to the second is due to windows alone.
FEW, MANY = 5_000, 25_000
WINDOW_BYTES = 128 * 6 * 4
# The caller's, the standardised ones, and a part in float64, which counts twice; with half as much again for what the
# allocator has not given back.
MOST_COPIES = 6.0
# What may stay of nine further fits, in the process and its workers together.
FITS, MOST_GROWTH_BYTES = 10, 60e6


def fit(windows: int, path: pathlib.Path) -> None:
    """What each process runs; it writes the most bytes that it has held at once."""
    rounds.FIRST_STEPS = rounds.SECOND_STEPS = rounds.LEAST_EPOCHS = 1
    x = np.random.default_rng(0).standard_normal((windows, 128, 6), np.float32)
    space = tsnas.SpaceConfig(
        time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0, first_stride=4
    )
    clf = tsnas.AutoClassifier(
        epochs=1, qat_epochs=1, batch_size=512, finalists=2, strategy="random", space=space, seed=0, verbose=0
    )
    clf.fit(x, np.arange(windows) % 3)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    path.write_text(str(most))


def peak_bytes(windows: int, folder: pathlib.Path) -> int:
    path = folder / str(windows)
    process = Process(fit, windows, path)
    assert process.end() == 0, process.said
    return int(path.read_text())


@pytest.mark.long
def test_memory_grows_by_a_few_copies_of_the_windows(tmp_path):
    growth_bytes = peak_bytes(MANY, tmp_path) - peak_bytes(FEW, tmp_path)
    assert growth_bytes < MOST_COPIES * (MANY - FEW) * WINDOW_BYTES


def fit_often(n_jobs: int | None, path: pathlib.Path) -> None:
    """What each process runs; it writes the bytes that it and its workers hold after each fit."""
    rounds.FIRST_STEPS = rounds.SECOND_STEPS = rounds.LEAST_EPOCHS = 1
    x = np.random.default_rng(0).standard_normal((60, 64, 1), np.float32)
    own = psutil.Process()
    sizes = []
    for seed in range(FITS):
        clf = tsnas.AutoClassifier(max_latency_ms=10, epochs=1, qat_epochs=1, seed=seed, verbose=0, n_jobs=n_jobs)
        clf.fit(x, np.arange(60) % 2)
        del clf
        gc.collect()
        sizes.append(sum(one.memory_info().rss for one in (own, *own.children(recursive=True))))
    path.write_text(json.dumps(sizes))


@pytest.mark.long
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_nothing_stays_of_ten_fits_in_one_process(n_jobs, tmp_path):
    # With a single thread, as in other tests, one job would need no worker.
    process = Process(fit_often, n_jobs, tmp_path / "sizes.json", TF_NUM_INTRAOP_THREADS="2")
    assert process.end() == 0, process.said
    first, *further = json.loads((tmp_path / "sizes.json").read_text())
    assert max(further) - first < MOST_GROWTH_BYTES, [first, *further]

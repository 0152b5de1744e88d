"""How much memory a fit takes for each byte of its windows, in processes of their own."""

import pathlib
import sys

import numpy as np
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

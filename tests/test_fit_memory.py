"""How much memory a fit takes for each byte of its windows, in processes of their own."""

import subprocess
import sys

import pytest

# Windows of (128, 6) in float32; what grows from the first number to the second is due to windows alone.
FEW, MANY = 5_000, 25_000
WINDOW_BYTES = 128 * 6 * 4
# The caller's, the standardised ones, those of a split, and what TensorFlow trains on; with as much again for what
# the allocator has not given back.
MOST_COPIES = 6.0

FIT = """
import resource
import sys
import numpy as np
import tsnas
from tsnas.search import contest

contest.FIRST_STEPS = contest.SECOND_STEPS = contest.LEAST_EPOCHS = 1
windows = int(sys.argv[1])
x = np.random.default_rng(0).standard_normal((windows, 128, 6), np.float32)
space = tsnas.SpaceConfig(
    time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0, first_stride=4
)
clf = tsnas.AutoClassifier(
    epochs=1, qat_epochs=1, batch_size=512, finalists=2, strategy="random", space=space, seed=0, verbose=0
)
clf.fit(x, np.arange(windows) % 3)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def peak_bytes(windows: int) -> int:
    done = subprocess.run([sys.executable, "-c", FIT, str(windows)], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is asked of the resource module")
def test_memory_grows_by_a_few_copies_of_the_windows():
    growth_bytes = peak_bytes(MANY) - peak_bytes(FEW)
    assert growth_bytes < MOST_COPIES * (MANY - FEW) * WINDOW_BYTES

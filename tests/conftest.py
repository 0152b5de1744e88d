"""What test files share: reference data, small windows, a clock to turn, and why emulated tests are skipped."""

import contextlib
import gc
import os
import pathlib
import shutil
import warnings
from collections.abc import Callable, Iterator

import joblib
import numpy as np
import pytest
import scale  # noqa: F401 (registers the profiles)
from hypothesis import settings
from toy_data import sines

from tsnas.job import preparation
from tsnas.probe.cores import ARM, RISCV
from tsnas.system import clock

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
# What the tests with a mark need.
TOOLCHAINS = {"emulated": ARM, "riscv": RISCV}


# Commands use all cores by default; in tests that is one, so that they run in this process unless they say otherwise.
os.environ["LOKY_MAX_CPU_COUNT"] = "1"


# Garbage is not looked for among a million objects of libraries, each time that there may be some.
gc.collect()
gc.freeze()


def pytest_configure(config):
    settings.load_profile("few" if "not long" in config.option.markexpr else "many")


def pytest_collection_modifyitems(items):
    # The project's own test command installs them as root; there, their lack is an error and no reason to skip.
    if os.environ.get("CI"):
        return
    for mark, tools in TOOLCHAINS.items():
        if all(shutil.which(tool) for tool in (tools.compiler, tools.emulator)):
            continue
        skip = pytest.mark.skip(reason=f"{tools.compiler} and {tools.emulator} are not installed: {tools.install}")
        for item in items:
            if mark in item.keywords:
                item.add_marker(skip)


MOST_SPLITS = preparation.MOST_SPLITS


@pytest.fixture(scope="session", autouse=True)
def few_splits():
    """Few windows are judged on two splits, since each costs further trainings; not with `many_splits`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparation, "MOST_SPLITS", 2)
        yield


@pytest.fixture
def many_splits(monkeypatch):
    """Few windows are judged on as many splits as outside of tests."""
    monkeypatch.setattr(preparation, "MOST_SPLITS", MOST_SPLITS)


@pytest.fixture(scope="session")
def shared_dir() -> pathlib.Path:
    """The folder with reference data: $TSNAS_SHARED, else `shared` beside the repository."""
    folder = pathlib.Path(os.environ.get("TSNAS_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"reference data not found: no folder {folder} (set TSNAS_SHARED to where it is)")
    return folder


@pytest.fixture
def toy_windows() -> tuple[np.ndarray, np.ndarray]:
    """Ninety windows of shape (32, 3) in three classes that differ in frequency: (x, y)."""
    return sines(90)


@pytest.fixture
def toy_test_windows() -> tuple[np.ndarray, np.ndarray]:
    """Thirty windows drawn as `toy_windows` are, with another seed: (x, y)."""
    return sines(30, seed=1)


@pytest.fixture(scope="session")
def trained():
    """A small network, trained, quantised and converted once: a `trained_net.Trained`."""
    from trained_net import trained_net  # It loads TensorFlow, which most tests do without.

    return trained_net()


@contextlib.contextmanager
def _eagerly():
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    with warnings.catch_warnings():
        # It says that the reading of data is still compiled.
        warnings.filterwarnings("ignore", "Even though the", UserWarning)
        yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def eager():
    """TensorFlow builds no graphs of functions: for some dozen steps that takes longer than the graph saves."""
    with _eagerly():
        yield


@pytest.fixture(scope="module")
def eager_module():
    """The same for a whole file and its fixtures."""
    with _eagerly():
        yield


@pytest.fixture
def untrained(monkeypatch):
    """What a job has found is not trained: its network keeps random weights, its file is as real as any."""
    from stand_ins import all_untrained, untrained

    monkeypatch.setattr("tsnas.job.pipeline.train", untrained)
    monkeypatch.setattr("tsnas.pareto.work.train_all", all_untrained)


@pytest.fixture
def engine(monkeypatch) -> Iterator[list[Callable[[], object]]]:
    """An engine of joblib is chosen, which runs two calls at a time; this is the list of the calls that it has run."""
    from stand_ins import Engine

    ran = []

    def run_placed(place, call):
        ran.append(call)
        return place, call()

    monkeypatch.setattr("tsnas.workers.process.run_placed", run_placed)
    joblib.register_parallel_backend("stand-in", Engine)
    with joblib.parallel_config(backend="stand-in", n_jobs=2):
        yield ran


class Clock:
    """A clock that stands still unless a test turns it.

    Attributes:
        seconds: float, what it shows.
    """

    def __init__(self):
        self.seconds = 1000.0

    def turn(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def turned(monkeypatch) -> Clock:
    """The clock that budgets and deadlines read, for the test to turn."""
    own = Clock()
    monkeypatch.setattr(clock, "monotonic", lambda: own.seconds)
    return own

"""Classifiers that are compared: tsnas, a search and more draws in its space, a forest, MiniRocket and LITE."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import math
import pathlib
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from benchmarks.archive.run import Run
from tsnas.datasets import Dataset
from tsnas.plain.series_features import series_features

TREES = 300
MINIROCKET_FEATURES = 10_000
# Hardly any training, for runs that only show that everything works.
QUICK = {"epochs": 1, "search_epochs": 1, "qat_epochs": 1, "finalists": 1, "batch_size": 32}
QUICK_LITE_EPOCHS = 2
# A few windows fit in one batch of aeon's default size, and 300 such steps leave LITE at the level of chance.
LITE_STEPS, LITE_BATCH = 1_500, 64
# What is set beside the defaults of tsnas. So many draws take about the time of an evolution with its finalists.
CHANGES: dict[str, dict[str, Any]] = {
    "tsnas": {},
    "tsnas_evolution": {"strategy": "evolution"},
    "tsnas_draws": {"strategy": "random", "finalists": 14},
}

TSNAS_PACKAGES = ("tsnas", "tensorflow", "tf_keras", "numpy", "scikit-learn")

Settings = dict[str, Any]
Result = dict[str, Any]


class Stopwatch:
    """Processor and wall seconds since it was made, of this process and of children that have ended."""

    def __init__(self):
        self._cpu_start, self._wall_start = self._cpu_seconds(), time.monotonic()

    def read(self) -> dict[str, float]:
        """Returns `"cpu_seconds"` and `"wall_seconds"`."""
        return {
            "cpu_seconds": round(self._cpu_seconds() - self._cpu_start, 2),
            "wall_seconds": round(time.monotonic() - self._wall_start, 2),
        }

    @staticmethod
    def _cpu_seconds() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime


def fit_tsnas(data: Dataset, run: Run, settings: Settings) -> Result:
    """Runs a job with the defaults but for `settings`; scores are of the int8 and of the float model."""
    import tensorflow  # noqa: F401 (loaded before the clock starts)

    import tsnas

    assert run.max_latency_ms is not None
    assert run.max_ram_kb is not None
    clf = tsnas.AutoClassifier(
        run.board, run.max_latency_ms, run.max_ram_kb, **({"seed": run.seed, "verbose": 0} | settings)
    )
    stopwatch = Stopwatch()
    clf.fit(data.x_train, data.y_train, groups=data.groups_train)
    seconds = stopwatch.read()
    used = max(clf.latency_ms_ / run.max_latency_ms, clf.ram_bytes_ / run.max_ram_kb / 1024)
    return seconds | {
        "latency_ms": round(clf.latency_ms_, 3),
        "ram_kb": round(clf.ram_bytes_ / 1024, 2),
        "flash_kb": round(clf.flash_bytes_ / 1024, 2),
        "used": round(used, 4),
        "test": clf.evaluate(data.x_test, data.y_test),
        # Plain models that a job judges by the same validation windows, where its version has any.
        "plain_scores": json.loads(json.dumps(getattr(clf, "plain_scores_", None), default=float)),
    }


def fit_forest(data: Dataset, run: Run, settings: Settings) -> Result:
    """Trains a random forest on features of the windows."""
    from sklearn.ensemble import RandomForestClassifier

    assert data.x_test is not None
    stopwatch = Stopwatch()
    forest = RandomForestClassifier(settings["trees"], random_state=run.seed)
    forest.fit(series_features(data.x_train), data.y_train)
    return stopwatch.read() | _float_scores(data, forest.predict(series_features(data.x_test)))


def fit_minirocket(data: Dataset, run: Run, settings: Settings) -> Result:
    """Trains aeon's MiniRocket with a ridge classifier."""
    from aeon.classification.convolution_based import MiniRocketClassifier

    x_train, x_test = _for_aeon(data)
    # Numba compiles at the first call, before the clock starts.
    MiniRocketClassifier(84).fit(x_train, data.y_train)
    stopwatch = Stopwatch()
    clf = MiniRocketClassifier(settings["features"], random_state=run.seed).fit(x_train, data.y_train)
    return stopwatch.read() | _float_scores(data, clf.predict(x_test))


def fit_lite(data: Dataset, run: Run, settings: Settings) -> Result:
    """Trains one of aeon's LITE networks, the multivariate one if there are several channels."""
    import tensorflow  # noqa: F401 (loaded before the clock starts)
    from aeon.classification.deep_learning import IndividualLITEClassifier

    x_train, x_test = _for_aeon(data)
    # Its checkpoint goes into the folder and is removed after the training.
    with tempfile.TemporaryDirectory() as folder:
        stopwatch = Stopwatch()
        epochs_of_steps = math.ceil(settings["least_steps"] / math.ceil(len(x_train) / LITE_BATCH))
        clf = IndividualLITEClassifier(
            use_litemv=x_train.shape[1] > 1,
            n_epochs=max(settings["epochs"], epochs_of_steps),
            batch_size=LITE_BATCH,
            file_path=str(pathlib.Path(folder)) + "/",
            random_state=run.seed,
        )
        clf.fit(x_train, data.y_train)
        seconds = stopwatch.read()
        return seconds | _float_scores(data, clf.predict(x_test))


def _for_aeon(data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Windows as (windows, channels, time), each channel standardised by the training part, as tsnas does it."""
    from tsnas.data import Standardizer

    assert data.x_test is not None
    standardizer = Standardizer.fit(data.x_train)
    train, test = (np.ascontiguousarray(standardizer(x).transpose(0, 2, 1)) for x in (data.x_train, data.x_test))
    return train, test


def _float_scores(data: Dataset, predicted: np.ndarray) -> Result:
    # As in `AutoClassifier.evaluate`, whose module loads TensorFlow.
    from sklearn.metrics import accuracy_score, f1_score

    assert data.y_test is not None
    accuracy, macro_f1 = accuracy_score(data.y_test, predicted), f1_score(data.y_test, predicted, average="macro")
    return {"test": {"float": {"accuracy": float(accuracy), "macro_f1": float(macro_f1)}}}


@dataclasses.dataclass(frozen=True)
class Method:
    """A classifier that is compared.

    Args:
        title: str, its name in tables.
        fit: function of `Dataset`, `Run` and settings that returns scores, costs and times as plain JSON values.
        packages: tuple of str, packages whose versions its results depend on.
        on_board: bool, whether it is tsnas and is run once for each pair of limits. Defaults to False.
    """

    title: str
    fit: Callable[[Dataset, Run, Settings], Result]
    packages: tuple[str, ...]
    on_board: bool = False


METHODS = {
    "tsnas": Method("tsnas", fit_tsnas, TSNAS_PACKAGES, on_board=True),
    "tsnas_evolution": Method("evolution", fit_tsnas, TSNAS_PACKAGES, on_board=True),
    "tsnas_draws": Method("14 draws", fit_tsnas, TSNAS_PACKAGES, on_board=True),
    "forest": Method("forest", fit_forest, ("tsnas", "scikit-learn", "numpy")),
    "minirocket": Method("MiniRocket", fit_minirocket, ("aeon", "scikit-learn", "numpy")),
    "lite": Method("LITE", fit_lite, ("aeon", "tensorflow", "keras", "numpy")),
}


def settings_of(method: str, lite_epochs: int, quick: bool = False) -> Settings:
    """Returns what a method sets beside its defaults; a result with other settings is of another run."""
    if method in CHANGES:
        return (QUICK if quick else {}) | CHANGES[method]
    return {
        "forest": {"trees": TREES},
        "minirocket": {"features": MINIROCKET_FEATURES},
        "lite": {
            "epochs": QUICK_LITE_EPOCHS if quick else lite_epochs,
            "least_steps": 0 if quick else LITE_STEPS,
        },
    }[method]


def check_installed(methods: Iterable[str]) -> None:
    """Exits with a message if a package is missing that methods need and tsnas itself does not."""
    needing = [method for method in dict.fromkeys(methods) if "aeon" in METHODS[method].packages]
    if needing and importlib.util.find_spec("aeon") is None:
        raise SystemExit(
            f"{' and '.join(needing)} need the package aeon, which is not installed: pip install 'tsnas[benchmarks]', "
            f"or leave them out with --methods."
        )

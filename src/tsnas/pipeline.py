"""The whole job in its order: split, check feasibility, search, dry run, train, quantise, convert, verify."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import tf_keras as keras

import tsnas
from tsnas.callbacks import ProgressBar
from tsnas.cost.board import Board
from tsnas.cost.estimate import Estimate
from tsnas.cost.limits import Limits
from tsnas.data import Standardizer, split_validation
from tsnas.deploy.convert import convert_int8, embed_metadata, untrained_int8
from tsnas.deploy.seed import fixed_seed
from tsnas.deploy.train import train_float, train_quantised
from tsnas.deploy.verify import verify
from tsnas.errors import LimitExceededError
from tsnas.search.derive import Derived, derive
from tsnas.search.differentiable import SearchConfig, search
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

TRAIN_STEPS, LEAST_EPOCHS, MOST_EPOCHS = 6000, 10, 100
SEARCH_STEPS, LEAST_SEARCH_EPOCHS, MOST_SEARCH_EPOCHS = 900, 4, 60
BATCH_VALUES = 2**20
# Less than in the supernet: a derived network is small, and has nothing to share.
TRAIN_DROPOUT = 0.1


@dataclasses.dataclass(frozen=True)
class Settings:
    """Checked settings of one job; see `AutoClassifier` for their meaning."""

    board: Board
    limits: Limits
    space: SpaceConfig
    epochs: int | None
    search_epochs: int | None
    qat_epochs: int | None
    batch_size: int | None
    validation_fraction: float
    seed: int
    verbose: int


@dataclasses.dataclass(frozen=True)
class Result:
    """What a job ends with."""

    standardizer: Standardizer
    derived: Derived
    history: dict[str, dict[str, list[float]]]
    keras_model: keras.Model
    tflite_model: bytes
    estimate: Estimate


def run(
    x: np.ndarray,
    y: np.ndarray,
    classes: np.ndarray,
    groups: Any,
    validation_data: tuple[np.ndarray, np.ndarray] | None,
    settings: Settings,
    callbacks: list[keras.callbacks.Callback],
) -> Result:
    """Runs the job.

    Args:
        x: float32 (windows, time, channels), raw sensor units.
        y: int32 (windows,), class codes.
        classes: array of the class labels.
        groups: array (windows,) or None.
        validation_data: (x, y) likewise, or None to split them off.
        settings: `Settings`.
        callbacks: tf_keras callbacks for the search.

    Returns:
        A `Result` whose model keeps every limit.

    Raises:
        InfeasibleError: no architecture keeps the limits; raised before any training.
    """
    _, time, sensors = x.shape
    limits = settings.limits.tightest_with(settings.board)
    cells = build_cells(settings.board, time, sensors, len(classes), settings.space, settings.seed)
    supernet = Supernet(cells, settings.board, settings.space.dropout, seed=settings.seed)
    derive(supernet, limits)  # Raises InfeasibleError now rather than after the search.

    if validation_data is None:
        train_index, val_index = split_validation(y, groups, settings.validation_fraction, settings.seed)
        search_data, val_data = (x[train_index], y[train_index]), (x[val_index], y[val_index])
    else:
        search_data, val_data = (x, y), validation_data
    standardizer = Standardizer.fit(search_data[0])

    def standardized(windows):
        return standardizer(windows)[..., np.newaxis]

    with fixed_seed(settings.seed):
        derived, search_history = search(
            supernet,
            limits,
            (standardized(search_data[0]), search_data[1]),
            (standardized(val_data[0]), val_data[1]),
            _search_config(settings, search_data[0]),
            callbacks,
            settings.seed,
            settings.verbose,
        )
    metadata = _metadata(classes, standardizer, settings)
    derived = _dry_run(supernet, derived, limits, metadata, settings.board)

    windows = standardized(x)
    model = derived.architecture.build(TRAIN_DROPOUT, settings.seed)
    batch_size = _batch_size(settings, x)
    epochs = settings.epochs or _epochs(TRAIN_STEPS, len(x) / batch_size, LEAST_EPOCHS, MOST_EPOCHS)
    common: dict[str, Any] = {"batch_size": batch_size, "seed": settings.seed}
    train_history = train_float(
        model, windows, y, epochs=epochs, callbacks=[ProgressBar("train", settings.verbose)], **common
    )
    recorder = keras.callbacks.History()
    qat_model = train_quantised(
        model,
        windows,
        y,
        epochs=settings.qat_epochs or max(3, epochs // 5),
        callbacks=[recorder, ProgressBar("quantise", settings.verbose)],
        **common,
    )
    tflite_model = embed_metadata(convert_int8(qat_model), metadata)
    return Result(
        standardizer=standardizer,
        derived=derived,
        history={"search": search_history, "train": train_history, "quantise": _floats(recorder.history)},
        keras_model=raw_model(model, standardizer),
        tflite_model=tflite_model,
        estimate=verify(tflite_model, settings.board, limits),
    )


def raw_model(model: keras.Model, standardizer: Standardizer) -> keras.Model:
    """The float model from raw windows (batch, time, channels), with the standardisation in it."""
    time, sensors = model.input_shape[1:3]
    inputs = keras.Input((time, sensors), name="raw_windows")
    mean, std = np.array(standardizer.mean), np.array(standardizer.std)
    x = keras.layers.Normalization(mean=mean, variance=std**2, name="standardize")(inputs)
    x = keras.layers.Reshape((time, sensors, 1), name="one_feature")(x)
    return keras.Model(inputs, model(x), name="tsnas_float")


def _dry_run(supernet: Supernet, derived: Derived, limits: Limits, metadata: dict, board: Board) -> Derived:
    """Checks the limits on a converted file before training; takes a smaller architecture if its file is over one.

    Only the file itself has its exact length: the one before is predicted to within some percent.
    """
    while True:
        tflite = embed_metadata(untrained_int8(derived.architecture.build()), metadata)
        try:
            verify(tflite, board, limits)
            return derived
        except LimitExceededError:
            if limits.max_flash_bytes is None or len(tflite) <= limits.max_flash_bytes:
                raise
        # The next one must be predicted smaller than this one by what this one is over.
        room = derived.estimate.flash_bytes - (len(tflite) - limits.max_flash_bytes)
        if room <= 0:
            raise
        derived = derive(supernet, dataclasses.replace(limits, max_flash_kb=room / 1024))


def _metadata(classes: np.ndarray, standardizer: Standardizer, settings: Settings) -> dict:
    """What travels inside the .tflite file: the firmware needs the first two."""
    return {
        "classes": [str(label) for label in classes.tolist()],
        "standardization": standardizer.to_json(),
        "board": settings.board.name,
        "limits": dataclasses.asdict(settings.limits),
        "seed": settings.seed,
        "tsnas": tsnas.__version__,
    }


def _search_config(settings: Settings, x: np.ndarray) -> SearchConfig:
    batch_size = _batch_size(settings, x)
    steps = len(x) / batch_size
    epochs = settings.search_epochs or _epochs(SEARCH_STEPS, steps, LEAST_SEARCH_EPOCHS, MOST_SEARCH_EPOCHS)
    return SearchConfig(epochs=epochs, batch_size=batch_size)


def _batch_size(settings: Settings, x: np.ndarray) -> int:
    """64, or less: for few windows, so that an epoch has about 16 steps; for large ones, so that memory suffices."""
    windows, time, sensors = x.shape[:3]
    return settings.batch_size or int(np.clip(min(windows // 16, BATCH_VALUES // (time * sensors)), 8, 64))


def _epochs(steps: int, steps_per_epoch: float, least: int, most: int) -> int:
    return int(np.clip(math.ceil(steps / max(1.0, steps_per_epoch)), least, most))


def _floats(history: dict) -> dict[str, list[float]]:
    return {key: [float(value) for value in values] for key, values in history.items()}

"""The whole job in its order: split, feasibility, search, contest, dry run, train, quantise, convert, verify."""

from __future__ import annotations

import dataclasses
import math
import os

import numpy as np
import tf_keras as keras

import tsnas
from tsnas.budget import Budget
from tsnas.callbacks import ProgressBar
from tsnas.checkpoints import Checkpoints
from tsnas.contest import contest
from tsnas.cost.board import Board
from tsnas.cost.estimate import Estimate, estimate_graph
from tsnas.cost.limits import Limits
from tsnas.data import Standardizer, split_validation
from tsnas.deploy.convert import convert_int8, embed_metadata, untrained_int8
from tsnas.deploy.seed import fixed_seed
from tsnas.deploy.train import train_float, train_quantised
from tsnas.deploy.verify import verify
from tsnas.errors import InfeasibleError, LimitExceededError
from tsnas.search.derive import Derived, derive
from tsnas.search.differentiable import SearchConfig, search
from tsnas.search.finalists import finalists
from tsnas.search.options import cell_options
from tsnas.search.pruning import prune
from tsnas.search.strategies import strategy_named
from tsnas.space.architecture import Architecture
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

Data = tuple[np.ndarray, np.ndarray]
History = dict[str, list[float]]

# Steps that a phase aims at, and the bounds on its passes over the windows: large sets are seen several times, and the
# upper bound keeps a set of some thousand windows within minutes.
SEARCH_STEPS, SEARCH_EPOCHS = 700, (4, 100)
TRAIN_STEPS, TRAIN_EPOCHS = 5000, (10, 45)
# So few windows that the upper bound would leave less than this many steps are passed over more often.
LEAST_STEPS = 1000
# Architectures in the contest: after a search, and, for about the same time, without one.
FINALISTS, RANDOM_FINALISTS = 6, 14
# A quantisation-aware step takes about so many float steps.
QAT_PACE = 2.0
BATCH_VALUES = 2**20
# Less than in the supernet: a derived network is small, and has nothing to share.
TRAIN_DROPOUT = 0.1


@dataclasses.dataclass(frozen=True)
class Settings:
    """Checked settings of one job; see `AutoClassifier` for their meaning."""

    board: Board
    limits: Limits
    space: SpaceConfig
    strategy: str
    max_minutes: float | None
    epochs: int | None
    search_epochs: int | None
    qat_epochs: int | None
    batch_size: int | None
    finalists: int | None
    validation_fraction: float
    seed: int | None
    directory: str | os.PathLike[str] | None
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
    seed: int


def run(
    x: np.ndarray,
    y: np.ndarray,
    classes: np.ndarray,
    groups: np.ndarray | None,
    validation_data: tuple[np.ndarray, np.ndarray] | None,
    settings: Settings,
    callbacks: list[keras.callbacks.Callback],
) -> Result:
    """Runs the job, or what an earlier run of the same job in `settings.directory` has left of it.

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
        OutputDirError: `settings.directory` cannot be written.
    """
    budget = Budget(settings.max_minutes)
    checkpoints = Checkpoints(
        settings.directory, [x, y, groups, *(validation_data or ()), _identity(classes, settings)]
    )
    found = checkpoints.load("search")
    if found is not None:
        settings = dataclasses.replace(settings, seed=found[0]["seed"])
    elif settings.seed is None:
        settings = dataclasses.replace(settings, seed=int(np.random.default_rng().integers(2**31)))
    seed: int = settings.seed  # type: ignore[assignment]

    limits = settings.limits.tightest_with(settings.board)
    cells = build_cells(settings.board, x.shape[1], x.shape[2], len(classes), settings.space, seed)
    strategy = strategy_named(settings.strategy)
    pseudo_prob = strategy.pseudo_prob or "gumbel"
    supernet = Supernet(cells, settings.board, settings.space.dropout, pseudo_prob, seed=seed)
    options = [cell_options(cell) for cell in supernet.cells]
    derive(supernet, limits, options)  # Raises InfeasibleError now rather than after the search.
    pruned = prune(supernet, limits, options)
    _say(settings, f"space: {pruned.architectures_before:.3g} architectures, {pruned.architectures_after:.3g} can win")

    if validation_data is None:
        train_index, val_index = split_validation(y, groups, settings.validation_fraction, seed)
        search_data, val_data = (x[train_index], y[train_index]), (x[val_index], y[val_index])
    else:
        search_data, val_data = (x, y), validation_data
    standardizer = Standardizer.fit(search_data[0])
    metadata = _metadata(classes, standardizer, settings)

    if found is None:
        search_data, val_data = (_standardized(standardizer, *data) for data in (search_data, val_data))
        preferred: Derived | None = None
        history: dict[str, History] = {"architectures": {}}
        history["architectures"]["before"] = [float(pruned.architectures_before)]
        history["architectures"]["after"] = [float(pruned.architectures_after)]
        if strategy.pseudo_prob is not None:
            stops = budget.callbacks("search")
            preferred, history["search"] = _search(
                supernet, limits, search_data, val_data, settings, seed, [*callbacks, *stops]
            )
        count = settings.finalists or (FINALISTS if preferred is not None else RANDOM_FINALISTS)
        entrants = finalists(supernet, limits, preferred, count, seed)
        splits = [(search_data, val_data)]
        if validation_data is None:
            # Other users judge the second round.
            train_index, val_index = split_validation(y, groups, settings.validation_fraction, seed + 1)
            others = (_standardized(standardizer, x[part], y[part]) for part in (train_index, val_index))
            splits.append((next(others), next(others)))
        batch_size = _batch_size(settings, search_data[0])
        outcome = contest(entrants, splits, batch_size, seed, settings.verbose, budget.seconds_for("contest"))
        derived, pace = outcome.winner, outcome.seconds_per_epoch
        history["contest"] = outcome.history()
        pace *= len(x) / len(search_data[0])
        derived = _dry_run(supernet, derived, limits, metadata)
        values = {"seed": seed, "pace": pace, "architecture": derived.architecture.to_json(), "regret": derived.regret}
        checkpoints.save("search", values | {"history": history})
    else:
        _say(settings, f"search: taken from an earlier run in {settings.directory}")
        architecture, history = Architecture.from_json(found[0]["architecture"]), found[0]["history"]
        pace = found[0]["pace"]
        derived = Derived(architecture, estimate_graph(architecture.graph(), settings.board), found[0]["regret"])

    windows, y = _standardized(standardizer, x, y)
    model, train_history = _train(derived.architecture, windows, y, settings, seed, checkpoints, budget, pace)
    qat_model, quantise_history = _quantise(model, windows, y, settings, seed, budget, pace)
    tflite_model = embed_metadata(convert_int8(qat_model), metadata)
    estimate = verify(tflite_model, settings.board, limits)
    checkpoints.clear()
    return Result(
        standardizer=standardizer,
        derived=derived,
        history=history | {"train": train_history, "quantise": quantise_history},
        keras_model=raw_model(model, standardizer),
        tflite_model=tflite_model,
        estimate=estimate,
        seed=seed,
    )


def _say(settings: Settings, text: str) -> None:
    if settings.verbose:
        print(text)


def _standardized(standardizer: Standardizer, x: np.ndarray, y: np.ndarray) -> Data:
    """Windows as networks take them, (windows, time, channels, 1), and their labels."""
    return standardizer(x)[..., np.newaxis], y


def _search(supernet, limits, train, val, settings, seed, callbacks) -> tuple[Derived, History]:
    batch_size = _batch_size(settings, train[0])
    epochs = settings.search_epochs or _epochs(SEARCH_STEPS, len(train[0]) / batch_size, SEARCH_EPOCHS)
    config = SearchConfig(epochs=epochs, batch_size=batch_size)
    if not strategy_named(settings.strategy).hardware_loss:
        config = dataclasses.replace(config, latency_weight=0.0, memory_weight=0.0)
    with fixed_seed(seed):
        return search(supernet, limits, train, val, config, callbacks, seed, settings.verbose)


def _train(architecture, x, y, settings, seed, checkpoints, budget, pace) -> tuple[keras.Model, History]:
    """The float model, trained or as it was kept."""
    model = architecture.build(TRAIN_DROPOUT, seed)
    found = checkpoints.load("train")
    if found is not None:
        _say(settings, f"train: taken from an earlier run in {settings.directory}")
        model.set_weights(found[1])
        return model, found[0]["history"]
    history = train_float(
        model,
        x,
        y,
        epochs=budget.epochs_within("train", _train_epochs(settings, x), pace),
        batch_size=_batch_size(settings, x),
        seed=seed,
        callbacks=[ProgressBar("train", settings.verbose), *budget.callbacks("train")],
    )
    checkpoints.save("train", {"history": history}, model.get_weights())
    return model, history


def _quantise(model, x, y, settings, seed, budget, pace) -> tuple[keras.Model, History]:
    recorder = keras.callbacks.History()
    epochs = settings.qat_epochs or max(3, _train_epochs(settings, x) // 5)
    qat_model = train_quantised(
        model,
        x,
        y,
        epochs=budget.epochs_within("quantise", epochs, QAT_PACE * pace),
        batch_size=_batch_size(settings, x),
        seed=seed,
        callbacks=[recorder, ProgressBar("quantise", settings.verbose), *budget.callbacks("quantise")],
    )
    return qat_model, {key: [float(value) for value in values] for key, values in recorder.history.items()}


def raw_model(model: keras.Model, standardizer: Standardizer) -> keras.Model:
    """The float model from raw windows (batch, time, channels), with the standardisation in it."""
    time, sensors = model.input_shape[1:3]
    inputs = keras.Input((time, sensors), name="raw_windows")
    mean, std = np.array(standardizer.mean), np.array(standardizer.std)
    x = keras.layers.Normalization(mean=mean, variance=std**2, name="standardize")(inputs)
    x = keras.layers.Reshape((time, sensors, 1), name="one_feature")(x)
    return keras.Model(inputs, model(x), name="tsnas_float")


def _dry_run(supernet: Supernet, derived: Derived, limits: Limits, metadata: dict) -> Derived:
    """Checks the limits on a converted file before training; takes a smaller architecture if its file is over one.

    Only the file itself has its exact length: the one before is predicted to within some percent.
    """
    while True:
        tflite = embed_metadata(untrained_int8(derived.architecture.build()), metadata)
        try:
            verify(tflite, supernet.board, limits)
            return derived
        except LimitExceededError:
            if limits.max_flash_bytes is None or len(tflite) <= limits.max_flash_bytes:
                raise
            # The next one must be predicted smaller than this one by what this one is over.
            room = derived.estimate.flash_bytes - (len(tflite) - limits.max_flash_bytes)
            if room <= 0:
                raise
        try:
            derived = derive(supernet, dataclasses.replace(limits, max_flash_kb=room / 1024))
        except InfeasibleError as error:
            raise InfeasibleError(
                f"max_flash_kb={limits.max_flash_kb:g} is just too low: the smallest file that was converted has "
                f"{len(tflite)} bytes, {len(tflite) - limits.max_flash_bytes} too many. Raise it to "
                f"{math.ceil(len(tflite) / 102.4) / 10:g}.",
                error.smallest | {"flash_bytes": float(len(tflite))},
                ("flash_bytes",),
            ) from error


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


def _identity(classes: np.ndarray, settings: Settings) -> dict:
    """All that defines a job beside its arrays."""
    return {
        "classes": classes.tolist(),
        "board": settings.board.to_json(),
        "limits": dataclasses.asdict(settings.limits),
        "space": settings.space.to_json(),
        "settings": [
            settings.epochs,
            settings.search_epochs,
            settings.qat_epochs,
            settings.batch_size,
            settings.finalists,
            settings.validation_fraction,
            settings.seed,
            settings.strategy,
            settings.max_minutes,
        ],
        "tsnas": tsnas.__version__,
    }


def _train_epochs(settings: Settings, x: np.ndarray) -> int:
    return settings.epochs or _epochs(TRAIN_STEPS, len(x) / _batch_size(settings, x), TRAIN_EPOCHS)


def _batch_size(settings: Settings, x: np.ndarray) -> int:
    """64, or less: for few windows, so that an epoch has about 16 steps; for large ones, so that memory suffices."""
    windows, time, sensors = x.shape[:3]
    return settings.batch_size or int(np.clip(min(windows // 16, BATCH_VALUES // (time * sensors)), 8, 64))


def _epochs(steps: int, steps_per_epoch: float, bounds: tuple[int, int]) -> int:
    steps_per_epoch = max(1.0, steps_per_epoch)
    least, most = bounds
    most = max(most, math.ceil(min(steps, LEAST_STEPS) / steps_per_epoch))
    return int(np.clip(math.ceil(steps / steps_per_epoch), least, most))

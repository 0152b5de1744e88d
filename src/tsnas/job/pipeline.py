"""The whole job in its order: split, feasibility, search, contest, dry run, train, quantise, convert, verify."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import tf_keras as keras

import tsnas
from tsnas.callbacks import ProgressBar
from tsnas.cost.board import Board
from tsnas.cost.estimate import Estimate, estimate_graph
from tsnas.data import Axes, Standardizer, validation_splits
from tsnas.deploy.convert import convert_int8
from tsnas.deploy.verify import verify
from tsnas.job.budget import Budget
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.selection import select
from tsnas.job.settings import Settings
from tsnas.search.contest import DROPOUT, Data, Split
from tsnas.search.derive import Candidate
from tsnas.search.parts import build_parts, fitting
from tsnas.search.paths import Part
from tsnas.search.pruning import prune
from tsnas.search.strategies import strategy_named
from tsnas.space.architecture import Architecture
from tsnas.system.interrupts import heeded
from tsnas.system.lock import alone
from tsnas.tflite.metadata import embed_metadata
from tsnas.training.augment import Augment, augmentation
from tsnas.training.scope import scope_of
from tsnas.training.train import train_float, train_quantised

History = dict[str, list[float]]

# A quantisation-aware step takes about so many float steps.
QAT_PACE = 2.0


@dataclasses.dataclass(frozen=True)
class Job:
    """What is to be done, checked.

    Args:
        x: float32 (windows, time, channels), raw sensor units.
        y: int32 (windows,), class codes.
        classes: array of the class labels.
        groups: array (windows,) or None.
        validation_data: (x, y) likewise, or None to split them off.
        settings: `Settings`.
    """

    x: np.ndarray
    y: np.ndarray
    classes: np.ndarray
    groups: np.ndarray | None
    validation_data: tuple[np.ndarray, np.ndarray] | None
    settings: Settings

    def checkpoints(self, directory: str | os.PathLike[str] | None, further: Any = None) -> Checkpoints:
        """Those of this job in a folder; `further` is what else defines it, as JSON values."""
        identity = self.settings.identity(self.classes) | ({} if further is None else {"further": further})
        return Checkpoints(directory, [self.x, self.y, self.groups, *(self.validation_data or ()), identity])


@dataclasses.dataclass(frozen=True)
class Result:
    """What a job ends with."""

    standardizer: Standardizer
    candidate: Candidate
    history: dict[str, dict[str, list[float]]]
    keras_model: keras.Model
    tflite_model: bytes
    estimate: Estimate
    seed: int


class Splits(Sequence[Split]):
    """Training and validation windows, copied from all of them only when a split is asked for.

    Args:
        everything: all windows and their labels.
        rows: list of (training, validation), the indices of each split.
    """

    def __init__(self, everything: Data, rows: Sequence[tuple[np.ndarray, np.ndarray]]):
        self._everything, self._rows = everything, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        (x, y), (train, val) = self._everything, self._rows[index]
        return (x[train], y[train]), (x[val], y[val])


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Windows as networks take them, (windows, time, channels, 1), with their labels.

    Args:
        standardizer: `Standardizer` of the first split's training windows.
        splits: sequence of (training, validation), as `contest` takes them.
        everything: all windows.
        augment: what happens to windows in training.
    """

    standardizer: Standardizer
    splits: Sequence[Split]
    everything: Data
    augment: Augment


@dataclasses.dataclass(frozen=True)
class Trained:
    """A network after its training.

    Args:
        model: float model, from standardised windows.
        tflite_model: bytes, the int8 model, without metadata.
        history: dict of the phases `"train"` and `"quantise"`.
    """

    model: keras.Model
    tflite_model: bytes
    history: dict[str, History]


def run(job: Job, callbacks: list[keras.callbacks.Callback]) -> Result:
    """Runs the job, or what an earlier run of the same job in `settings.directory` has left of it.

    Args:
        job: `Job`.
        callbacks: tf_keras callbacks for the search.

    Returns:
        A `Result` whose model keeps every limit.

    Raises:
        InfeasibleError: no architecture keeps the limits; raised before any training.
        DirectoryInUseError: another job works in `settings.directory`.
        OutputDirError: `settings.directory` cannot be written.
    """
    with alone(job.settings.directory), heeded():
        return _run(job, callbacks)


def _run(job: Job, callbacks: list[keras.callbacks.Callback]) -> Result:
    settings = job.settings
    budget = Budget(settings.max_minutes)
    checkpoints = job.checkpoints(settings.directory)
    found = checkpoints.load("search")
    if found is not None:
        settings = dataclasses.replace(settings, seed=found[0]["seed"])
    elif settings.seed is None:
        settings = dataclasses.replace(settings, seed=int(np.random.default_rng().integers(2**31)))
    seed: int = settings.seed  # type: ignore[assignment]

    parts = parts_of(job, settings.board, seed)
    spaces = fitting(parts, settings.bounds)  # Raises InfeasibleError now rather than after the search.
    # Parts that ask for more room, or for less, are there in place of these.
    counted = [part for part in parts if part.least_room == spaces[0].part.least_room]
    pruned = [prune(part.supernet, settings.bounds, part.options) for part in counted]
    before = float(sum(part.architectures_before for part in pruned))
    after = float(sum(part.architectures_after for part in pruned))
    settings.say(f"space: {before:.3g} architectures, {after:.3g} can win")
    counts: dict[str, History] = {"architectures": {"before": [before], "after": [after]}}

    data = prepare(job, seed)
    metadata = file_metadata(job.classes, data.standardizer, settings)

    if found is None:
        selected = select(spaces, settings, seed, data.splits, data.augment, metadata, budget, callbacks)
        pace = selected.seconds_per_epoch * len(job.x) / len(data.splits[0][0][0])
        candidate, history = selected.candidate, counts | selected.history
        values = {
            "seed": seed,
            "pace": pace,
            "architecture": candidate.architecture.to_json(),
            "regret": candidate.regret,
        }
        checkpoints.save("search", values | {"history": history})
    else:
        settings.say(f"search: taken from an earlier run in {settings.directory}")
        architecture, history = Architecture.from_json(found[0]["architecture"]), found[0]["history"]
        pace = found[0]["pace"]
        candidate = Candidate(architecture, estimate_graph(architecture.graph(), settings.board), found[0]["regret"])

    trained = train(candidate.architecture, data, settings, seed, checkpoints, budget, pace)
    result = finished(trained, candidate, data, settings, metadata, history, seed)
    checkpoints.clear()
    return result


def parts_of(job: Job, board: Board, seed: int) -> list[Part]:
    """Builds each part of the job's space for its windows, with a fresh supernet that has the costs of a board.

    Args:
        job: `Job`; its own board is not read.
        board: `Board`.
        seed: int.

    Returns:
        list of `Part`; none may keep some bounds, see `tsnas.search.parts.fitting`.
    """
    pseudo_prob = strategy_named(job.settings.strategy).pseudo_prob
    return build_parts(job.settings.spaces, job.x.shape[1:3], len(job.classes), board, pseudo_prob, seed)


def finished(
    trained: Trained,
    candidate: Candidate,
    data: Prepared,
    settings: Settings,
    metadata: dict,
    history: dict[str, History],
    seed: int,
) -> Result:
    """The file of a trained network, held against the limits of the settings, and all that belongs to it.

    Raises:
        LimitExceededError: the file is over a limit.
    """
    tflite_model = embed_metadata(trained.tflite_model, metadata)
    return Result(
        standardizer=data.standardizer,
        candidate=candidate,
        history=history | trained.history,
        keras_model=raw_model(trained.model, data.standardizer),
        tflite_model=tflite_model,
        estimate=verify(tflite_model, settings.board, settings.bounds),
        seed=seed,
    )


def prepare(job: Job, seed: int) -> Prepared:
    """Splits off validation windows, standardises all, and sets up the augmentation."""
    settings = job.settings
    if job.validation_data is None:
        rows = validation_splits(job.y, job.groups, settings.validation_fraction, seed=seed)
        standardizer = Standardizer.fit(job.x[rows[0][0]])
        everything = _standardized(standardizer, job.x, job.y)
        splits: Sequence[Split] = Splits(everything, rows)
    else:
        standardizer = Standardizer.fit(job.x)
        everything = _standardized(standardizer, job.x, job.y)
        splits = [(everything, _standardized(standardizer, *job.validation_data))]
    if settings.axes:
        settings.say(
            f"axes: channels {_listed(settings.axes)} are taken as x, y, z of a sensor, and turned in training"
        )
    augment = augmentation(standardizer, settings.axes)
    return Prepared(standardizer, splits, everything, augment)


def train(
    architecture: Architecture,
    data: Prepared,
    settings: Settings,
    seed: int,
    checkpoints: Checkpoints,
    budget: Budget,
    pace: float,
) -> Trained:
    """Trains an architecture on all windows, in float and quantisation-aware, and converts it.

    Args:
        architecture: `Architecture`.
        data: `Prepared`.
        settings: `Settings`.
        seed: int.
        checkpoints: `Checkpoints` that keep the float weights in between.
        budget: `Budget` of the job.
        pace: float, seconds of a pass over the windows, as far as known; 0 if not.

    Returns:
        A `Trained`.
    """
    with scope_of(settings.distribute):
        model = architecture.build(DROPOUT, seed)
        train_history = _train(model, *data.everything, settings, seed, data.augment, checkpoints, budget, pace)
        qat_model, quantise_history = _quantise(model, *data.everything, settings, seed, budget, pace)
    history = {"train": train_history, "quantise": quantise_history}
    return Trained(model, convert_int8(qat_model), history)


def _standardized(standardizer: Standardizer, x: np.ndarray, y: np.ndarray) -> Data:
    """Windows as networks take them, (windows, time, channels, 1), and their labels."""
    return standardizer(x)[..., np.newaxis], y


def _train(model, x, y, settings, seed, augment, checkpoints, budget, pace) -> History:
    """Trains the float model, or gives it the weights that were kept."""
    found = checkpoints.load("train")
    if found is not None:
        settings.say(f"train: taken from an earlier run in {settings.directory}")
        model.set_weights(found[1])
        return found[0]["history"]
    history = train_float(
        model,
        x,
        y,
        epochs=budget.epochs_within("train", settings.train_epochs_for(x), pace),
        batch_size=settings.batch_size_for(x),
        seed=seed,
        augment=augment,
        callbacks=[ProgressBar("train", settings.verbose), *budget.callbacks("train")],
    )
    checkpoints.save("train", {"history": history}, model.get_weights())
    return history


def _quantise(model, x, y, settings, seed, budget, pace) -> tuple[keras.Model, History]:
    recorder = keras.callbacks.History()
    qat_model = train_quantised(
        model,
        x,
        y,
        epochs=budget.epochs_within("quantise", settings.qat_epochs_for(x), QAT_PACE * pace),
        batch_size=settings.batch_size_for(x),
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


def _listed(axes: Axes) -> str:
    return ", ".join("-".join(map(str, triple)) for triple in axes)


def file_metadata(classes: np.ndarray, standardizer: Standardizer, settings: Settings) -> dict:
    """What travels inside the .tflite file: the firmware needs the first two."""
    signal = {} if settings.signal is None else {"signal": settings.signal.to_json()}
    return signal | {
        "classes": [str(label) for label in classes.tolist()],
        "standardization": standardizer.to_json(),
        "board": settings.board.name,
        "limits": dataclasses.asdict(settings.limits),
        "seed": settings.seed,
        "tsnas": tsnas.__version__,
    }

"""Final training of a job's network: in float, quantisation-aware, and its conversion."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import tf_keras as keras

from tsnas.callbacks import ProgressBar
from tsnas.data import AnyWindows, unpacked
from tsnas.deploy.convert import convert_int8
from tsnas.job.budget import Budget, stopped
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.preparation import Prepared, Shared
from tsnas.job.settings import Settings
from tsnas.search.contest import History
from tsnas.search.rounds import DROPOUT, training_of
from tsnas.space.architecture import Architecture
from tsnas.training.augment import Augment
from tsnas.training.scope import scope_of
from tsnas.training.train import train_quantised
from tsnas.workers.pool import HERE, Workers

# Duration of a quantisation-aware training step, in float training steps.
QAT_PACE = 2.0

Weights = list[np.ndarray]
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Trained:
    """A network after its training.

    Args:
        model: float model, which takes standardised windows.
        tflite_model: bytes, the int8 model, without metadata.
        history: dict of the phases `"train"` and `"quantise"`.
    """

    model: keras.Model
    tflite_model: bytes
    history: dict[str, History]


def train(
    architecture: Architecture,
    data: Prepared,
    settings: Settings,
    seed: int,
    checkpoints: Checkpoints,
    budget: Budget,
    pace: float,
    workers: Workers = HERE,
) -> Trained:
    """Trains an architecture on all windows, in float and quantisation-aware, and converts it.

    Args:
        architecture: `Architecture`.
        data: `Prepared`.
        settings: `Settings`.
        seed: int, seed of weights, dropout, augmentation and shuffling.
        checkpoints: `Checkpoints` that keep the float weights in between.
        budget: `Budget` of the job.
        pace: float, seconds for a pass over the windows; 0 if unknown.
        workers: `Workers` of the job. Defaults to this process.

    Returns:
        A `Trained`.
    """
    found: list[Trained] = []
    train_all(
        [architecture],
        data,
        settings,
        seed,
        [checkpoints],
        workers,
        lambda _, trained: found.append(trained),
        budget,
        pace,
    )
    return found[0]


def train_all(
    architectures: Sequence[Architecture],
    data: Prepared,
    settings: Settings,
    seed: int,
    checkpoints: Sequence[Checkpoints],
    workers: Workers,
    on_trained: Callable[[int, Trained], None],
    budget: Budget | None = None,
    pace: float = 0.0,
) -> None:
    """Trains several architectures side by side, as `train` does each of them.

    Args:
        architectures: sequence of `Architecture`.
        data, settings, seed, workers: as in `train`.
        checkpoints: sequence of `Checkpoints`, one for each architecture.
        on_trained: function of the place of an architecture and its `Trained`, called as soon as there is one.
        budget: `Budget` or None, as in `train`. Defaults to None: all the time that is needed.
        pace: float, as in `train`. Defaults to 0.
    """
    budget = budget or Budget(None)
    pace /= len(data.everything[1])

    def phases(name: str, asked: int | None, epochs_for: Callable[[AnyWindows, int], int], pace: float) -> list[_Phase]:
        x, *_ = settings.repeated(data.everything, asked)
        # Bars of several would overwrite each other.
        bars = [workers.shown(ProgressBar(name, settings.verbose))] if len(architectures) == 1 else []
        callbacks = [*bars, *budget.callbacks(name)]
        found = []
        for one in architectures:
            macs = sum(node.op.macs for node in one.graph().nodes)
            wanted = epochs_for(x, macs)
            epochs = budget.epochs_within(name, wanted, pace * len(x))
            found.append(_Phase(one, data.everything, settings, seed, asked, wanted, epochs, callbacks))
        return found

    def say_if_cut(name: str, phase: _Phase, history: History, was_stopped: bool) -> None:
        passed = len(next(iter(history.values()), []))
        if was_stopped or (phase.epochs < phase.wanted and passed == phase.epochs):
            settings.say(f"{name}: max_minutes left time for {passed} of {phase.wanted} epochs")

    # What is kept is written here: a worker may be on another machine.
    floats = [kept.load("train") for kept in checkpoints]
    missing = [place for place, found in enumerate(floats) if found is None]
    if len(missing) < len(floats) and settings.directory is not None:
        settings.say(f"train: taken from an earlier run in {settings.directory}")

    def keep_floats(index: int, found: tuple[Weights, History, bool]) -> None:
        place, (weights, history, was_stopped) = missing[index], found
        say_if_cut("train", trainings[place], history, was_stopped)
        checkpoints[place].save("train", {"history": history}, weights)
        floats[place] = {"history": history}, weights

    if missing:
        trainings = phases("train", settings.epochs, settings.train_epochs_for, pace)
        workers.run(
            [functools.partial(_train, trainings[place], data.augment) for place in missing], on_result=keep_floats
        )

    def keep_trained(place: int, found: tuple[bytes, History, bool]) -> None:
        (values, weights), (tflite_model, history, was_stopped) = floats[place], found  # type: ignore[misc]
        say_if_cut("quantise", quantisings[place], history, was_stopped)
        model = architectures[place].build(DROPOUT, seed)
        model.set_weights(weights)
        on_trained(place, Trained(model, tflite_model, {"train": values["history"], "quantise": history}))

    quantisings = phases("quantise", settings.epochs or settings.qat_epochs, settings.qat_epochs_for, QAT_PACE * pace)
    calls = [
        functools.partial(_quantise, phase, found[1])  # type: ignore[index]
        for phase, found in zip(quantisings, floats, strict=True)
    ]
    workers.run(calls, on_result=keep_trained)


@dataclasses.dataclass(frozen=True)
class _Phase:
    """One of the two trainings, in a form that can be sent to a worker.

    Args:
        architecture, settings, seed: as in `train`.
        windows: `Shared`, all windows.
        asked: int or None, number of epochs that was asked for.
        wanted: int, number of epochs, each of which passes over few windows several times unless it was asked for.
        epochs: int, those that the job has time for.
        callbacks: sequence of tf_keras callbacks.
    """

    architecture: Architecture
    windows: Shared
    settings: Settings
    seed: int
    asked: int | None
    wanted: int
    epochs: int
    callbacks: Sequence[keras.callbacks.Callback]

    def run(self, fit: Callable[..., T], *before: Any) -> T:
        """Returns what `fit` returns for arguments before the windows, the windows, and the settings of a training."""
        x, y, weights_of_windows = unpacked(self.settings.repeated(self.windows, self.asked))
        return fit(
            *before,
            x,
            y,
            epochs=self.epochs,
            batch_size=self.settings.batch_size_for(x),
            seed=self.seed,
            callbacks=self.callbacks,
            until_solved=self.asked is None,
            sample_weight=weights_of_windows,
        )


def _train(phase: _Phase, augment: Augment) -> tuple[Weights, History, bool]:
    # A worker that has trained the network in the contest has its graph.
    with scope_of(phase.settings.distribute), training_of(phase.architecture, phase.seed, augment) as training:
        history = phase.run(training.run)
        return training.model.get_weights(), history, stopped(phase.callbacks)


def _quantise(phase: _Phase, weights: Weights) -> tuple[bytes, History, bool]:
    recorder = keras.callbacks.History()
    with scope_of(phase.settings.distribute):
        model = phase.architecture.build(DROPOUT, phase.seed)
        model.set_weights(weights)
        qat_model = dataclasses.replace(phase, callbacks=[recorder, *phase.callbacks]).run(train_quantised, model)
    history = {key: [float(value) for value in values] for key, values in recorder.history.items()}
    return convert_int8(qat_model), history, stopped(phase.callbacks)

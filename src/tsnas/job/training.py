"""Final training of a job's network: in float, quantisation-aware, and its conversion."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tf_keras as keras

from tsnas.callbacks import ProgressBar
from tsnas.data import AnyWindows
from tsnas.deploy.convert import convert_int8
from tsnas.job.budget import Budget
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.preparation import Prepared, Shared
from tsnas.job.settings import Settings
from tsnas.search.contest import History
from tsnas.search.rounds import DROPOUT
from tsnas.space.architecture import Architecture
from tsnas.training.augment import Augment
from tsnas.training.scope import scope_of
from tsnas.training.train import train_float, train_quantised
from tsnas.workers.pool import HERE, Workers

# Duration of a quantisation-aware training step, in float training steps.
QAT_PACE = 2.0

Weights = list[np.ndarray]


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
    return _assemble(architecture, seed, *_run(architecture, data, settings, seed, checkpoints, budget, pace, workers))


def train_all(
    architectures: Sequence[Architecture],
    data: Prepared,
    settings: Settings,
    seed: int,
    checkpoints: Sequence[Checkpoints],
    workers: Workers,
    on_trained: Callable[[int, Trained], None],
) -> None:
    """Trains several architectures side by side, as `train` does each of them without a budget.

    Args:
        architectures: sequence of `Architecture`.
        data, settings, seed, workers: as in `train`.
        checkpoints: sequence of `Checkpoints`, one for each architecture.
        on_trained: function of the place of an architecture and its `Trained`, called as soon as there is one.
    """
    quiet = dataclasses.replace(settings, verbose=0)
    calls = [
        functools.partial(_run, architecture, data, quiet, seed, own, Budget(None), 0.0, HERE)
        for architecture, own in zip(architectures, checkpoints, strict=True)
    ]
    workers.run(calls, on_result=lambda place, found: on_trained(place, _assemble(architectures[place], seed, *found)))


def _assemble(
    architecture: Architecture, seed: int, weights: Weights, tflite_model: bytes, history: dict[str, History]
) -> Trained:
    model = architecture.build(DROPOUT, seed)
    model.set_weights(weights)
    return Trained(model, tflite_model, history)


def _run(
    architecture: Architecture,
    data: Prepared,
    settings: Settings,
    seed: int,
    checkpoints: Checkpoints,
    budget: Budget,
    pace: float,
    workers: Workers,
) -> tuple[Weights, bytes, dict[str, History]]:
    """Returns the weights of the float model, the int8 model, and the history; arguments as in `train`."""
    pace /= len(data.everything[1])

    def phase(name: str, asked: int | None, epochs_for: Callable[[AnyWindows], int], pace: float) -> _Phase:
        x, _ = settings.repeated(data.everything, asked)
        epochs = budget.epochs_within(name, epochs_for(x), pace * len(x))
        callbacks = [workers.shown(ProgressBar(name, settings.verbose)), *budget.callbacks(name)]
        return _Phase(architecture, data.everything, settings, seed, asked, epochs, callbacks)

    found = checkpoints.load("train")
    if found is not None:
        settings.say(f"train: taken from an earlier run in {settings.directory}")
        train_history, weights = found[0]["history"], found[1]
    else:
        training = phase("train", settings.epochs, settings.train_epochs_for, pace)
        ((weights, train_history),) = workers.run([functools.partial(_train, training, data.augment)])
        checkpoints.save("train", {"history": train_history}, weights)
    quantising = phase("quantise", settings.epochs or settings.qat_epochs, settings.qat_epochs_for, QAT_PACE * pace)
    ((tflite_model, quantise_history),) = workers.run([functools.partial(_quantise, quantising, weights)])
    return weights, tflite_model, {"train": train_history, "quantise": quantise_history}


@dataclasses.dataclass(frozen=True)
class _Phase:
    """One of the two trainings, in a form that can be sent to a worker.

    Args:
        architecture, settings, seed: as in `train`.
        windows: `Shared`, all windows.
        asked: int or None, number of epochs that was asked for.
        epochs: int, number of epochs, each of which passes over few windows several times unless it was asked for.
        callbacks: sequence of tf_keras callbacks.
    """

    architecture: Architecture
    windows: Shared
    settings: Settings
    seed: int
    asked: int | None
    epochs: int
    callbacks: Sequence[keras.callbacks.Callback]

    def run(self, fit: Callable[..., Any], weights: Weights | None = None, **further: Any) -> tuple[keras.Model, Any]:
        """Builds the network, with given weights if there are any, and trains it; returns it and what `fit` returns."""
        x, y = self.settings.repeated(self.windows, self.asked)
        with scope_of(self.settings.distribute):
            model = self.architecture.build(DROPOUT, self.seed)
            if weights is not None:
                model.set_weights(weights)
            found = fit(
                model,
                x,
                y,
                epochs=self.epochs,
                batch_size=self.settings.batch_size_for(x),
                seed=self.seed,
                callbacks=self.callbacks,
                **further,
            )
        return model, found


def _train(phase: _Phase, augment: Augment) -> tuple[Weights, History]:
    model, history = phase.run(train_float, augment=augment)
    return model.get_weights(), history


def _quantise(phase: _Phase, weights: Weights) -> tuple[bytes, History]:
    recorder = keras.callbacks.History()
    _, qat_model = dataclasses.replace(phase, callbacks=[recorder, *phase.callbacks]).run(train_quantised, weights)
    history = {key: [float(value) for value in values] for key, values in recorder.history.items()}
    return convert_int8(qat_model), history

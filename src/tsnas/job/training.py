"""Final training of a job's network: in float, quantisation-aware, and its conversion."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np
import tf_keras as keras

from tsnas.callbacks import ProgressBar
from tsnas.deploy.convert import convert_int8
from tsnas.job.budget import Budget
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.preparation import Prepared, Shared, as_data
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
    found = checkpoints.load("train")
    if found is not None:
        settings.say(f"train: taken from an earlier run in {settings.directory}")
        train_history, weights = found[0]["history"], found[1]
    else:
        x, _ = settings.repeated(as_data(data.everything), settings.epochs)
        epochs = budget.epochs_within("train", settings.train_epochs_for(x), pace * len(x))
        callbacks = [workers.shown(ProgressBar("train", settings.verbose)), *budget.callbacks("train")]
        call = functools.partial(_train, architecture, data.everything, settings, seed, epochs, callbacks, data.augment)
        ((weights, train_history),) = workers.run([call])
        checkpoints.save("train", {"history": train_history}, weights)
    x, _ = settings.repeated(as_data(data.everything), settings.epochs or settings.qat_epochs)
    epochs = budget.epochs_within("quantise", settings.qat_epochs_for(x), QAT_PACE * pace * len(x))
    callbacks = [workers.shown(ProgressBar("quantise", settings.verbose)), *budget.callbacks("quantise")]
    ((tflite_model, quantise_history),) = workers.run(
        [functools.partial(_quantise, architecture, data.everything, settings, seed, epochs, callbacks, weights)]
    )
    return weights, tflite_model, {"train": train_history, "quantise": quantise_history}


def _train(
    architecture: Architecture,
    windows: Shared,
    settings: Settings,
    seed: int,
    epochs: int,
    callbacks: Sequence[keras.callbacks.Callback],
    augment: Augment,
) -> tuple[Weights, History]:
    x, y = settings.repeated(as_data(windows), settings.epochs)
    with scope_of(settings.distribute):
        model = architecture.build(DROPOUT, seed)
        history = train_float(
            model,
            x,
            y,
            epochs=epochs,
            batch_size=settings.batch_size_for(x),
            seed=seed,
            augment=augment,
            callbacks=callbacks,
        )
    return model.get_weights(), history


def _quantise(
    architecture: Architecture,
    windows: Shared,
    settings: Settings,
    seed: int,
    epochs: int,
    callbacks: Sequence[keras.callbacks.Callback],
    weights: Weights,
) -> tuple[bytes, History]:
    x, y = settings.repeated(as_data(windows), settings.epochs or settings.qat_epochs)
    recorder = keras.callbacks.History()
    with scope_of(settings.distribute):
        model = architecture.build(DROPOUT, seed)
        model.set_weights(weights)
        qat_model = train_quantised(
            model,
            x,
            y,
            epochs=epochs,
            batch_size=settings.batch_size_for(x),
            seed=seed,
            callbacks=[recorder, *callbacks],
        )
    history = {key: [float(value) for value in values] for key, values in recorder.history.items()}
    return convert_int8(qat_model), history

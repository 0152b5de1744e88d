"""Pipeline of a job: split, feasibility, selection, plain models, training, quantisation, conversion, verification."""

from __future__ import annotations

import dataclasses

import numpy as np
import tf_keras as keras

from tsnas.callbacks import ProgressBar
from tsnas.cost.board import Board
from tsnas.cost.estimate import estimate_graph
from tsnas.deploy.convert import convert_int8
from tsnas.deploy.verify import verify
from tsnas.export.firmware import Firmware
from tsnas.job.budget import Budget
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.comparison import compared, fit_rivals
from tsnas.job.inputs import Job
from tsnas.job.preparation import Prepared, prepare
from tsnas.job.selection import select
from tsnas.job.settings import Settings
from tsnas.model.data_summary import summarise, versions
from tsnas.model.model import Model, raw_network
from tsnas.search.contest import History
from tsnas.search.derive import Candidate
from tsnas.search.parts import build_parts, fitting
from tsnas.search.paths import Part
from tsnas.search.pruning import prune
from tsnas.search.rounds import DROPOUT
from tsnas.search.strategies import strategy_named
from tsnas.space.architecture import Architecture
from tsnas.system.interrupts import deferred_interrupt
from tsnas.system.lock import exclusive
from tsnas.tflite.metadata import embed_metadata
from tsnas.training.scope import scope_of
from tsnas.training.train import train_float, train_quantised
from tsnas.version import __version__

# Duration of a quantisation-aware training step, in float training steps.
QAT_PACE = 2.0


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


def run(job: Job, callbacks: list[keras.callbacks.Callback]) -> Model:
    """Runs a job; resumes where an earlier run of the same job in `settings.directory` has stopped.

    Args:
        job: `Job`.
        callbacks: tf_keras callbacks for the search.

    Returns:
        A `Model` that keeps every limit.

    Raises:
        InfeasibleError: no architecture keeps the limits; raised before any training.
        DirectoryInUseError: another job works in `settings.directory`.
        OutputDirError: `settings.directory` cannot be written.
    """
    with exclusive(job.settings.directory), deferred_interrupt():
        return _run(job, callbacks)


def _run(job: Job, callbacks: list[keras.callbacks.Callback]) -> Model:
    settings = job.settings
    budget = Budget(settings.max_minutes)
    checkpoints = job.checkpoints(settings.directory)
    found = checkpoints.load("search")
    if found is not None:
        settings = dataclasses.replace(settings, seed=found[0]["seed"])
    elif settings.seed is None:
        settings = dataclasses.replace(settings, seed=int(np.random.default_rng().integers(2**31)))
    seed: int = settings.seed  # type: ignore[assignment]
    job = dataclasses.replace(job, settings=settings)

    parts = parts_of(job, settings.board, seed)
    spaces = fitting(parts, settings.bounds)  # Raises InfeasibleError now rather than after the search.
    # Parts with another `min_slack` are alternatives to these, so they do not count.
    counted = [part for part in parts if part.min_slack == spaces[0].part.min_slack]
    pruned = [prune(part.supernet, settings.bounds, part.options) for part in counted]
    before = float(sum(part.architectures_before for part in pruned))
    after = float(sum(part.architectures_after for part in pruned))
    settings.say(f"space: {_rounded(before)} architectures, at most {_rounded(after)} of them within the limits")
    counts: dict[str, History] = {"architectures": {"before": [before], "after": [after]}}

    data = prepare(job, seed)

    if found is None:
        metadata = file_metadata(job, data)
        selected = select(spaces, settings, seed, data.splits, data.augment, metadata, budget, callbacks)
        pace = selected.seconds_per_epoch * len(job.x) / len(data.splits[0][0][0])
        candidate, history, judged = selected.candidate, counts | selected.history, selected.judged
        values = {
            "seed": seed,
            "pace": pace,
            "architecture": candidate.architecture.to_json(),
            "regret": candidate.regret,
            "history": history,
            "judged_splits": list(judged),
        }
        checkpoints.save("search", values, list(judged.values()))
    else:
        settings.say(f"search: taken from an earlier run in {settings.directory}")
        architecture, history = Architecture.from_json(found[0]["architecture"]), found[0]["history"]
        pace = found[0]["pace"]
        judged = dict(zip(found[0]["judged_splits"], found[1], strict=True))
        candidate = Candidate(architecture, estimate_graph(architecture.graph(), settings.board), found[0]["regret"])

    rivals = fit_rivals(job, data, judged, checkpoints, budget)
    trained = train(candidate.architecture, data, settings, seed, checkpoints, budget, pace)
    model = finished(trained, candidate.architecture, data, job, history)
    if rivals is not None:
        model = compared(model, rivals, job)
    checkpoints.clear()
    return model


def parts_of(job: Job, board: Board, seed: int) -> list[Part]:
    """Builds the parts of the job's space for its windows, each with a fresh supernet and the costs on a board.

    Args:
        job: `Job`; its own board is ignored.
        board: `Board`.
        seed: int, seed of the weights.

    Returns:
        list of `Part`, whether they fit or not; see `tsnas.search.parts.fitting`.
    """
    pseudo_prob = strategy_named(job.settings.strategy).pseudo_prob
    return build_parts(job.settings.spaces, job.x.shape[1:3], len(job.classes), board, pseudo_prob, seed)


def finished(
    trained: Trained, architecture: Architecture, data: Prepared, job: Job, history: dict[str, History]
) -> Model:
    """Returns the model of a trained network, after verifying its file against the limits of the job.

    Args:
        trained: `Trained`.
        architecture: `Architecture` of the network.
        data: `Prepared` windows of the job.
        job: `Job` whose settings have a seed.
        history: dict of the phases before training.

    Returns:
        A `Model`.

    Raises:
        LimitExceededError: the file is over a limit.
    """
    settings = job.settings
    tflite = embed_metadata(trained.tflite_model, file_metadata(job, data))
    return Model(
        firmware=Firmware(tflite, settings.board),
        float_network=raw_network(trained.model, data.standardizer),
        limits=settings.limits,
        estimate=verify(tflite, settings.board, settings.bounds),
        architecture=architecture,
        standardizer=data.standardizer,
        classes=job.classes,
        axes=settings.axes,
        signal=settings.signal,
        seed=settings.seed,  # type: ignore[arg-type]
        history=history | trained.history,
        data_summary=_summary(job, data),
        versions=versions(),
    )


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
        seed: int, seed of weights, dropout, augmentation and shuffling.
        checkpoints: `Checkpoints` that keep the float weights in between.
        budget: `Budget` of the job.
        pace: float, seconds for a pass over the windows; 0 if unknown.

    Returns:
        A `Trained`.
    """
    x, y = settings.repeated(data.everything, settings.epochs)
    x_quantise, y_quantise = settings.repeated(data.everything, settings.epochs or settings.qat_epochs)
    pace /= len(data.everything[0])
    with scope_of(settings.distribute):
        model = architecture.build(DROPOUT, seed)
        train_history = _train(model, x, y, settings, seed, data.augment, checkpoints, budget, pace * len(x))
        qat_model, quantise_history = _quantise(
            model, x_quantise, y_quantise, settings, seed, budget, pace * len(x_quantise)
        )
    history = {"train": train_history, "quantise": quantise_history}
    return Trained(model, convert_int8(qat_model), history)


def _train(model, x, y, settings, seed, augment, checkpoints, budget, pace) -> History:
    """Trains the float model, or sets the weights of its checkpoint."""
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


def _rounded(count: float) -> str:
    """Formats a count with three significant digits."""
    return f"{float(f'{count:.3g}'):,.0f}"


def _summary(job: Job, data: Prepared) -> dict:
    given = None if job.validation_data is None else len(job.validation_data[0])
    summary = summarise(job.x, job.y, job.classes, job.groups, data.rows, given, job.settings.validation_fraction)
    return summary if job.recordings is None else summary | {"recordings": job.recordings}


def file_metadata(job: Job, data: Prepared) -> dict:
    """Returns the metadata of the .tflite file; firmware needs class names, standardisation and signal."""
    settings = job.settings
    signal = {} if settings.signal is None else {"signal": settings.signal.to_json()}
    return signal | {
        "classes": [str(label) for label in job.classes.tolist()],
        "standardization": data.standardizer.to_json(),
        "board": settings.board.name,
        "limits": dataclasses.asdict(settings.limits),
        "seed": settings.seed,
        "tsnas": __version__,
    }

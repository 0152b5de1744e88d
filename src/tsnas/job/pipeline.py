"""Pipeline of a job: split, feasibility, selection, plain models, training, quantisation, conversion, verification."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import tf_keras as keras

from tsnas.cost.board import Board
from tsnas.cost.estimate import estimate_graph
from tsnas.deploy.verify import verify
from tsnas.export.firmware import Firmware
from tsnas.job.budget import Budget
from tsnas.job.comparison import compared, fit_rivals
from tsnas.job.inputs import Job
from tsnas.job.preparation import Prepared, local_or_not, prepare
from tsnas.job.rejecting import rejection_note
from tsnas.job.selection import finalist_count, select
from tsnas.job.settings import AUTO
from tsnas.job.smoothing_choice import smoothed
from tsnas.job.training import Trained, train
from tsnas.model.data_summary import summarise, versions
from tsnas.model.model import Model, raw_network
from tsnas.search.contest import History
from tsnas.search.derive import Candidate
from tsnas.search.parts import build_parts, fitting, suited
from tsnas.search.paths import Part
from tsnas.search.pruning import prune
from tsnas.search.strategies import strategy_named
from tsnas.space.architecture import Architecture
from tsnas.system.interrupts import deferred_interrupt
from tsnas.system.lock import exclusive
from tsnas.tflite.metadata import embed_metadata
from tsnas.version import __version__
from tsnas.workers.pool import Workers


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
        WorkerError: worker processes are lost again and again.
    """
    settings = job.settings
    # The devices of a strategy belong to this process.
    with (
        exclusive(settings.directory),
        deferred_interrupt(),
        Workers(settings.n_jobs, here=settings.distribute is not None) as workers,
    ):
        return _run(job, callbacks, workers)


def _run(job: Job, callbacks: list[keras.callbacks.Callback], workers: Workers) -> Model:
    settings = job.settings
    budget = Budget(settings.max_minutes)
    # Names change no network, but the length of its file, which is chosen within a limit.
    checkpoints = job.checkpoints(settings.directory, None if job.channels is None else job.channels.to_json())
    found = checkpoints.load("search")
    if found is not None:
        settings = dataclasses.replace(settings, seed=found[0]["seed"])
    elif settings.seed is None:
        settings = dataclasses.replace(settings, seed=int(np.random.default_rng().integers(2**31)))
    seed: int = settings.seed  # type: ignore[assignment]
    job = dataclasses.replace(job, settings=settings)

    parts = parts_of(job, settings.board, seed)
    spaces = fitting(parts, settings.bounds)  # Raises InfeasibleError now rather than after the search.
    workers.begin(finalist_count(settings, [paths.supernet.members for paths in spaces]))
    # Parts with another `min_slack` are alternatives to these, so they do not count.
    counted = [part for part in parts if part.min_slack == spaces[0].part.min_slack]
    pruned = [prune(part.supernet, settings.bounds, part.options) for part in counted]
    before = float(sum(part.architectures_before for part in pruned))
    after = float(sum(part.architectures_after for part in pruned))
    settings.say(f"space: {_rounded(before)} architectures, at most {_rounded(after)} of them within the limits")
    counts: dict[str, History] = {"architectures": {"before": [before], "after": [after]}}

    data = prepare(job, seed, workers)
    if data.rejection is not None:
        settings.say(f"rejection: {rejection_note(data.rejection)}")

    if found is None:
        metadata = file_metadata(job, data)
        spaces = suited(spaces, functools.partial(local_or_not, data, job, seed))
        selected = select(spaces, settings, seed, data.splits, data.augment, metadata, budget, callbacks, workers)
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
        levels = selected.levels
        checkpoints.save("search", values, [*judged.values(), *levels.values()])
    else:
        settings.say(f"search: taken from an earlier run in {settings.directory}")
        architecture, history = Architecture.from_json(found[0]["architecture"]), found[0]["history"]
        pace = found[0]["pace"]
        splits, kept = found[0]["judged_splits"], found[1]
        judged = dict(zip(splits, kept[: len(splits)], strict=True))
        levels = dict(zip(splits, kept[len(splits) :], strict=False))
        candidate = Candidate(architecture, estimate_graph(architecture.graph(), settings.board), found[0]["regret"])

    rivals = fit_rivals(job, data, judged, checkpoints, budget, workers)
    trained = train(candidate.architecture, data, settings, seed, checkpoints, budget, pace, workers)
    model = finished(trained, candidate.architecture, data, job, history)
    if rivals is not None:
        model = compared(model, rivals, job)
    if settings.smooth == AUTO:
        model = smoothed(model, job, data.rows, levels)
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
    _, time, channels = job.x.shape
    return build_parts(
        job.settings.spaces, (time, channels), len(job.classes), board, pseudo_prob, seed, job.settings.limits.margin
    )


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
        # A choice needs answers for validation windows, which are not known here.
        firmware=Firmware(tflite, settings.board, 1 if isinstance(settings.smooth, str) else settings.smooth),
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


def _rounded(count: float) -> str:
    """Formats a count with three significant digits."""
    return f"{float(f'{count:.3g}'):,.0f}"


def _summary(job: Job, data: Prepared) -> dict:
    given = None if job.validation_data is None else len(job.validation_data[0])
    summary = summarise(job.x, job.y, job.classes, job.groups, data.rows, given, job.settings.validation_fraction)
    if job.sample_weight is not None:
        summary |= {"sample_weight": True}
    if job.channels is not None:
        summary |= {"named": job.channels.to_json()}
    return summary if job.recordings is None else summary | {"recordings": job.recordings}


def file_metadata(job: Job, data: Prepared) -> dict:
    """Returns the metadata of the .tflite file; firmware needs class names, standardisation, signal and rejection."""
    settings = job.settings
    signal = {} if settings.signal is None else {"signal": settings.signal.to_json()}
    rejection = {} if data.rejection is None else {"rejection": data.rejection.to_json()}
    # Only what is known, so that files without names stay as they are.
    named = {} if job.channels is None else {"channels": job.channels.to_json()}
    return (
        signal
        | rejection
        | named
        | {
            "classes": [str(label) for label in job.classes.tolist()],
            "standardization": data.standardizer.to_json(),
            "board": settings.board.name,
            "kernels": settings.board.kernels,
            "limits": dataclasses.asdict(settings.limits),
            "seed": settings.seed,
            "tsnas": __version__,
        }
    )

"""Selection of the architecture of a job: search, contest, and a dry run of the winner's file."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import math
from collections.abc import Hashable, Sequence

import numpy as np
import tf_keras as keras

from tsnas.cost.bounds import BYTES_PER_KB, Bounds, Limit
from tsnas.cost.estimate import estimate_tflite
from tsnas.data import with_class_weights
from tsnas.deploy.convert import untrained_int8
from tsnas.deploy.verify import verify
from tsnas.errors import InfeasibleError, LimitExceededError
from tsnas.job.budget import Budget, stopped
from tsnas.job.settings import Settings
from tsnas.search.contest import History, Outcome, contest
from tsnas.search.derive import Candidate
from tsnas.search.differentiable import SearchConfig, search
from tsnas.search.evolution import EvolutionConfig, evolve
from tsnas.search.finalists import divide, finalists
from tsnas.search.parts import fitting
from tsnas.search.paths import Part, Paths
from tsnas.search.rounds import FIRST_STEPS, Rounds, Split
from tsnas.search.strategies import strategy_named
from tsnas.space.architecture import Architecture
from tsnas.system import clock
from tsnas.tflite.metadata import embed_metadata
from tsnas.training.augment import Augment
from tsnas.training.seed import fixed_seed
from tsnas.workers.pool import HERE, Workers

# Architectures in the contest: after a search, without one, and after keras-tuner.
FINALISTS, RANDOM_FINALISTS, TUNED_FINALISTS = 6, 4, 3
# Draws where windows are so few that there are more than two splits: one of them cannot tell the best of four.
FEW_WINDOWS_FINALISTS = 2
# A split of so few validation windows does not tell either whether several networks in one are better than one. On
# average they are, so they are drawn alone.
FEW_JUDGES = 12
# More of them for each further part of the search space, if it differs by more than the number of members.
FURTHER_FINALISTS = 2
# A file whose predicted length is at most this share of the limit is within it.
SURELY_WITHIN = 0.8


@dataclasses.dataclass(frozen=True)
class Selected:
    """Architecture that was selected for training.

    Args:
        candidate: `Candidate`; its file keeps the limits, as far as this can be known before training.
        history: dict of the phases `"search"` or `"trials"`, if there was one, and `"contest"`.
        seconds_per_epoch: float, duration of a pass over the first split's training windows in the contest; 0 without a
            contest.
        judged: dict of the index of a split to an int array of class codes: what the candidate predicted for its
            validation windows in the contest, in the order of the rounds. Empty if there was no contest, or if the file
            of its winner exceeded a limit.
        levels: dict of the same to a uint8 array (windows, classes), its probabilities in 1/256. Defaults to {}.
    """

    candidate: Candidate
    history: dict[str, History]
    seconds_per_epoch: float
    judged: dict[int, np.ndarray]
    levels: dict[int, np.ndarray] = dataclasses.field(default_factory=dict)


def select(
    spaces: Sequence[Paths],
    settings: Settings,
    seed: int,
    splits: Sequence[Split],
    augment: Augment,
    metadata: dict,
    budget: Budget,
    callbacks: list[keras.callbacks.Callback],
    workers: Workers = HERE,
) -> Selected:
    """Selects the architecture of a job by its strategy.

    Args:
        spaces: sequence of `Paths` of fresh supernets, one for each part of the space, as `fitting` returns them.
        settings: `Settings`.
        seed: int, seed of all draws and trainings.
        splits: training and validation windows, as in `Rounds`; the search uses the first split.
        augment: augmentation, as in `train_float`.
        metadata: dict, metadata of the file.
        budget: `Budget` of the job.
        callbacks: tf_keras callbacks for the search.
        workers: `Workers` that do the short trainings. Defaults to this process.

    Returns:
        A `Selected`.
    """
    kind = strategy_named(settings.strategy).kind
    rounds = Rounds(splits, settings.batch_size_for(splits[0][0][0]), seed, augment, settings.distribute, workers)
    # What the caller asks for counts, and what a search prefers.
    alone = kind == "random" and not settings.finalists and len(splits) > 2 and len(splits[0][1][1]) <= FEW_JUDGES
    spaces = _of_most_members(spaces) if alone else spaces
    count = finalist_count(settings, [paths.supernet.members for paths in spaces], len(splits), alone)
    # A part without finalists needs no search.
    spaces = spaces[:count]
    histories: list[History] = []
    parties: list[list[Candidate]] = []
    share = 1.0 / len(spaces)
    for paths, own_count in zip(spaces, divide(count, len(spaces)), strict=True):
        if kind == "tuner":
            trials = max(own_count, RANDOM_FINALISTS // len(spaces))
            own_seconds = share * budget.seconds_for("search")
            preferred, own_history = _tuned(paths, rounds, settings, seed, own_seconds, trials)
            parties.append(preferred[:own_count])
            histories.append(own_history)
            continue
        preferred = []
        if kind != "random":
            search_callbacks = [*callbacks, *budget.callbacks("search", share)]
            preferred, own_history = _search(paths, splits[0], settings, seed, search_callbacks, len(spaces))
            histories.append(own_history)
            if stopped(search_callbacks):
                passed = len(next(iter(own_history.values())))
                settings.say(f"search: max_minutes ended it after {passed} epochs")
        parties.append(finalists(paths, preferred, own_count, seed))
    history = {"trials" if kind == "tuner" else "search": join(histories)} if histories else {}
    # In turns, so that a contest that ends early has seen all parts of the space.
    entrants = [one for turn in itertools.zip_longest(*parties) for one in turn if one is not None]
    seconds = budget.seconds_for("contest")
    use = [spaces[0].use_of(one) for one in entrants]
    # One that was asked for as the only one is to be quick.
    is_judged = len(entrants) > 1 or not settings.finalists
    outcome = contest(entrants, rounds, use, settings.verbose, seconds) if is_judged else Outcome(entrants[0])
    history["contest"] = outcome.history()
    parts = [paths.part for paths in spaces]
    candidate = dry_run(parts, spaces[0].bounds, outcome.winner, metadata, workers)
    judged, levels = (outcome.predicted, outcome.levels) if candidate is outcome.winner else ({}, {})
    return Selected(candidate, history, outcome.seconds_per_epoch, judged, levels)


def _of_most_members(spaces: Sequence[Paths]) -> list[Paths]:
    """Returns of each kind of networks the part with the most members."""
    chosen: dict[Hashable, Paths] = {}
    for paths in spaces:
        other = chosen.get(paths.part.kind)
        if other is None or other.supernet.members < paths.supernet.members:
            chosen[paths.part.kind] = paths
    return list(chosen.values())


def finalist_count(settings: Settings, members: Sequence[int], splits: int = 1, alone: bool = False) -> int:
    """Returns the number of architectures in the contest.

    Args:
        settings: `Settings`.
        members: sequence of int, the number of members in each part of the space that finalists are drawn from.
        splits: int, number of splits. Defaults to 1, for which it is the largest.
        alone: bool, whether networks of several members meet none of their kind. Defaults to False.

    Returns:
        int.
    """
    kind = strategy_named(settings.strategy).kind
    if settings.finalists:
        return settings.finalists
    if kind == "tuner":
        return TUNED_FINALISTS * len(members)
    if alone:
        return sum(1 if own > 1 else FEW_WINDOWS_FINALISTS for own in members)
    drawn = FEW_WINDOWS_FINALISTS if splits > 2 else RANDOM_FINALISTS
    return (drawn if kind == "random" else FINALISTS) + FURTHER_FINALISTS * (members.count(min(members)) - 1)


def join(histories: Sequence[History]) -> History:
    """Joins the histories of the parts of a space, and adds `"part"`, the part that each value belongs to."""
    if len(histories) == 1:
        return histories[0]
    values = {name: [value for history in histories for value in history[name]] for name in histories[0]}
    lengths = [len(next(iter(history.values()))) for history in histories]
    return values | {"part": [float(part) for part, length in enumerate(lengths) for _ in range(length)]}


def _search(
    paths: Paths, split: Split, settings: Settings, seed: int, callbacks: list[keras.callbacks.Callback], parts: int
) -> tuple[list[Candidate], History]:
    """Returns the candidates that the strategy prefers, the best first, and its history.

    The `parts` of a space share the time of one search.
    """
    strategy = strategy_named(settings.strategy)
    # What these windows choose is trained on others, so they weigh as those do.
    train, val = (
        settings.repeated(split[0], settings.search_epochs),
        with_class_weights(split[1], settings.class_weight),
    )
    epochs, batch_size = settings.search_epochs_for(train[0], parts), settings.batch_size_for(train[0])
    with fixed_seed(seed):
        if strategy.kind == "evolution":
            evolution = EvolutionConfig(epochs=epochs, batch_size=batch_size).divided(parts)
            (found,), history = evolve([paths], train, val, evolution, callbacks, seed, settings.verbose)
            return found, history
        config = SearchConfig(epochs=epochs, batch_size=batch_size)
        if not strategy.hardware_loss:
            config = dataclasses.replace(config, latency_weight=0.0, memory_weight=0.0)
        candidate, history = search(paths.supernet, paths.bounds, train, val, config, callbacks, seed, settings.verbose)
        return [candidate], history


def _tuned(
    paths: Paths, rounds: Rounds, settings: Settings, seed: int, seconds: float, trials: int
) -> tuple[list[Candidate], History]:
    """Returns the candidates that an oracle of keras-tuner prefers, the best first, and the history of its trials."""

    deadline = clock.monotonic() + seconds
    trained = 0

    def evaluate(architecture: Architecture, units: int) -> float | None:
        nonlocal trained
        if trained and clock.monotonic() > deadline:
            return None
        trained += 1
        settings.say(f"{settings.strategy}: network {trained}, {units * FIRST_STEPS} steps")
        return rounds.first([architecture], units)[0].macro_f1

    # Imported here because keras-tuner takes seconds to import.
    from tsnas.tuning.architectures import tune_architectures

    return tune_architectures(paths, settings.strategy, trials, evaluate, seed)


def dry_run(
    parts: Sequence[Part], bounds: Bounds, candidate: Candidate, metadata: dict, workers: Workers = HERE
) -> Candidate:
    """Checks the limits on a converted, untrained file; takes a smaller architecture if the file is over a limit.

    Only the file shows its exact length, which is predicted to within a few percent. Where the prediction is well below
    the limit, no file is needed.

    Args:
        parts: sequence of `Part` that a smaller architecture may come from.
        bounds: `Bounds` to keep.
        candidate: `Candidate` to check.
        metadata: dict, metadata of the file.
        workers: `Workers` that convert. Defaults to this process.

    Returns:
        A `Candidate`, the same if its file keeps the limits.

    Raises:
        InfeasibleError: no file is within the limits.
    """
    board, most_bytes = parts[0].supernet.board, bounds.upper.flash_bytes
    if candidate.estimate.flash_bytes + len(json.dumps(metadata)) <= SURELY_WITHIN * most_bytes:
        return candidate
    while True:
        (file,) = workers.run([functools.partial(_untrained_file, candidate.architecture)])
        tflite = embed_metadata(file, metadata)
        try:
            verify(tflite, board, bounds)
            return candidate
        except LimitExceededError:
            # Of an NPU, this is the file that its compiler makes.
            file_bytes = estimate_tflite(tflite, board).flash_bytes
            if file_bytes <= most_bytes:
                raise
            # The prediction for the next one must be smaller by the excess of this one.
            room = candidate.estimate.flash_bytes - (file_bytes - most_bytes)
            if room <= 0:
                raise
        try:
            smaller = fitting(parts, bounds.with_limit(Limit("flash_bytes", room / BYTES_PER_KB)))
            candidate = max((paths.nearest for paths in smaller), key=lambda one: one.estimate.flash_bytes)
        except InfeasibleError as error:
            excess_bytes = file_bytes - most_bytes
            raise InfeasibleError(
                f"{bounds.asked['flash_bytes']} (the limit, or the flash of the board) is slightly too small: the "
                f"smallest file that was converted has {file_bytes} bytes, {excess_bytes} too many; it needs "
                f"max_flash_kb={math.ceil(file_bytes / 102.4) / 10:g}.",
                error.smallest | {"flash_bytes": float(file_bytes)},
                ("flash_bytes",),
            ) from error


def _untrained_file(architecture: Architecture) -> bytes:
    return untrained_int8(architecture.build())

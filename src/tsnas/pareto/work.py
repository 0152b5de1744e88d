"""Work behind a front, which can be resumed: one search, then short and final trainings, side by side."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import tf_keras as keras

from tsnas.cost.board import Board
from tsnas.cost.estimate import estimate_graph
from tsnas.data import with_class_weights
from tsnas.errors import LimitExceededError
from tsnas.job import pipeline
from tsnas.job.inputs import Job
from tsnas.job.preparation import Prepared, local_or_not, prepare
from tsnas.job.selection import dry_run, join
from tsnas.job.training import Trained, train_all
from tsnas.model import saving
from tsnas.model.model import Model
from tsnas.pareto.niches import Niche
from tsnas.pareto.points import Point
from tsnas.search.derive import Candidate
from tsnas.search.evolution import EvolutionConfig, evolve
from tsnas.search.finalists import divide, finalists
from tsnas.search.parts import fitting, suited
from tsnas.search.paths import Paths
from tsnas.search.rounds import Rounds, Score
from tsnas.space.architecture import Architecture
from tsnas.system.bars import progress_bar
from tsnas.training.seed import fixed_seed
from tsnas.workers.pool import HERE, Workers

# Architectures of a niche that are trained briefly, and those of them that are trained for longer.
ENTRANTS, SECOND_ROUND = 3, 2
# More of them for each further part of the search space.
FURTHER_ENTRANTS = 1
# A model that was chosen for another niche also serves a niche if it uses at least this fraction of its tightest limit.
SERVES = 0.85
# Exponent of the growth of search epochs with the number of niches, which share most of what is learned.
GROWTH = 0.5

Save = Callable[[Model, pathlib.Path], None]


class FrontWork:
    """Does the work of a front; every outcome is a file, so that another process can continue.

    Args:
        job: `Job` whose settings have a seed; its board and limits are ignored.
        niches: sequence of `Niche`.
        folder: path of the folder of the points.
        work: path of the folder of everything else.
        save: function that saves a finished `Model` in a folder.
        said: dict of JSON values that points say besides what follows from the job. Another `said` needs the final
            trainings alone.
        callbacks: tf_keras callbacks for the search.
        workers: `Workers` that do the trainings. Defaults to this process.
    """

    def __init__(
        self,
        job: Job,
        niches: Sequence[Niche],
        folder: pathlib.Path,
        work: pathlib.Path,
        save: Save,
        said: dict[str, Any],
        callbacks: Sequence[keras.callbacks.Callback] = (),
        workers: Workers = HERE,
    ):
        self.job = job
        self.niches = list(niches)
        self.seed: int = job.settings.seed  # type: ignore[assignment]
        self._folder, self._work, self._save, self._callbacks = folder, work, save, list(callbacks)
        self._workers = workers
        self._kept, self._ends = job.checkpoints(work), job.checkpoints(work, said)
        self._boards = {niche.board.name: niche.board for niche in self.niches}

    def run(self) -> None:
        """Does whatever has no outcome yet."""
        if self._kept.load("search") is None:
            self._search()
        # Networks of one round do not depend on each other, and those of the next one depend on all of them.
        for kind, choose in (("score-1", self._entrants), ("score-2", self._best_entrants)):
            names = self._missing(kind, [name for niche in choose() for name in niche])
            if names:
                self._score(kind, names)
        names = [name for name in dict.fromkeys(self.winners()) if self._finished(name) is None]
        if names:
            self._train(names)

    def points(self) -> list[Point]:
        """Returns the finished points, sorted by board and latency."""
        found = [point for name in dict.fromkeys(self.winners()) for point in self._finished(name) or []]
        order = list(self._boards)
        return sorted(found, key=lambda point: (order.index(point.board), point.latency_ms))

    def history(self) -> dict[str, list[float]]:
        """Returns the log of the search."""
        return self._values("search")["history"]

    def winners(self) -> list[str]:
        """Returns an architecture for each niche: its own best, or one chosen before that uses most of its limits."""
        chosen: list[str] = []
        for niche, entrants in zip(self.niches, self._best_entrants(), strict=True):
            used = {
                name: niche.share(estimate_graph(self._architecture(name).graph(), niche.board))
                for name in dict.fromkeys(chosen)
            }
            serving = [name for name, share in used.items() if SERVES <= share <= 1.0]
            chosen.append(max(serving or entrants, key=self._macro_f1))
        return chosen

    @functools.cached_property
    def _data(self) -> Prepared:
        return prepare(self.job, self.seed, self._workers)

    @functools.cached_property
    def _are_local(self) -> bool:
        return local_or_not(self._data, self.job, self.seed)

    def _search(self) -> None:
        settings, (train, val) = self.job.settings, self._data.splits[0]
        train, val = settings.repeated(train, settings.search_epochs), with_class_weights(val, settings.class_weight)
        niches: list[list[Any]] = [[] for _ in self.niches]
        histories = []
        searches = self._searches()
        for counts in searches:
            paths = [one for one, _ in counts.values()]
            epochs = settings.search_epochs_for(train[0], len(searches))
            epochs = settings.search_epochs or round(epochs * len(paths) ** GROWTH)
            config = EvolutionConfig(epochs=epochs, batch_size=settings.batch_size_for(train[0]))
            with fixed_seed(self.seed):
                found, history = evolve(
                    paths, train, val, config.divided(len(searches)), self._callbacks, self.seed, settings.verbose
                )
            histories.append(history)
            for (index, (one, count)), preferred in zip(counts.items(), found, strict=True):
                drawn = finalists(one, preferred, count, self.seed + index)
                niches[index] += [entrant.architecture.to_json() for entrant in drawn]
        self._kept.save("search", {"niches": niches, "history": join(histories)})

    def _searches(self) -> list[dict[int, tuple[Paths, int]]]:
        """Returns, for each part of the space to be searched, the paths and number of entrants of each niche index."""
        parts = {name: pipeline.parts_of(self.job, board, self.seed) for name, board in self._boards.items()}
        searches: list[dict[int, tuple[Paths, int]]] = [{} for _ in next(iter(parts.values()))]
        for index, niche in enumerate(self.niches):
            every = parts[niche.board.name]
            spaces = suited(fitting(every, niche.bounds), lambda: self._are_local)
            count = self.job.settings.finalists or ENTRANTS + FURTHER_ENTRANTS * (len(spaces) - 1)
            for paths, own_count in zip(spaces, divide(count, len(spaces)), strict=True):
                if own_count:  # A part without entrants needs no search.
                    searches[every.index(paths.part)][index] = paths, own_count
        return [search for search in searches if search]

    def _score(self, kind: str, names: Sequence[str]) -> None:
        settings, data = self.job.settings, self._data
        first = kind == "score-1"
        batch_size = settings.batch_size_for(data.splits[0 if first else -1][0][0])
        rounds = Rounds(data.splits, batch_size, self.seed, data.augment, settings.distribute, self._workers)

        def keep(place: int, score: Score) -> None:
            self._kept.save(f"{kind}-{names[place]}", {"macro_f1": score.macro_f1})
            bar.update()

        with self._bar(kind, len(names)) as bar:
            (rounds.first if first else rounds.second)([self._architecture(name) for name in names], on_score=keep)

    def _train(self, names: Sequence[str]) -> None:
        architectures = [self._architecture(name) for name in names]
        for niche, winner in zip(self.niches, self.winners(), strict=True):
            if winner in names:
                place = names.index(winner)
                architectures[place] = self._fitted(architectures[place], niche)
        phases = [self.job.checkpoints(self._work / name) for name in names]

        def keep(place: int, trained: Trained) -> None:
            points = [
                point
                for board in self._boards.values()
                for point in self._points_on(board, names[place], architectures[place], trained)
            ]
            digests = [saving.digest(self._folder / point.folder) for point in points]
            values = {"points": [dataclasses.asdict(point) for point in points], "digests": digests}
            self._ends.save(f"train-{names[place]}", values)
            phases[place].clear()
            bar.update()

        settings, workers = self.job.settings, self._workers
        with self._bar("train", len(names)) as bar:
            train_all(architectures, self._data, settings, self.seed, phases, workers, keep)

    def _fitted(self, architecture: Architecture, niche: Niche) -> Architecture:
        """Returns the architecture, or a smaller one if its converted file is over the flash limit."""
        if niche.limits.max_flash_kb is None:
            return architecture
        parts = pipeline.parts_of(self.job, niche.board, self.seed)
        candidate = Candidate(architecture, estimate_graph(architecture.graph(), niche.board))
        metadata = pipeline.file_metadata(self._job_of(niche), self._data)
        return dry_run(parts, niche.bounds, candidate, metadata, self._workers).architecture

    def _points_on(self, board: Board, name: str, architecture: Architecture, trained: Trained) -> list[Point]:
        """Returns the model's point on a board, under the lowest limit that it keeps; none if it keeps no limit."""
        estimate = estimate_graph(architecture.graph(), board)
        for niche in self.niches:
            if niche.board.name != board.name or niche.share(estimate) > 1.0:
                continue
            history = {"search": self.history()}
            try:
                model = pipeline.finished(trained, architecture, self._data, self._job_of(niche), history)
            except LimitExceededError:  # The length of a file is predicted only to within a few percent.
                continue
            folder = f"{board.name}-{model.estimate.latency_ms:05.1f}ms-{name}"
            self._save(model, self._folder / folder)
            return [
                Point(
                    board=board.name,
                    model=name,
                    max_latency_ms=float(niche.limits.max_latency_ms or 0.0),
                    latency_ms=model.estimate.latency_ms,
                    latency_margin_ms=model.estimate.latency_margin_ms,
                    ram_bytes=model.estimate.ram_bytes,
                    flash_bytes=model.estimate.flash_bytes,
                    energy_mj=model.estimate.energy_mj,
                    macro_f1=self._macro_f1(name),
                    folder=folder,
                )
            ]
        return []

    def _bar(self, kind: str, networks: int) -> Any:
        """Returns a bar for networks that are trained side by side; a single one has its own bar or none."""
        silent = networks == 1 or self.job.settings.verbose != 1
        return progress_bar(kind, networks, "net", silent)

    def _job_of(self, niche: Niche) -> Job:
        """Returns the job of a single model within the limits of a niche."""
        settings = dataclasses.replace(self.job.settings, board=niche.board, limits=niche.limits)
        return dataclasses.replace(self.job, settings=settings)

    def _entrants(self) -> list[list[str]]:
        return [[_name(architecture) for architecture in niche] for niche in self._values("search")["niches"]]

    def _best_entrants(self) -> list[list[str]]:
        """Returns the entrants of each niche that reach the second round."""
        return [
            sorted(entrants, key=lambda name: -self._values(f"score-1-{name}")["macro_f1"])[:SECOND_ROUND]
            for entrants in self._entrants()
        ]

    def _missing(self, kind: str, names: Sequence[str]) -> list[str]:
        """Returns the distinct names of networks that have no outcome of a kind."""
        return [name for name in dict.fromkeys(names) if self._kept.load(f"{kind}-{name}") is None]

    def _finished(self, name: str) -> list[Point] | None:
        """Returns the points of a network; None if it is not trained, or another front has replaced their folders."""
        kept = self._ends.load(f"train-{name}")
        points = [] if kept is None else [Point(**values) for values in kept[0]["points"]]
        found = [saving.digest(self._folder / point.folder) for point in points]
        return points if kept is not None and found == kept[0]["digests"] else None

    def _architecture(self, name: str) -> Architecture:
        niches = self._values("search")["niches"]
        return Architecture.from_json(next(one for niche in niches for one in niche if _name(one) == name))

    def _macro_f1(self, name: str) -> float:
        """Returns the mean score of the two rounds."""
        return sum(self._values(f"score-{which}-{name}")["macro_f1"] for which in (1, 2)) / 2

    def _values(self, phase: str) -> dict[str, Any]:
        kept = self._kept.load(phase)
        assert kept is not None, phase
        return kept[0]


def _name(architecture: dict[str, Any]) -> str:
    """Returns a short name that identifies an architecture."""
    return hashlib.sha256(json.dumps(architecture, sort_keys=True).encode()).hexdigest()[:8]

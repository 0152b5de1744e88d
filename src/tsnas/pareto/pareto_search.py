"""ParetoSearch: finds a front of verified models for one or several boards, with one supernet."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pathlib
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from tsnas.callbacks import as_callbacks
from tsnas.classifier import AutoClassifier, load
from tsnas.cost.board import Board, load_board
from tsnas.cost.limits import Limits
from tsnas.errors import InfeasibleError, ModelFileError, SettingError
from tsnas.job import pipeline
from tsnas.job.inputs import Job, checked
from tsnas.job.kept_seed import kept_seed
from tsnas.job.settings import AUTO, margin_of
from tsnas.model import saving
from tsnas.model.model import Model
from tsnas.pareto.niches import Niche, check_latencies, niches_of
from tsnas.pareto.plot import plot_points
from tsnas.pareto.points import Point, best_of, front_of, table_of
from tsnas.pareto.work import FrontWork
from tsnas.report.origin import call_text
from tsnas.search.feasibility import smallest_latency_ms
from tsnas.search.parts import fitting
from tsnas.search.paths import Part
from tsnas.system.arguments import is_int
from tsnas.system.files import check_output_dir, write_file
from tsnas.system.interrupts import deferred_interrupt
from tsnas.system.lock import exclusive
from tsnas.workers.pool import Workers

FRONT_FILE = "front.json"
# One supernet serves all limits of a front, so its candidates come from an evolution, whatever a single job does.
STRATEGY = "evolution"
SHARED = ("space", "class_weight", "reject", "reject_label", "other_class", "smooth")


class ParetoSearch(BaseEstimator):
    """Estimator that finds models at several latency limits, for one or several boards.

    One supernet serves all limits and boards: each limit on each board has a population of paths, and the best paths of
    one population compete in the others. The architectures found are trained briefly and scored on validation users;
    the best one for each limit is trained fully. A model is trained once and serves every board whose limits it keeps.
    Each point is an int8 file that was read back and checked against its limits.

    Args:
        boards: str, path or `Board`, or a list of them. Defaults to `"nucleo_f446re"`.
        max_latency_ms: list of float, the limits in ms, one for each point; a board leaves out those that it cannot
            keep. A number is the largest of `points` limits, which descend to 1.3 times the smallest latency of the
            space on the board. Defaults to None: the largest is 16 times that latency.
        points: int, number of latency limits on each board if they are not listed. Defaults to 6.
        max_ram_kb, max_flash_kb, max_energy_mj: float, further limits for all points, as in `AutoClassifier`. Default
            to None.
        epochs, search_epochs, qat_epochs, batch_size, validation_fraction, space, axes, n_jobs: as in `AutoClassifier`.
            `search_epochs` defaults to the default there times the square root of the number of limits.
        finalists: int, number of architectures that are trained briefly for each limit. Defaults to None: 3, and one
            more for each further part of the space.
        seed: int or None, as in `AutoClassifier`.
        directory: path of a folder for a subfolder of each point, `front.json`, and the files needed to resume after an
            interruption. Defaults to None: a temporary folder, which is deleted with the object.
        verbose: 0, 1 or 2, as in `AutoClassifier`. Defaults to 1.
        kernels, margin: str or None, as in `AutoClassifier`; every board must have figures for these kernels.
        class_weight, reject, reject_label, other_class: as in `AutoClassifier`, for all points.
        smooth: int, as in `AutoClassifier`, for all points; it is not chosen here. Defaults to 1.

    Attributes:
        points_: list of `Point`, sorted by board and latency.
        history_: dict of log key to a list with one value for each epoch of the search; costs are those of the first
            limit.
        directory_: path of the folder of the points.

    Example:
        >>> front = tsnas.ParetoSearch(["nucleo_f446re", "nucleo_l552ze_q"], max_latency_ms=40, points=4, seed=0)
        >>> print(front.fit(x, y, groups=groups).table())
        >>> clf = front.best(max_latency_ms=12, board="nucleo_f446re")
    """

    def __init__(
        self,
        boards="nucleo_f446re",
        max_latency_ms=None,
        *,
        points=6,
        max_ram_kb=None,
        max_flash_kb=None,
        max_energy_mj=None,
        epochs=None,
        search_epochs=None,
        qat_epochs=None,
        batch_size=None,
        finalists=None,
        validation_fraction=0.2,
        space="tsnas",
        axes="auto",
        n_jobs=None,
        seed=None,
        directory=None,
        verbose=1,
        kernels=None,
        margin=None,
        class_weight=None,
        reject=None,
        reject_label=None,
        other_class=None,
        smooth=1,
    ):
        self.boards = boards
        self.max_latency_ms = max_latency_ms
        self.points = points
        self.max_ram_kb = max_ram_kb
        self.max_flash_kb = max_flash_kb
        self.max_energy_mj = max_energy_mj
        self.epochs = epochs
        self.search_epochs = search_epochs
        self.qat_epochs = qat_epochs
        self.batch_size = batch_size
        self.finalists = finalists
        self.validation_fraction = validation_fraction
        self.space = space
        self.axes = axes
        self.n_jobs = n_jobs
        self.seed = seed
        self.directory = directory
        self.verbose = verbose
        self.kernels = kernels
        self.margin = margin
        self.class_weight = class_weight
        self.reject = reject
        self.reject_label = reject_label
        self.other_class = other_class
        self.smooth = smooth

    def fit(
        self,
        x,
        y=None,
        groups=None,
        validation_data=None,
        callbacks=None,
        distribute=None,
        channels=None,
        sample_weight=None,
    ):
        """Finds the points; resumes where an earlier call with the same `directory` has stopped.

        Args:
            x, y, groups, validation_data, callbacks, distribute, channels, sample_weight: as in `AutoClassifier.fit`.

        Returns:
            self.

        Raises:
            InfeasibleError: a board on which no architecture keeps any of the limits.
            SettingError: a setting out of range.
            DataError, BoardError, OutputDirError, DirectoryInUseError, WorkerError: as in `AutoClassifier.fit`.
        """
        boards = self._boards()
        check_latencies(self.max_latency_ms)
        if not is_int(self.points, 1):
            raise SettingError(f"points={self.points!r} must be a whole number of at least 1, such as 6.")
        if self.smooth == AUTO:
            raise SettingError(
                "smooth='auto' chooses a number of windows for one model; give a front a number, or make a model with "
                "AutoClassifier."
            )
        template = self._template(boards[0])
        job = checked(
            template, x, y, groups, validation_data, distribute, sample_weight=sample_weight, channels=channels
        )
        callbacks = as_callbacks(callbacks)
        if self.directory is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="tsnas-front-")
        folder = check_output_dir(self._temporary.name if self.directory is None else self.directory)
        # Each job has a folder of its own, so that it does not pick up the files of another one.
        niches = self._niches(job, boards)
        limits = [[niche.board.to_json(), dataclasses.asdict(niche.limits)] for niche in niches]
        identity = job.checkpoints(folder, limits)
        work = folder / "work" / identity.fingerprint[:12]
        with (
            exclusive(folder),
            deferred_interrupt(),
            Workers(job.settings.n_jobs, here=job.settings.distribute is not None) as workers,
        ):
            job = dataclasses.replace(job, settings=dataclasses.replace(job.settings, seed=kept_seed(self.seed, work)))
            save = functools.partial(_save, self._text(job), {name: getattr(self, name) for name in SHARED})
            front = FrontWork(job, niches, folder, work, save, self._said(job), callbacks, workers)
            front.run()
        self.points_ = front.points()
        self.history_ = front.history()
        self.directory_ = folder
        values = {"points": [dataclasses.asdict(point) for point in self.points_], "history": self.history_}
        write_file(folder / FRONT_FILE, json.dumps(values, indent=2) + "\n")
        return self

    def best(self, max_latency_ms=None, max_ram_kb=None, max_flash_kb=None, max_energy_mj=None, board=None):
        """Returns the model with the highest macro-F1 on validation windows within limits.

        Args:
            max_latency_ms, max_ram_kb, max_flash_kb, max_energy_mj: float, limits; None is no limit. Default to None.
            board: str, name of the board. Defaults to None, the first one.

        Returns:
            A fitted `AutoClassifier`.

        Raises:
            NotFittedError: `fit` has not been called.
            InfeasibleError: no point keeps the limits; the message gives the smallest costs.
            SettingError: a board that the front is not for.
        """
        points = self._points_on(board)
        limits = Limits(max_latency_ms, max_ram_kb, max_flash_kb, max_energy_mj, margin_of(self.margin, self.space))
        return load(self.directory_ / best_of(points, limits).folder)

    def front(self, board=None):
        """Returns the points of a board that are not dominated in latency, RAM, flash and macro-F1.

        Args:
            board: str, name of the board. Defaults to None, the first one.

        Returns:
            list of `Point`, in ascending order of latency.
        """
        return front_of(self._points_on(board))

    def load(self, point):
        """Loads the classifier of a point.

        Args:
            point: `Point` of `points_`.

        Returns:
            A fitted `AutoClassifier`.
        """
        check_is_fitted(self, "points_")
        return load(self.directory_ / point.folder)

    def table(self, width=None):
        """Returns a table of the points; a star marks those of the front, and macro-F1 is that on validation windows.

        Args:
            width: int, columns that a line may take; some are then shortened or left out. Defaults to None: all.

        Returns:
            str.
        """
        check_is_fitted(self, "points_")
        return table_of(self.points_, width)

    def plot(self, path=None):
        """Plots macro-F1 on validation windows against latency, with a line for each board.

        Args:
            path: path of a file to write, such as `"front.png"`. Defaults to None, no file.

        Returns:
            The matplotlib figure.

        Raises:
            SettingError: matplotlib is not installed.
        """
        check_is_fitted(self, "points_")
        return plot_points(self.points_, path)

    @classmethod
    def read(cls, directory):
        """Reads a finished front from its folder.

        Args:
            directory: path of the folder that `fit` was given.

        Returns:
            A `ParetoSearch` with working `best`, `front`, `table`, `plot` and `load`.

        Raises:
            ModelFileError: there is no finished front, or a damaged one.
        """
        path = pathlib.Path(directory) / FRONT_FILE
        try:
            values = json.loads(path.read_text())
            points = [Point(**point) for point in values["points"]]
            history = values["history"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelFileError(
                f"No finished front can be read from {path}: {error}. "
                "Give the folder of a ParetoSearch whose fit has finished."
            ) from None
        front = cls(directory=directory)
        front.points_, front.history_, front.directory_ = points, history, pathlib.Path(directory)
        return front

    def _boards(self) -> list[Board]:
        given = self.boards if isinstance(self.boards, list | tuple) else [self.boards]
        if not given:
            raise SettingError("boards is empty; give the name of a board (see `tsnas boards`), or a list of names.")
        boards = [load_board(board, self.kernels) for board in given]
        names = [board.name for board in boards]
        if len(set(names)) < len(names):
            raise SettingError(f"boards={names} has a board twice; give each board once.")
        return boards

    def _template(self, board: Board) -> AutoClassifier:
        """Returns a classifier with these settings, which checks them."""
        own = ("boards", "max_latency_ms", "points", "directory")
        params = {k: v for k, v in self.get_params(deep=False).items() if k not in own}
        return AutoClassifier(board, **params, strategy=STRATEGY)

    def _niches(self, job: Job, boards: Sequence[Board]) -> list[Niche]:
        niches: list[Niche] = []
        for board in boards:
            parts = pipeline.parts_of(job, board, 0)
            smallest_ms = min(smallest_latency_ms(part.supernet, part.options) for part in parts)
            own = niches_of(board, smallest_ms, job.settings.limits, self.max_latency_ms, self.points)
            fitting(parts, own[-1].bounds)  # Raises InfeasibleError.
            niches += [niche for niche in own[:-1] if _feasible(parts, niche)] + own[-1:]
        return niches

    def _said(self, job: Job) -> dict[str, Any]:
        """Returns what the points say besides what follows from their job, as JSON values."""
        label = None if self.reject_label is None else np.asarray(self.reject_label).item()
        channels = None if job.channels is None else job.channels.to_json()
        return {"smooth": job.settings.smooth, "reject_label": label, "channels": channels}

    def _text(self, job: Job) -> str:
        """Returns Python code that makes the same front from the same arrays."""
        given = ["x", "y"] + ["groups=groups"] * (job.groups is not None)
        given += ["validation_data=(x_val, y_val)"] * (job.validation_data is not None)
        given += ["sample_weight=sample_weight"] * (job.sample_weight is not None)
        return call_text(self, job.settings.seed or 0, "front", "fit", given)

    def _points_on(self, board: str | None) -> list[Point]:
        check_is_fitted(self, "points_")
        names = list(dict.fromkeys(point.board for point in self.points_))
        name = names[0] if board is None else getattr(board, "name", board)
        if name not in names:
            raise SettingError(f"board={name!r} is not a board of this front, which has {', '.join(names)}.")
        return [point for point in self.points_ if point.board == name]


def _feasible(parts: Sequence[Part], niche: Niche) -> bool:
    """Returns whether all limits can be kept at once."""
    try:
        fitting(parts, niche.bounds)
    except InfeasibleError:
        return False
    return True


def _save(text: str, shared: dict[str, Any], model: Model, folder: str | os.PathLike[str]) -> None:
    """Saves a finished model as a classifier whose parameters are its limits, and those of the front that it shares."""
    limits: dict[str, Any] = dataclasses.asdict(model.limits)
    classifier = AutoClassifier(model.board, **limits, **shared, strategy=STRATEGY, seed=model.seed, verbose=0)
    described = dataclasses.replace(model, data_summary=(model.data_summary or {}) | {"front": text})
    saving.save(described, classifier.get_params(deep=False), folder)

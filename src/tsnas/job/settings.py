"""Checked settings of one job, and the batch size and numbers of epochs that follow from them."""

from __future__ import annotations

import dataclasses
import functools
import math
import numbers
import os
from typing import Any

import numpy as np
import tensorflow as tf
from sklearn.base import BaseEstimator

from tsnas.cost.board import Board, load_board
from tsnas.cost.bounds import EXPECTED, UPPER, Bounds
from tsnas.cost.limits import Limits
from tsnas.data import AnyWindows, Axes, Data, Signal, check_class_weight
from tsnas.data.smoothing import MOST_WINDOWS
from tsnas.errors import RejectionError, SettingError
from tsnas.search.strategies import strategy_named
from tsnas.space.config import SpaceConfig
from tsnas.space.spaces import PAPER_SPACE, space_configs
from tsnas.system.arguments import is_int, is_number
from tsnas.system.terminal import say
from tsnas.training.epochs import repeated
from tsnas.version import __version__
from tsnas.workers.pool import check_n_jobs

# Number of steps that a phase aims for, and bounds on its epochs: large data sets are seen several times, and the upper
# bound keeps the time for some thousand windows within minutes.
SEARCH_STEPS, SEARCH_EPOCHS = 700, (4, 40)
# A step of a single path takes a fraction of the time of a supernet's, but more steps are needed.
PATH_STEPS = 1200
TRAIN_STEPS, TRAIN_EPOCHS = 2000, (10, 80)
# Those are for a network of so many multiply-accumulates. A smaller one learns more slowly, and its steps are shorter.
TRAIN_MACS, MOST_TRAIN_STEPS = 1_400_000, 5000
BATCH_VALUES = 2**20
# The one way of rejection, and the number of windows of smoothing that is chosen.
AUTO = "auto"
# Batch normalisation needs the statistics of so many windows, even if there are few.
LEAST_BATCH = 16


@dataclasses.dataclass(frozen=True)
class Settings:
    """Checked settings of one job; see `AutoClassifier` for their meaning."""

    board: Board
    limits: Limits
    spaces: tuple[SpaceConfig, ...]
    strategy: str
    max_minutes: float | None
    epochs: int | None
    search_epochs: int | None
    qat_epochs: int | None
    batch_size: int | None
    finalists: int | None
    validation_fraction: float
    axes: Axes
    seed: int | None
    directory: str | os.PathLike[str] | None
    verbose: int
    distribute: tf.distribute.Strategy | None = None
    signal: Signal | None = None
    plain_rivals: bool = True
    n_jobs: int | None = None
    class_weight: Any = None  # as it was given, then the weight of each class
    reject: str | None = None
    other_class: Any = None
    smooth: int | str = 1

    @functools.cached_property
    def bounds(self) -> Bounds:
        """Bounds that the limits set on the board."""
        return self.limits.on(self.board)

    def identity(self, classes: np.ndarray) -> dict:
        """Returns all that defines a job besides its arrays, as plain JSON values."""
        plain = dataclasses.asdict(dataclasses.replace(self, distribute=None)) | {
            "board": self.board.to_json(),
            "spaces": [space.to_json() for space in self.spaces],
        }
        # Neither the folder of checkpoints, the output, devices, processes, a comparison nor smoothing make it another
        # job.
        for name in ("directory", "verbose", "distribute", "plain_rivals", "n_jobs", "smooth"):
            del plain[name]
        return plain | {"classes": classes.tolist(), "tsnas": __version__}

    def say(self, text: str) -> None:
        """Prints a line of progress unless `verbose` is 0."""
        if self.verbose:
            say(text)

    def batch_size_for(self, x: AnyWindows) -> int:
        """Returns the batch size: by default 64, less for few windows and for large ones.

        Few windows make 16 steps per epoch, of at least 16 windows.
        """
        windows, time, channels = x.shape[:3]
        return self.batch_size or int(
            np.clip(min(max(windows // 16, LEAST_BATCH), BATCH_VALUES // (time * channels)), 8, 64)
        )

    def repeated(self, data: Data, epochs: int | None) -> Data:
        """Repeats few windows, so that an epoch has at least 16 steps.

        Args:
            data: (x, y) or (x, y, weights), the training windows.
            epochs: int or None, the number of epochs that was asked for; if there is one, an epoch is a single pass.

        Returns:
            As `tsnas.training.epochs.repeated` does.
        """
        return data if epochs else repeated(data, self.batch_size_for(data[0]))

    def search_epochs_for(self, x: AnyWindows, parts: int = 1) -> int:
        """Returns the epochs of the search of each of the `parts` of a space, which share the steps."""
        steps = PATH_STEPS if strategy_named(self.strategy).kind == "evolution" else SEARCH_STEPS
        return self.search_epochs or epochs_of(steps // parts, len(x) / self.batch_size_for(x), SEARCH_EPOCHS)

    def train_epochs_for(self, x: AnyWindows, macs: int = TRAIN_MACS) -> int:
        """Returns the epochs of the float training of a network of so many multiply-accumulates."""
        slower = max(1.0, math.sqrt(TRAIN_MACS / max(1, macs)))
        steps = min(round(TRAIN_STEPS * slower), MOST_TRAIN_STEPS)
        return self.epochs or epochs_of(steps, len(x) / self.batch_size_for(x), TRAIN_EPOCHS)

    def qat_epochs_for(self, x: AnyWindows, macs: int = TRAIN_MACS) -> int:
        """Returns the epochs of the quantisation-aware training, which starts from a trained network of any size."""
        return self.qat_epochs or max(3, self.train_epochs_for(x) // 5)


def epochs_of(steps: int, steps_per_epoch: float, bounds: tuple[int, int]) -> int:
    """Returns the number of epochs that make about `steps` steps, within bounds."""
    return int(np.clip(math.ceil(steps / max(1.0, steps_per_epoch)), *bounds))


def check_settings(estimator: BaseEstimator, signal: Signal | None = None) -> Settings:
    """Checks the parameters of an estimator.

    Args:
        estimator: `AutoClassifier`, or an estimator with the same parameters.
        signal: `Signal` that windows are cut by; its deadline limits the latency. Defaults to None.

    Returns:
        `Settings` without axes and without the weight of each class, which depend on the data.

    Raises:
        SettingError: a setting out of range.
        ClassWeightError: weights of classes that are not above 0.
        LimitError: a limit that is not a finite number above 0.
        BoardError: an unknown board, or a broken board file.
    """
    asked: Any = estimator
    for name in ("epochs", "search_epochs", "qat_epochs", "batch_size", "finalists"):
        value = getattr(asked, name)
        if value is not None and not is_int(value, 1):
            raise SettingError(f"{name}={value!r} must be a whole number of at least 1, or None for the default.")
    strategy_named(asked.strategy)
    minutes = asked.max_minutes
    if minutes is not None and not (is_number(minutes) and minutes > 0):
        raise SettingError(f"max_minutes={minutes!r} must be a number above 0, such as 10, or None for no limit.")
    if asked.seed is not None and not (is_int(asked.seed, 0) and asked.seed < 2**31):
        raise SettingError(f"seed={asked.seed!r} must be a whole number from 0 to 2**31 - 1, or None for a random one.")
    if not isinstance(asked.verbose, bool) and not (is_int(asked.verbose, 0) and asked.verbose <= 2):
        raise SettingError(f"verbose={asked.verbose!r} must be 0 (silent), 1 (bars) or 2 (a line after each epoch).")
    if not isinstance(asked.plain_rivals, bool | np.bool_):
        raise SettingError(f"plain_rivals={asked.plain_rivals!r} must be True or False.")
    fraction = asked.validation_fraction
    if not is_number(fraction) or not 0 < fraction < 1:
        raise SettingError(f"validation_fraction={fraction!r} must lie between 0 and 1, such as 0.2.")
    if asked.reject is not None and not (isinstance(asked.reject, str) and asked.reject == AUTO):
        raise RejectionError(f"reject={asked.reject!r} must be None or 'auto'.")
    if asked.other_class is not None and asked.reject is None:
        raise RejectionError(
            f"other_class={asked.other_class!r} only places the limit of a rejection; give reject='auto' as well, or "
            "leave its windows out."
        )
    if asked.other_class is not None and not isinstance(asked.other_class, str | numbers.Integral | bool | np.bool_):
        raise RejectionError(f"other_class={asked.other_class!r} must be a label: text, a whole number or a bool.")
    if not (isinstance(asked.smooth, str) and asked.smooth == AUTO) and not (
        is_int(asked.smooth, 1) and asked.smooth <= MOST_WINDOWS
    ):
        raise SettingError(
            f"smooth={asked.smooth!r} must be 'auto' or a whole number of windows from 1 (each answer by itself) to "
            f"{MOST_WINDOWS}."
        )
    board = load_board(asked.board, asked.kernels)
    margin = margin_of(asked.margin, asked.space)
    limits = Limits(asked.max_latency_ms, asked.max_ram_kb, asked.max_flash_kb, asked.max_energy_mj, margin)
    return Settings(
        board=board,
        limits=limits if signal is None else limits.with_deadline(signal.deadline_ms),
        spaces=space_configs(asked.space),
        epochs=_plain(asked.epochs),
        search_epochs=_plain(asked.search_epochs),
        qat_epochs=_plain(asked.qat_epochs),
        batch_size=_plain(asked.batch_size),
        finalists=_plain(asked.finalists),
        strategy=asked.strategy,
        max_minutes=_plain(asked.max_minutes),
        validation_fraction=float(fraction),
        axes=(),
        seed=None if asked.seed is None else int(asked.seed),
        directory=asked.directory,
        verbose=int(asked.verbose),
        signal=signal,
        plain_rivals=bool(asked.plain_rivals),
        n_jobs=check_n_jobs(asked.n_jobs),
        class_weight=check_class_weight(asked.class_weight),
        reject=asked.reject,
        other_class=_plain(asked.other_class),
        smooth=_plain(asked.smooth),
    )


def margin_of(margin: str | None, space: Any) -> str:
    """Returns what limits are held against: as given, or by default the upper end, except in the paper's space."""
    if margin is not None:
        return margin
    return EXPECTED if isinstance(space, str) and space == PAPER_SPACE else UPPER


def _plain(value: Any) -> Any:
    """Converts a NumPy number to a Python number, which JSON can store; returns anything else unchanged."""
    return value.item() if isinstance(value, np.generic) else value

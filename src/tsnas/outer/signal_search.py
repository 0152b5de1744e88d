"""SignalSearch: searches window length, sampling rate and channels together with the network."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

import keras_tuner
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from tsnas.callbacks import as_callbacks
from tsnas.classifier import AutoClassifier
from tsnas.data import (
    Signal,
    check_labels,
    check_lengths,
    check_recordings,
    encode_labels,
    find_axes,
    validation_splits,
)
from tsnas.errors import InfeasibleError, SettingError
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.inputs import check_reject_label, labelled
from tsnas.job.kept_seed import kept_seed
from tsnas.job.settings import check_settings
from tsnas.outer.score import Recordings, Trial, score_signal
from tsnas.search.strategies import check_callbacks
from tsnas.system.arguments import is_int
from tsnas.system.files import check_output_dir
from tsnas.system.interrupts import deferred_interrupt
from tsnas.system.lock import exclusive
from tsnas.system.terminal import fit_table, say
from tsnas.tuning.bayesian import Bayesian
from tsnas.tuning.trials import Repeatable, run_trials
from tsnas.workers.pool import Workers

TUNERS = ("random", "bayesian")
SPLITS = 2


class RandomSignals(Repeatable, keras_tuner.oracles.RandomSearchOracle):
    """Oracle that draws signals at random, each once."""


class SignalSearch(BaseEstimator):
    """Estimator that finds the window length, sampling rate and channels of a signal, and a model for them.

    Channels, sampling rate and window length cost energy, memory and time, and not all of them are worth it. Each trial
    cuts the recordings in another way, draws networks within the limits for such windows, and trains them briefly; all
    are scored on the same recordings of other groups. Of the signals that are about as good as the best, the one that
    takes the fewest values from the sensors wins, and `AutoClassifier` makes a model for it.

    Args:
        board, max_latency_ms, max_ram_kb, max_flash_kb, max_energy_mj: as in `AutoClassifier`.
        spans: sequence of int, numbers of raw samples that a window may cover. Defaults to `(64, 128)`.
        stride: int, raw samples from one window to the next, the same for all signals. Defaults to None: half of the
            shortest span.
        decimations: sequence of int, numbers of raw samples that may be averaged to one. Defaults to `(1, 2)`.
        channels: sequence of tuples of int, the subsets of channels to try; None stands for all channels. Defaults to
            `"auto"`: all channels and, if consecutive triples of channels are x, y and z of several sensors, each
            sensor on its own.
        rate_hz: float, sampling rate of the recordings; with it, an inference must end before the next window is due.
            Defaults to None.
        trials: int, maximum number of signals that are tried. Defaults to None: all, but at most 24.
        tuner: str, oracle of keras-tuner that chooses the signals: `"random"` or `"bayesian"`. Defaults to `"random"`.
        tolerance: float, loss of macro-F1 that is accepted for a signal that takes fewer values. Defaults to 0.005.
        finalists: int, number of networks that are drawn for each signal, and of finalists in the final search.
            Defaults to None: 3, and as in `AutoClassifier`.
        epochs, search_epochs, qat_epochs, batch_size, strategy, validation_fraction, space, axes, plain_rivals: as in
            `AutoClassifier`. `axes` must be `"auto"` or None, because each signal has its own channels.
        n_jobs: int or None, as in `AutoClassifier`; the networks of a signal are trained side by side.
        seed: int or None, as in `AutoClassifier`.
        directory: path of a folder for finished work, so that `fit` can resume after an interruption. Defaults to None:
            nothing is kept.
        verbose: 0, 1 or 2, as in `AutoClassifier`. Defaults to 1.
        kernels, margin: str or None, as in `AutoClassifier`.
        class_weight, reject, reject_label, other_class, smooth: as in `AutoClassifier`; signals are compared by windows
            of known classes, none of which is rejected.

    Attributes:
        trials_: list of `Trial`, in descending order of macro-F1.
        signal_: chosen `Signal`.
        classifier_: fitted `AutoClassifier`; its `predict_recordings` cuts recordings as `signal_` says.

    Example:
        >>> search = tsnas.SignalSearch("nucleo_f446re", max_latency_ms=10, rate_hz=50, seed=0)
        >>> search.fit(recordings, labels, groups=users)
        >>> search.signal_, search.classifier_.latency_ms_

    Source: section 8 of the MicroNAS paper names sampling rate, window size and sensors as future work.
    """

    def __init__(
        self,
        board="nucleo_f446re",
        max_latency_ms=None,
        max_ram_kb=None,
        max_flash_kb=None,
        max_energy_mj=None,
        *,
        spans=(64, 128),
        stride=None,
        decimations=(1, 2),
        channels="auto",
        rate_hz=None,
        trials=None,
        tuner="random",
        tolerance=0.005,
        epochs=None,
        search_epochs=None,
        qat_epochs=None,
        batch_size=None,
        finalists=None,
        strategy="random",
        validation_fraction=0.2,
        space="tsnas",
        axes="auto",
        plain_rivals=True,
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
        self.board = board
        self.max_latency_ms = max_latency_ms
        self.max_ram_kb = max_ram_kb
        self.max_flash_kb = max_flash_kb
        self.max_energy_mj = max_energy_mj
        self.spans = spans
        self.stride = stride
        self.decimations = decimations
        self.channels = channels
        self.rate_hz = rate_hz
        self.trials = trials
        self.tuner = tuner
        self.tolerance = tolerance
        self.epochs = epochs
        self.search_epochs = search_epochs
        self.qat_epochs = qat_epochs
        self.batch_size = batch_size
        self.finalists = finalists
        self.strategy = strategy
        self.validation_fraction = validation_fraction
        self.space = space
        self.axes = axes
        self.plain_rivals = plain_rivals
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

    def fit(self, recordings, labels, groups=None, rule="majority", callbacks=None, distribute=None, channels=None):
        """Finds a signal and a model for it.

        Args:
            recordings, labels, groups, rule: as in `tsnas.data.cut_windows`, with raw samples of all channels.
            callbacks, distribute: as in `AutoClassifier.fit`, for the final search.
            channels: names of all channels of the recordings, as in `AutoClassifier.fit_recordings`; which of them are
                tried is a setting of the estimator. Defaults to None.

        Returns:
            self.

        Raises:
            InfeasibleError: no network is within the limits for any signal; the message ends with the last reason.
            SettingError: a setting out of range, or callbacks with a strategy that would not call them.
            DataError, BoardError, OutputDirError, DirectoryInUseError: as in `AutoClassifier.fit_recordings`.
        """
        if self.axes not in ("auto", None):
            raise SettingError(f"axes={self.axes!r}: a signal may leave channels out, so axes must be 'auto' or None.")
        settings = check_settings(self._template())
        check_callbacks(self.strategy, as_callbacks(callbacks))
        checked, signals = self._checked(recordings, labels, groups, rule)
        folder = None if self.directory is None else check_output_dir(self.directory)
        identity = [*checked.arrays, checked.groups, settings.identity(checked.classes), rule]
        identity += [self._plain(), *(np.atleast_1d(check_labels(np.atleast_1d(label))) for label in labels)]
        work = None if folder is None else folder / "work" / Checkpoints(folder, identity).fingerprint[:12]
        with exclusive(folder), deferred_interrupt(), Workers(settings.n_jobs) as workers:
            seed = kept_seed(self.seed, work)
            kept = Checkpoints(work, identity)
            splits = self._splits(checked, seed)
            trials: dict[str, Trial] = {}

            def run(values: dict[str, Any]) -> float:
                name = _name(values)
                known = kept.load(name)
                if known is None:
                    signal = self._signal(values, signals)
                    if self.verbose:
                        say(f"signal: {_described(signal)}")
                    limits = settings.limits.with_deadline(signal.deadline_ms)
                    trials[name] = score_signal(signal, checked, splits, settings, limits, seed, workers)
                    kept.save(name, {"trial": trials[name].to_json()})
                else:
                    trials[name] = Trial.from_json(known[0]["trial"])
                return trials[name].macro_f1

            run_trials(self._oracle(signals, seed), run)
        # Of equal ones the first by name is the best, whichever was tried first.
        self.trials_ = sorted((trials[name] for name in sorted(trials)), key=lambda trial: -trial.macro_f1)
        self.signal_ = self._best(checked.arrays[0].shape[1]).signal
        self.classifier_ = self._template(seed, None if folder is None else folder / "phases")
        self.classifier_.fit_recordings(recordings, labels, self.signal_, groups, rule, callbacks, distribute, channels)
        return self

    def predict_recordings(self, recordings):
        """Predicts the labels of all windows of recordings, which are cut by `signal_`.

        Args:
            recordings: as in `AutoClassifier.predict_recordings`, with all channels.

        Returns:
            list with an array of labels for each recording.

        Raises:
            NotFittedError: `fit` has not been called.
            DataError: recordings that cannot be used.
        """
        check_is_fitted(self, "classifier_")
        return self.classifier_.predict_recordings(recordings)

    def table(self, width=None):
        """Returns a table of the signals that were tried, the best macro-F1 first; a star marks the chosen one.

        Args:
            width: int, columns that a line may take; some are then shortened or left out. Defaults to None: all.

        Returns:
            str.
        """
        check_is_fitted(self, "trials_")
        rows = [
            (
                "*" if trial.signal == self.signal_ else "",
                str(trial.signal.window * trial.signal.decimation),
                str(trial.signal.decimation),
                "all" if trial.signal.channels is None else ", ".join(map(str, trial.signal.channels)),
                str(trial.windows),
                "none fits" if trial.latency_ms is None else f"{trial.latency_ms:.2f}",
                f"{trial.macro_f1:.3f}" if trial.latency_ms is not None else "",
            )
            for trial in self.trials_
        ]
        headers = ("", "raw samples", "decimation", "channels", "windows", "ms", "macro-F1")
        align = ("left", *("right",) * 6)
        return fit_table(rows, headers, align, width, shorten={"channels": 12}, drop=("windows", "decimation"))

    def _template(self, seed: int | None = None, directory: pathlib.Path | None = None) -> AutoClassifier:
        """Returns a classifier with these settings, which checks them."""
        own = ("spans", "stride", "decimations", "channels", "rate_hz", "trials", "tuner", "tolerance")
        params = {name: value for name, value in self.get_params(deep=False).items() if name not in own}
        return AutoClassifier(**params | {"seed": self.seed if seed is None else seed, "directory": directory})

    def _checked(self, recordings, labels, groups, rule) -> tuple[Recordings, list[tuple[int, ...] | None]]:
        for name in ("spans", "decimations"):
            values = getattr(self, name)
            if not isinstance(values, Sequence) or isinstance(values, str) or not len(values):
                raise SettingError(f"{name}={values!r} must be a list of whole numbers, such as (64, 128).")
        if self.tuner not in TUNERS:
            raise SettingError(f"tuner={self.tuner!r} is not known; choose 'random' or 'bayesian'.")
        for name, least in (("trials", 1), ("stride", 1)):
            value = getattr(self, name)
            if value is not None and not is_int(value, least):
                raise SettingError(f"{name}={value!r} must be a whole number of at least {least}, or None.")
        if not isinstance(self.tolerance, int | float) or not 0 <= self.tolerance < 1:
            raise SettingError(f"tolerance={self.tolerance!r} must be in [0, 1), such as 0.005.")
        check_lengths(recordings=recordings, labels=labels, groups=groups)
        longest = max(self.spans)
        arrays = check_recordings(recordings, Signal(longest, rate_hz=self.rate_hz))
        owners = np.arange(len(arrays)) if groups is None else check_labels(groups, "groups")
        # Each by itself, since NumPy drops masks when it joins arrays.
        every = np.concatenate(
            [check_labels(np.atleast_1d(label), f"labels of recording {index}") for index, label in enumerate(labels)]
        )
        if self.other_class is not None:
            every = every[~labelled(every, self.other_class, "labels")]
        classes = encode_labels(every)[1]
        check_reject_label(self.reject_label, classes)
        return Recordings(arrays, labels, owners, classes, rule, self.other_class), self._subsets(arrays)

    def _subsets(self, arrays: list[np.ndarray]) -> list[tuple[int, ...] | None]:
        if not isinstance(self.channels, str):
            chosen = [None if one is None else tuple(one) for one in self.channels]
            for one in chosen:
                check_recordings(arrays[:1], Signal(max(self.spans), channels=one))
            return list(dict.fromkeys(chosen))
        if self.channels != "auto":
            raise SettingError(f"channels={self.channels!r} must be 'auto', or a list such as [None, (0, 1, 2)].")
        triples = find_axes("auto", np.concatenate(arrays)[np.newaxis])
        return [None, *(triples if len(triples) > 1 else ())]

    def _signal(self, values: dict[str, Any], subsets: list[tuple[int, ...] | None]) -> Signal:
        decimation = int(values["decimation"])
        stride = self.stride or min(self.spans) // 2
        return Signal(
            window=max(1, int(values["span"]) // decimation),
            stride=max(1, stride // decimation),
            decimation=decimation,
            channels=subsets[int(values["channels"])],
            rate_hz=self.rate_hz,
        )

    def _oracle(self, subsets: list[tuple[int, ...] | None], seed: int) -> Any:
        space = keras_tuner.HyperParameters()
        space.Choice("span", sorted({int(span) for span in self.spans}))
        space.Choice("decimation", sorted({int(one) for one in self.decimations}))
        space.Choice("channels", list(range(len(subsets))))
        count = len(set(self.spans)) * len(set(self.decimations)) * len(subsets)
        kind = RandomSignals if self.tuner == "random" else Bayesian
        return kind(
            max_trials=min(count, self.trials or 24),
            hyperparameters=space,
            tune_new_entries=False,
            seed=seed,
        )

    def _splits(self, recordings: Recordings, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Splits recordings into training and validation, in the same way for all signals."""
        main = [_most_frequent(label) for label in recordings.labels]
        groups = recordings.groups if len(set(recordings.groups.tolist())) < len(main) else None
        return validation_splits(np.array(main), groups, self.validation_fraction, SPLITS, seed)

    def _best(self, channels: int) -> Trial:
        """Returns the trial with the fewest values from `channels` channels, of those about as good as the best."""
        fitting = [trial for trial in self.trials_ if trial.latency_ms is not None]
        if not fitting:
            raise InfeasibleError(
                f"No network is within the limits for any of the {len(self.trials_)} signals. "
                f"{self.trials_[-1].why_not}"
            )
        good = [trial for trial in fitting if trial.macro_f1 >= fitting[0].macro_f1 - self.tolerance]

        def values(signal: Signal) -> float:
            """Returns the number of values per raw sample."""
            return (channels if signal.channels is None else len(signal.channels)) / signal.decimation

        return min(good, key=lambda trial: (values(trial.signal), -trial.macro_f1))

    def _plain(self) -> dict[str, Any]:
        """Returns the settings of the outer search as JSON values."""
        names = ("spans", "stride", "decimations", "channels", "rate_hz", "trials", "tuner", "max_latency_ms")
        values = {name: getattr(self, name) for name in names}
        return json.loads(json.dumps(values, default=lambda value: np.asarray(value).tolist()))


def _name(values: dict[str, Any]) -> str:
    return "signal-" + "-".join(str(values[name]) for name in ("span", "decimation", "channels"))


def _described(signal: Signal) -> str:
    channels = "all channels" if signal.channels is None else f"channels {', '.join(map(str, signal.channels))}"
    return f"windows of {signal.window} samples, decimation {signal.decimation}, {channels}"


def _most_frequent(label: Any) -> Any:
    values, counts = np.unique(np.atleast_1d(np.asarray(label)), return_counts=True)
    return values[counts.argmax()]

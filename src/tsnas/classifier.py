"""AutoClassifier: the scikit-learn interface, from windows and limits to a verified int8 model."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from tsnas.callbacks import as_callbacks
from tsnas.data import Signal, check_labels, check_sample_weight, cut_in_order
from tsnas.data.smoothing import smoothing_note
from tsnas.errors import InfeasibleError, LengthMismatchError, ModelFileError, SettingError
from tsnas.export import export_model
from tsnas.job import pipeline
from tsnas.job.inputs import Job, checked
from tsnas.model import saving
from tsnas.model.model import Model
from tsnas.search.strategies import check_callbacks
from tsnas.system.terminal import columns, fit_text


class AutoClassifier(ClassifierMixin, BaseEstimator):
    """Estimator that finds, trains and quantises a time-series classifier within hard limits on a board.

    Args:
        board: str, name of a board (see `tsnas boards`) or path of a board file, or a `Board`. Defaults to
            `"nucleo_f446re"`.
        max_latency_ms: float, maximum time of one inference, in ms. Defaults to None, no limit.
        max_ram_kb: float, maximum size of the tensor arena (tensors, scratch buffers, persistent part), in KB of 1024
            bytes. Defaults to None, the RAM of the board.
        max_flash_kb: float, maximum size of the .tflite file, in KB of 1024 bytes. Defaults to None, the flash of the
            board.
        max_energy_mj: float, maximum energy of one inference, in mJ; the board needs `active_power_mw`. Defaults to
            None, no limit.
        epochs: int, number of epochs of the final training in float. Defaults to None: as many as make about 2,000
            steps, up to 5,000 for networks of less than 1.4 million multiply-accumulates, but between 10 and 80, and
            fewer once there are hardly any wrong answers. Unless you set the number, an epoch of few windows passes
            over them several times, so that it has at least 16 steps; this holds for the next two as well.
        search_epochs: int, number of epochs of a supernet, if the strategy trains one. Defaults to None: as many as
            make about 1,200 steps of the evolution, or 700 of another search, but at least 4.
        qat_epochs: int, number of epochs of the quantisation-aware training. Defaults to None: a fifth of `epochs`, or
            of what makes about 2,000 steps, but at least 3.
        batch_size: int, windows in a batch. Defaults to None: 64, or less if there are fewer than 1,024 windows or if
            windows are very large.
        finalists: int, number of architectures that are trained briefly; the one that does best on the validation
            windows is taken. Without a search they are drawn at random, most of them near the limits; after one they
            are those that it prefers, their neighbours, and others drawn at random. With 1, the first one is taken as
            it is. Defaults to None: 4 random draws (2 if windows are so few that there are more than two splits), 6
            after a search, 3 after trials of keras-tuner; and two more (three after trials) for each further part of
            the space that is searched. Without trials, parts whose networks have more members than those of others do
            not count. Where splits have at most 12 validation windows, a network drawn with several members is the only
            one of its kind.
        strategy: str, strategy that finds candidates: `"random"` (random draws, no supernet), `"evolution"` (single
            paths of a supernet are trained, and the best on validation windows are bred), `"micronas"` (the paper's
            search: Gumbel-softmax and hardware losses), its baselines `"gumbel"` and `"darts"` (both without hardware
            losses, the latter without Gumbel noise), or the oracles of keras-tuner `"bayesian"` and `"hyperband"`,
            applied to architectures (no supernet either). All of them keep the limits. Defaults to `"random"`, which
            takes the least time; no other has come out ahead of it.
        max_minutes: float, time that the whole `fit` may take; each phase then does what it has time for. The result
            depends on the speed of the machine, so the same seed may give another model. Defaults to None, no limit.
        validation_fraction: float in (0, 1), fraction of the windows that are split off to judge architectures on if
            `fit` is given no validation data; of more than 10,000, about as many are drawn. Defaults to 0.2.
        space: str, `SpaceConfig`, or list of `SpaceConfig`, the search space: `"tsnas"`, `"micronas"` (the paper's), or
            your own settings. The members of a list are parts of one space: they share the time of the search, and
            their finalists meet in one contest. If they differ in `min_slack`, the ratio of the latency limit to the
            latency of a part's smallest network decides which of them are searched. Defaults to `"tsnas"`.
        axes: list of triples of channels that are x, y and z of one sensor, such as `[(0, 1, 2), (3, 4, 5)]`; None; or
            `"auto"`. In training, the sensors of a window are rotated by a few degrees, because no two users wear a
            device at the same angle. With None, nothing is rotated. Defaults to `"auto"`: consecutive triples of
            channels of similar magnitude, if the number of channels is a multiple of three.
        plain_rivals: bool, whether two plain models for a PC are fitted in seconds and scored on the same validation
            windows as the network: a forest on features, and a ridge classifier on a bank of kernels. If one of them is
            clearly better, `fit` and the report say so, and what would help. Has no effect on the model. Defaults to
            True.
        n_jobs: int or None, number of processes, of one thread each, in which finalists are trained side by side; the
            final training has one of them. It makes no difference to the result. As in scikit-learn, None is 1 unless
            `joblib.parallel_config` says otherwise, and -1 is one for each core. Not with `distribute`. Defaults to
            None.
        seed: int or None, seed of all random draws. The same seed gives the same model, byte for byte, on the same
            machine with the same versions. Defaults to None: drawn for each `fit`, and kept in `seed_`.
        directory: path of a folder, or None. Finished phases are kept there until the job is done. If `fit` is
            interrupted and called again with the same arguments, it resumes and gives the same result. Defaults to
            None.
        verbose: 0 for silence, 1 for progress bars, 2 for a line after each epoch. Defaults to 1.
        kernels: str, kernels that are flashed, of those that the board has figures for: `"cmsis_nn"`, `"reference"`,
            `"portable"` or `"esp_nn"`. Defaults to None: those that the board's file puts first.
        class_weight: None, `"balanced"`, or dict of class label to weight, as in scikit-learn. Windows of a class count
            as often in all trainings, of the search as well, and in those of the plain models: with `"balanced"` all
            classes count the same, however few windows one has. In a dict, a class that is missing has a weight of 1.
            Scores on validation windows do not depend on it. Defaults to None: all windows count the same.
        reject: None or `"auto"`, whether windows that are like none of the classes are rejected, such as movements that
            nobody has taught. Means, spreads and speeds of the channels of a window are compared with those of the
            windows of each class; the limit is such that about a twentieth of the validation windows is rejected, or
            less. Model, report and exported firmware carry it. Defaults to None: every window gets a class.
        reject_label: label that `predict` gives rejected windows, of the type of the labels. Defaults to None, which it
            then gives; an array of labels and None is not what most scores of scikit-learn take.
        other_class: label of windows in `y` of none of the classes, such as `"null"`. Nothing is trained on them; the
            limit of the rejection is placed between them and the validation windows, of which at most a twentieth is
            rejected. Defaults to None: there are none.
        smooth: int or `"auto"`, number of windows over which the answers of a stream are averaged, from 1 to 64, so
            that single wrong ones do not flicker: in `predict_recordings` and in exported firmware, where the answer to
            a change comes half as many strides later. `predict` takes windows that are no stream. With `"auto"` it is
            the smallest of 1, 2, 3, 5 and 8 whose macro-F1 is within 0.01 of the best on validation windows, one
            recording after the other; and 1 if their order is not known, which it is after `fit_recordings` and for
            windows that overlap, in the order of time. Has no effect on the .tflite file. Defaults to 1: each answer
            by itself.
        margin: str, what the limits on latency and energy are held against: `"upper"`, the upper end of the margin of
            the prediction, or `"expected"`, the predicted value, which then may be exceeded on the device. Defaults to
            None: `"upper"`, but `"expected"` with `space="micronas"`, as in the paper.

    Attributes:
        model_: the `tsnas.model.Model` that all other attributes are read from.
        classes_: array of the class labels, sorted.
        architecture_: the `Architecture` that was found.
        history_: dict of phases. `"search"`, `"train"` and `"quantise"` are dicts of log key to a list with one value
            for each epoch; if several parts of a space were searched, `"part"` in `"search"` is the index of the part.
            `"contest"` is a dict of `"latency_ms"`, `"use"` (fraction of the tightest limit) and `"macro_f1"` to a list
            with one value for each finalist, of `"second_round"` and `"second_macro_f1"` to the places and scores of
            the finalists of the second round, of `"left_out"` to the places of those that were not considered, and of
            `"winner"` to the place of the winner. `"architectures"` has the number of architectures of the space
            `"before"` and `"after"` the limits are applied. Strategies of keras-tuner have `"trials"` in place of
            `"search"`. With `smooth="auto"` and windows in a known order, `"smoothing"` has the `"macro_f1"` for each
            number of `"windows"`.
        latency_ms_: float, latency of one inference on the board, estimated from the finished file.
        ram_bytes_: int, size of the tensor arena in bytes.
        flash_bytes_: int, size of `tflite_model_` in bytes.
        energy_mj_: float or None, energy of one inference; None if the board has no `active_power_mw`.
        estimate_: `Estimate` of these costs, operator by operator.
        tflite_model_: bytes, int8 model with input (1, time, channels, 1) and output (1, classes).
        keras_model_: float model, from raw windows (batch, time, channels) to probabilities.
        standardizer_: `Standardizer`, mean and standard deviation of each channel, which firmware must apply.
        board_: the `Board`.
        axes_: tuple of the triples of channels that were rotated in training.
        seed_: int, the seed that was used.
        smooth_: int, number of windows over which the answers of a stream are averaged.
        signal_: `Signal` that windows were cut from recordings by; None after `fit`.
        data_summary_: dict that summarises the data given to `fit`: the number and shape of windows, the windows of
            each class, groups, and the validation split; None if the classifier was saved by an earlier version.
        versions_: dict of the versions of tsnas, TensorFlow, tf_keras and Python that `fit` ran with.
        plain_scores_: dict of `"forest"`, `"ridge"` and `"model"`, the network, to a dict of `"accuracy"` and
            `"macro_f1"` on the same validation windows; those of the plain models have `"ahead"`, by how much their
            macro-F1 is higher than the network's, and `"spread"`, half of the 95 % interval of this difference (None
            for a single window or group). `"windows"` and `"groups"` are the numbers of both, and `"judged"` says
            whether the network is the `"int8"` model, where `fit` was given validation data, or the winner of the
            `"contest"` after brief training. None without `plain_rivals`, without a contest and validation data, or
            without time.

    Example:
        >>> (x, y, groups), (x_test, y_test, _) = tsnas.datasets.shoulder.load_data()
        >>> clf = tsnas.AutoClassifier(board="nucleo_f446re", max_latency_ms=30, max_ram_kb=64, seed=0)
        >>> clf.fit(x, y, groups=groups).evaluate(x_test, y_test)
        >>> clf.export("runs/firmware")

    Source: figure 1 of the MicroNAS paper.
    """

    def __init__(
        self,
        board="nucleo_f446re",
        max_latency_ms=None,
        max_ram_kb=None,
        max_flash_kb=None,
        max_energy_mj=None,
        *,
        epochs=None,
        search_epochs=None,
        qat_epochs=None,
        batch_size=None,
        finalists=None,
        strategy="random",
        max_minutes=None,
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
        self.epochs = epochs
        self.search_epochs = search_epochs
        self.qat_epochs = qat_epochs
        self.batch_size = batch_size
        self.finalists = finalists
        self.strategy = strategy
        self.max_minutes = max_minutes
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

    def fit(
        self,
        x,
        y=None,
        groups=None,
        validation_data=None,
        callbacks=None,
        distribute=None,
        sample_weight=None,
        channels=None,
    ):
        """Searches for a network, trains it, and converts it to an int8 model that keeps the limits.

        Args:
            x: array-like or `numpy.memmap` (windows, time, channels), or (windows, time) for one channel, of integers
                or floats in raw sensor units, never copied as a whole if it is large; or a tf.data.Dataset of (x, y) or
                (x, y, sample_weight), whose labels may be one-hot.
            y: labels of any kind, shape (windows,); None with a tf.data.Dataset.
            groups: array (windows,) that tells which windows belong together (user, recording); windows of one group
                are never split between training and validation. Defaults to None.
            validation_data: (x, y), (x, y, sample_weight), or a tf.data.Dataset, that architectures are judged on.
                Defaults to None: a part of `x` is split off for the search, and the network that it finds is trained on
                all of `x`.
            callbacks: Keras callback or list of callbacks (tf_keras or Keras 3), called while a supernet is trained, so
                not with the default strategy. Their `logs` include the keys of `tsnas.callbacks.ConstraintMonitor`.
                Defaults to None.
            distribute: tf.distribute.Strategy, such as `tf.distribute.MirroredStrategy()`, whose devices share each
                batch in the contest and in the final and quantisation-aware training; the supernet is trained on a
                single device. Defaults to None, a single device.
            sample_weight: array (windows,) of numbers of at least 0, how much each window counts in trainings and in
                scores on validation windows; `class_weight` multiplies it in trainings. Only ratios matter. A window of
                weight 0 is left out. Defaults to None: all windows count the same.
            channels: names of the channels as a list of str, `tsnas.data.Channels` with units and rate, or the
                `RecordingSet` that the windows were cut from; for report, model card and firmware. Defaults to None.

        Returns:
            self.

        Warns:
            FewWindowsWarning: a class has fewer than 10 windows.
            PoorSignalWarning: all windows are the same, or a channel has a small signal on so large an offset that
                float32 loses it.

        Raises:
            InfeasibleError: no architecture is within the limits; raised before any training.
            DataError: windows, labels, groups or weights that cannot be used; the subclass says which.
            ClassWeightError: weights of classes that are not above 0, or of a class that the labels do not have.
            RejectionError: settings of the rejection that do not fit each other or the labels.
            SettingError: a setting out of range, or callbacks with a strategy that would not call them.
            BoardError: an unknown board or a broken board file.
            OutputDirError: `directory` cannot be written, or another process uses it (`DirectoryInUseError`).
        """
        job = checked(self, x, y, groups, validation_data, distribute, sample_weight=sample_weight, channels=channels)
        return self._run(job, callbacks)

    def fit_recordings(
        self, recordings, labels, signal, groups=None, rule="majority", callbacks=None, distribute=None, channels=None
    ):
        """Cuts recordings into windows and fits the classifier to them, as `fit` does.

        If the signal has a rate, an inference must end before the next window is due, which limits the latency in
        addition to `max_latency_ms`. The signal is stored in the .tflite file. Exported firmware takes the raw samples
        of all channels, and selects channels and averages samples in the same way.

        Args:
            recordings, labels, signal, groups, rule: as in `tsnas.data.cut_windows`. The `Signal` gives window length,
                stride, decimation, channels and rate. Windows of one group (by default, of one recording) are never
                split between training and validation.
            callbacks, distribute: as in `fit`.
            channels: as in `fit`, of all channels of the recordings. Defaults to None.

        Returns:
            self.

        Raises:
            InfeasibleError, DataError, SettingError, BoardError, OutputDirError: as in `fit`.

        Example:
            >>> signal = tsnas.Signal(window=64, stride=32, decimation=2, channels=(0, 1, 2), rate_hz=50)
            >>> clf.fit_recordings(recordings, labels, signal, groups=users)
            >>> clf.predict_recordings(recordings[:1])[0]
        """
        if not isinstance(signal, Signal):
            raise SettingError(
                f"signal={signal!r} must be a tsnas.Signal, such as tsnas.Signal(window=128, stride=64)."
            )
        facts = {"count": len(recordings), "rule": rule, "groups": groups is not None}
        x, y, groups, order = cut_in_order(recordings, labels, signal, groups, rule)
        raw = 1 if np.ndim(recordings[0]) == 1 else np.shape(recordings[0])[1]
        job = checked(
            self,
            x,
            y,
            groups,
            None,
            distribute,
            signal,
            facts,
            order=order,
            channels=channels,
            raw_channels=raw,
        )
        return self._run(job, callbacks)

    def predict_recordings(self, recordings):
        """Predicts the labels of all windows of recordings with the int8 model, each recording as a stream of its own.

        With `smooth_` above 1, an answer is that of the mean probabilities of so many windows, the last one and those
        before it, as exported firmware gives it. Windows that are rejected do not count; if more than half of them are,
        so is the answer.

        Args:
            recordings: sequence of arrays (time, channels) in raw sensor units, with all channels.

        Returns:
            list of arrays, one for each recording, with a label for each window; empty if a recording is too short.

        Raises:
            NotFittedError: neither `fit` nor `fit_recordings` has been called.
            SettingError: the classifier was fitted on windows, so there is no `Signal` to cut recordings by.
            DataError: recordings that cannot be used.
        """
        return self._fitted.predict_recordings(recordings, self.predict if self.smooth_ == 1 else self._predict_stream)

    def predict(self, x):
        """Predicts the labels of windows with the int8 model.

        Args:
            x: array-like or `numpy.memmap` (windows, time, channels), or (windows, time) for one channel, in raw sensor
                units.

        Returns:
            array (windows,) of labels from `classes_`; with `reject`, `reject_label` for windows that are rejected.

        Raises:
            NotFittedError: `fit` has not been called.
            DataError: windows that cannot be used.
        """
        codes = self.predict_proba(x).argmax(axis=1)
        return self._labels(codes, None if self._fitted.firmware.rejection is None else self._fitted.rejects(x))

    def _predict_stream(self, x):
        """Returns the smoothed labels of the windows of one stream."""
        codes, rejected = self._fitted.answers(x)
        return self._labels(codes, None if self._fitted.firmware.rejection is None else rejected)

    def _labels(self, codes, rejected):
        """Returns the labels of class codes, and those of rejected windows, if any can be."""
        labels = self.classes_[codes]
        if rejected is None:
            return labels
        if self.reject_label is None:
            return np.where(rejected, None, labels.astype(object))
        return np.where(rejected, self.reject_label, labels)

    def score(self, X, y, sample_weight=None):  # noqa: N803 (the name that scikit-learn's score has)
        """Computes the accuracy of `predict`; a window that is rejected counts as wrong.

        Args:
            X: windows as in `predict`.
            y: labels of shape (windows,).
            sample_weight: array (windows,), how much each window counts. Defaults to None: all count the same.

        Returns:
            float between 0 and 1.

        Raises:
            DataError: windows, labels or weights that cannot be used; the subclass says which.
        """
        y = check_labels(y)
        weights = check_sample_weight(sample_weight, len(y))
        if self._fitted.firmware.rejection is None:
            return super().score(X, y, weights)
        return float(np.average(self.predict(X) == y, weights=weights))

    def predict_proba(self, x):
        """Predicts the probabilities of the classes with the int8 model; rows sum to 1.

        Args:
            x: as in `predict`.

        Returns:
            float32 array (windows, classes), columns in the order of `classes_`.
        """
        return self._fitted.predict_proba(x)

    def evaluate(self, x, y=None, sample_weight=None):
        """Computes the accuracy and macro-F1 of the float model and of the int8 model.

        Args:
            x: windows as in `predict`, or a tf.data.Dataset of (x, y).
            y: labels of shape (windows,). Defaults to None, for a tf.data.Dataset.
            sample_weight: array (windows,), how much each window counts, as in scikit-learn's metrics. Defaults to
                None: all count the same.

        Returns:
            `{"float": {"accuracy": ..., "macro_f1": ...}, "int8": {...}}`, each between 0 and 1. With `reject`,
            `"int8"` has the share of windows that are `"rejected"`, whose classes count in the scores all the same, and
            that of windows of `other_class`, if there are any, `"other_rejected"`.

        Raises:
            NotFittedError: `fit` has not been called.
            UnknownLabelError: labels that do not occur in training.
            DataError: windows or labels that cannot be used.
        """
        return self._fitted.evaluate(x, y, self.predict_proba, sample_weight, self.other_class)

    def summary(self, print_fn=print):
        """Prints the architecture and a table of all layers with their latency, RAM and parameters.

        Args:
            print_fn: callable that takes a string. Defaults to `print`, in lines that fit the terminal.
        """
        model = self._fitted
        width = columns() if print_fn is print else None
        described = fit_text("\n".join(model.architecture.describe()), width)
        smoothing = smoothing_note(model.firmware.smooth, model.signal)
        if smoothing:
            smoothing = fit_text(f"\n\nsmoothing: {smoothing}", width)
        table = model.estimate.table(model.limits, width)
        print_fn(f"{described}\n\n{table}{smoothing}")

    def _html_repr(self):
        """Returns the HTML for notebooks: the verdict on the limits if fitted, else scikit-learn's diagram."""
        if not hasattr(self, "model_"):
            return super()._html_repr()
        from tsnas.report.notebook import verdict_html

        return verdict_html(self.model_)

    def save(self, directory):
        """Saves the fitted classifier; `tsnas.load` loads it.

        Args:
            directory: path of a folder, created if missing. Files of an earlier save are replaced.

        Returns:
            list of the paths written: the .tflite file, the float Keras model, and JSON files with everything else.

        Raises:
            OutputDirError: the folder cannot be written.
        """
        return saving.save(self._fitted, self.get_params(deep=False), directory)

    def export(self, directory, format="tflite", x=None, stride=None, rate_hz=None, units=None):
        """Exports the int8 model for firmware, as a file or as sources that compile.

        Args:
            directory: path of a folder, created if missing.
            format: str. `"tflite"`: the file. `"c"`: C without an interpreter, using CMSIS-NN or plain C. `"tflm"`: C++
                for TensorFlow Lite Micro. The others have the C inside: `"arduino"`: an Arduino library. `"espidf"`: a
                component of ESP-IDF, and library of PlatformIO. `"mbed"`: a program for Mbed OS. `"zephyr"`: a Zephyr
                module. All include `model.tflite` and `model.json`, with class names, quantisation and
                standardisation; the sources take raw sensor values, sample by sample, and have a self-test. Defaults to
                `"tflite"`.
            x: windows as in `predict`, some of which become the self-test. Defaults to None, random windows.
            stride: int, samples from one prediction to the next in the example. Defaults to None, half a window.
            rate_hz: float, raw samples per second, at which the examples read a sensor. Defaults to None: that of the
                signal that `fit` was given, if it has one.
            units: units of the raw channels, one for each or one for each three, such as `["m/s2", "rad/s"]`: for the
                sketch of `"arduino"` that reads an inertial sensor. Defaults to None: not known.

        Returns:
            list of the paths written.

        Raises:
            ExportError: an unknown format, a stride below 1, a rate or units that do not fit, or a board without enough
                memory for the model.
            DataError: windows that cannot be used.
            OutputDirError: the folder cannot be written.

        Example:
            >>> clf.export("runs/firmware", format="c", x=x_test)
        """
        model = self._fitted
        architecture = model.architecture.describe()
        return export_model(model.firmware, directory, format, x, stride, architecture, rate_hz, units)

    def report(self, directory, x_test=None, y_test=None, *, command_line=None):
        """Writes a report on the model: its limits, scores and costs, and the search that found it.

        Args:
            directory: path of a folder, created if missing. Files of an earlier report are replaced.
            x_test: windows as in `predict`, or a tf.data.Dataset of (x, y), that `fit` has not seen. Defaults to None:
                the report says that nothing was held out.
            y_test: labels of shape (windows,). Defaults to None.
            command_line: str, command that made the classifier, which the report shows. Defaults to None.

        Returns:
            list of the paths written: `report.html`, a self-contained page; `report.json`, the same facts for programs;
            and `MODEL_CARD.md`.

        Raises:
            NotFittedError: `fit` has not been called.
            UnknownLabelError: labels that do not occur in training.
            DataError: windows or labels that cannot be used.
            OutputDirError: the folder cannot be written.

        Example:
            >>> clf.report("runs/shoulder", x_test, y_test)
        """
        model = self._fitted
        # Imported here because few who fit a classifier ask for its report.
        from tsnas.report.write import write_report

        if x_test is None and y_test is not None:
            raise LengthMismatchError("y_test was given without x_test; give both or neither.")
        judged = None
        if x_test is not None:
            judged = model.judge(x_test, y_test, "x_test", self.predict_proba, other_class=self.other_class)
        return write_report(model, self, directory, judged, command_line)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = self.seed is None
        return tags

    @property
    def _fitted(self) -> Model:
        """Fitted model; raises NotFittedError if there is none."""
        check_is_fitted(self, "model_")
        return self.model_

    def _run(self, job: Job, callbacks: Any) -> AutoClassifier:
        checked_callbacks = as_callbacks(callbacks)
        check_callbacks(self.strategy, checked_callbacks)
        try:
            return self._set_model(pipeline.run(job, checked_callbacks))
        except InfeasibleError as error:
            # The message says all. A search over limits prints the way to each such point, which is long.
            raise error.with_traceback(None) from None

    def _set_model(self, model: Model) -> AutoClassifier:
        """Sets the model and the attributes that scikit-learn's users expect."""
        self.model_ = model
        self.classes_ = model.classes
        self.n_features_in_ = model.architecture.channels
        self.board_ = model.board
        self.signal_ = model.signal
        self.smooth_ = model.firmware.smooth
        self.axes_ = model.axes
        self.seed_ = model.seed
        self.data_summary_ = model.data_summary
        self.versions_ = model.versions
        self.plain_scores_ = model.plain_scores
        self.standardizer_ = model.standardizer
        self.architecture_ = model.architecture
        self.history_ = model.history
        self.keras_model_ = model.float_network
        self.tflite_model_ = model.tflite
        self.estimate_ = model.estimate
        self.latency_ms_ = model.estimate.latency_ms
        self.ram_bytes_ = model.estimate.ram_bytes
        self.flash_bytes_ = model.estimate.flash_bytes
        self.energy_mj_ = model.estimate.energy_mj
        return self

    def __getstate__(self):
        # Interpreters and Keras models cannot be pickled, so a fitted model is pickled as the files that `save` writes.
        state = super().__getstate__().copy()
        if "model_" in state:
            state["_saved"] = saving.to_bytes(self.model_, self.get_params(deep=False))
            for name in ("model_", "keras_model_"):
                del state[name]
        return state

    def __setstate__(self, state):
        saved = state.pop("_saved", None)
        super().__setstate__(state)
        if saved is not None:
            self._set_model(saving.from_bytes(saved)[0])


def load(directory) -> AutoClassifier:
    """Loads a classifier that `AutoClassifier.save` has written; runs no code from the folder.

    Args:
        directory: path of the folder.

    Returns:
        A fitted `AutoClassifier`.

    Raises:
        ModelFileError: a file that is missing, damaged, or from a newer version of tsnas.

    Example:
        >>> clf = tsnas.load("runs/demo")
        >>> clf.predict(x_test)
    """
    model, params = saving.load(directory)
    try:
        classifier = AutoClassifier(**params)
    except TypeError as error:
        raise ModelFileError(f"The classifier saved in {directory} is damaged ({error}); save it again.") from error
    return classifier._set_model(model)

"""AutoClassifier: the scikit-learn-shaped front door, from windows and limits to a verified int8 model."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from tsnas.callbacks import as_callbacks
from tsnas.data import Signal, cut_windows
from tsnas.errors import LengthMismatchError, ModelFileError, SettingError
from tsnas.export import export_model
from tsnas.job import pipeline
from tsnas.job.inputs import Job, checked
from tsnas.model import saving
from tsnas.model.model import Model


class AutoClassifier(ClassifierMixin, BaseEstimator):
    """Searches, trains and quantises a time-series classifier that keeps hard limits on a board.

    Args:
        board: str, name of a board (see `tsnas boards`) or path of a board file, or a `Board`. Defaults to
            `"nucleo_f446re"`.
        max_latency_ms: float, longest time of one inference, in ms. Defaults to None, no limit.
        max_ram_kb: float, largest tensor arena (tensors, scratch, persistent part), in KB of 1024 bytes. Defaults to
            None, the RAM of the board.
        max_flash_kb: float, largest .tflite file, in KB of 1024 bytes. Defaults to None, the flash of the board.
        max_energy_mj: float, largest energy of one inference, in mJ; the board needs `active_power_mw`. Defaults to
            None, no limit.
        epochs: int, passes over the windows when the found network is trained. Defaults to None: as many as
            make about 5,000 steps, but 10 to 90 (more for less than a thousand steps).
        search_epochs: int, passes over the training windows while searching. Defaults to None: as many as make about
            1,200 steps of the evolution, or 700 of another search, but at least 4.
        qat_epochs: int, passes of the quantisation-aware training. Defaults to None: a fifth of `epochs`, at least 3.
        batch_size: int, windows in a batch. Defaults to None: 64, fewer for less than 1,024 windows and for very large
            ones.
        finalists: int, how many architectures are trained for a short while after the search; the best of them on the
            validation windows is taken. They are the derived one, and others that keep the limits, drawn at random and
            by the search's decisions. 1 takes the derived one as it is. Defaults to None: 6 after a search, 14 without,
            3 after trials of keras-tuner; two more for each further part of the space (three after trials).
        strategy: str, how candidates are found: `"evolution"` (single paths of a supernet are trained, and bred by how
            they do on validation windows), `"micronas"` (the paper's search: Gumbel-softmax and hardware losses), its
            baselines `"gumbel"` and `"darts"` (both without hardware losses, the second without Gumbel noise),
            `"random"` (no supernet), or oracles of keras-tuner over architectures, `"bayesian"` and `"hyperband"` (no
            supernet either). Every one keeps the limits. Defaults to `"evolution"`.
        max_minutes: float, what the whole `fit` may take; each phase then does what it has time for. Defaults to None,
            no bound. With a bound, the speed of the machine has a say, so the same seed may give another model.
        validation_fraction: float in (0, 1), share of the windows that judge architectures, where `fit` is given no
            validation data. Defaults to 0.2.
        space: str, `SpaceConfig`, or list of `SpaceConfig`, the search space: `"tsnas"`, `"micronas"` (the paper's
            own), or settings of your own. The members of a list are parts of one space: they share the time of a
            search, and the finalists of all meet in one contest; where they differ in `least_room`, the room that the
            limits leave decides which of them are searched. Defaults to `"tsnas"`.
        axes: which channels are x, y and z of one sensor, as a list of triples such as `[(0, 1, 2), (3, 4, 5)]`. In
            training the sensors of a window are turned by some degrees, because no two users wear a device at the same
            angle. None turns nothing. Defaults to `"auto"`: if the number of channels is a multiple of three, each
            three channels in a row whose values are of one size.
        seed: int or None, seed of everything random: the same seed gives the same model, byte for byte, on the same
            machine and versions. Defaults to None, drawn anew for each `fit` (and kept in `seed_`).
        directory: path of a folder, or None. Finished phases are kept there until the job is done, so that a `fit` that
            was interrupted, called again with the same arguments, goes on where it ended, and ends as it would have
            ended. Defaults to None.
        verbose: 0 for silence, 1 for progress bars, 2 for a line after each epoch. Defaults to 1.

    Attributes:
        model_: the `tsnas.model.Model`, which all other attributes are read from.
        classes_: array of the class labels, sorted.
        architecture_: the found `Architecture`.
        history_: dict of the phases `"search"`, `"train"` and `"quantise"`, each a dict of log key to one value for
            each epoch; `"contest"`, a dict of `"latency_ms"`, `"use"` (share of the tightest limit) and `"macro_f1"` to
            one value for each finalist, of `"second_round"` and `"second_macro_f1"` to the places and scores of the
            best of them, and of `"winner"` to the place of the one that was taken; and
            `"architectures"`, how many the space has `"before"` the limits and how many are left `"after"` them. Where
            several parts of a space were searched, the `"part"` of a `"search"` is the place of each epoch's.
        latency_ms_: float, latency of one inference on the board, as estimated from the finished file.
        ram_bytes_: int, tensor arena in bytes.
        flash_bytes_: int, length of `tflite_model_`.
        energy_mj_: float or None, energy of one inference; None if the board has no `active_power_mw`.
        estimate_: the `Estimate` behind them, operator by operator.
        tflite_model_: bytes, the int8 model; input (1, time, channels, 1), output (1, classes).
        keras_model_: the float model, from raw windows (batch, time, channels) to probabilities.
        standardizer_: `Standardizer`, mean and deviation of each channel, which firmware must apply.
        board_: the `Board`.
        axes_: tuple of the triples of channels that were turned in training.
        seed_: int, the seed used.
        signal_: the `Signal` that windows were taken from recordings by; None after `fit`.
        data_summary_: dict of what `fit` was given: windows, their shape, windows of each class, groups, and how
            validation windows were split off; None for a classifier that an earlier version has saved.
        versions_: dict of the versions of tsnas, TensorFlow, tf_keras and Python that `fit` ran on.

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
        strategy="evolution",
        max_minutes=None,
        validation_fraction=0.2,
        space="tsnas",
        axes="auto",
        seed=None,
        directory=None,
        verbose=1,
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
        self.seed = seed
        self.directory = directory
        self.verbose = verbose

    def fit(self, x, y=None, groups=None, validation_data=None, callbacks=None, distribute=None):
        """Searches for a network, trains it and converts it to an int8 model that keeps the limits.

        Args:
            x: array (windows, time, channels), or (windows, time) for one channel, in raw sensor units; or a
                tf.data.Dataset of (x, y).
            y: labels of any kind, shape (windows,); None with a tf.data.Dataset.
            groups: array (windows,), which windows belong together (user, recording): windows of one group are never
                split between training and validation. Defaults to None.
            validation_data: (x, y), or a tf.data.Dataset, that judges architectures. Without it a part of `x` is split
                off for the search; the found network is then trained on all of `x`.
            callbacks: Keras callback or list of them (of tf_keras or Keras 3), called during the search. Their `logs`
                hold the keys of `tsnas.callbacks.ConstraintMonitor`.
            distribute: tf.distribute.Strategy, such as `tf.distribute.MirroredStrategy()`, whose devices share each
                batch when networks are trained on their own (contest, final and quantisation-aware training); the
                supernet is trained on one. Defaults to None, one device.

        Returns:
            self.

        Raises:
            InfeasibleError: no architecture keeps the limits; raised before any training.
            DataError: windows, labels or groups that cannot be used; the subclass says which.
            SettingError: a setting out of range.
            BoardError: an unknown board or a broken board file.
            OutputDirError: `directory` cannot be written, or another process works in it (`DirectoryInUseError`).
        """
        job = checked(self, x, y, groups, validation_data, distribute)
        return self._run(job, callbacks)

    def fit_recordings(self, recordings, labels, signal, groups=None, rule="majority", callbacks=None, distribute=None):
        """Cuts recordings into windows and does what `fit` does with them.

        If the signal has a rate, an inference must end before the next window is due: that is a limit on latency beside
        `max_latency_ms`. The signal travels in the .tflite file, and exported firmware takes the raw samples of all
        channels: it leaves out channels and averages samples as it was done here.

        Args:
            recordings, labels, signal, groups, rule: as in `tsnas.data.cut_windows`. A `Signal` says how long windows
                are, how often one begins, at which rate, and of which channels. Windows of one group, by default of one
                recording, are never split between training and validation.
            callbacks, distribute: as in `fit`.

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
        told = {"count": len(recordings), "rule": rule, "groups": groups is not None}
        x, y, groups = cut_windows(recordings, labels, signal, groups, rule)
        return self._run(checked(self, x, y, groups, None, distribute, signal, told), callbacks)

    def predict_recordings(self, recordings):
        """Labels of all windows of recordings, by the int8 model.

        Args:
            recordings: sequence of arrays (time, channels) in raw sensor units, with all channels.

        Returns:
            list with an array of labels for each recording, one for each window; empty for one that is too short.

        Raises:
            NotFittedError: neither `fit` nor `fit_recordings` has been called.
            SettingError: it was fitted on windows, so it does not know how to cut recordings.
            DataError: recordings that cannot be used.
        """
        return self._fitted.predict_recordings(recordings)

    def predict(self, x):
        """Labels of windows, by the int8 model.

        Args:
            x: array (windows, time, channels), or (windows, time) for one channel, in raw sensor units.

        Returns:
            array (windows,) of labels from `classes_`.

        Raises:
            NotFittedError: `fit` has not been called.
            DataError: windows that cannot be used.
        """
        probabilities = self.predict_proba(x)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, x):
        """Probabilities of the classes, by the int8 model; rows sum to 1.

        Args:
            x: as in `predict`.

        Returns:
            float32 array (windows, classes), columns in the order of `classes_`.
        """
        return self._fitted.predict_proba(x)

    def evaluate(self, x, y=None):
        """Accuracy and macro-F1 of the float model and of the int8 model.

        Args:
            x: windows as in `predict`, or a tf.data.Dataset of (x, y).
            y: labels of shape (windows,).

        Returns:
            `{"float": {"accuracy": ..., "macro_f1": ...}, "int8": {...}}`, each between 0 and 1.

        Raises:
            NotFittedError: `fit` has not been called.
            UnknownLabelError: labels that the training labels lack.
            DataError: windows or labels that cannot be used.
        """
        return self._fitted.evaluate(x, y)

    def summary(self, print_fn=print):
        """Prints the found architecture and a table of every layer: latency, RAM, parameters.

        Args:
            print_fn: callable that takes a string. Defaults to `print`.
        """
        model = self._fitted
        print_fn("\n".join(model.architecture.describe()) + "\n\n" + model.estimate.table(model.limits))

    def _html_repr(self):
        """What notebooks show: the verdict on the limits once it is fitted, else scikit-learn's diagram."""
        if not hasattr(self, "model_"):
            return super()._html_repr()
        from tsnas.report.notebook import verdict_html

        return verdict_html(self.model_)

    def save(self, directory):
        """Saves the fitted classifier; `tsnas.load` reads it back.

        Args:
            directory: path of a folder; made if missing. Files of an earlier save there are replaced.

        Returns:
            list of the paths written: the .tflite, the float Keras model, and a JSON file with all else.

        Raises:
            OutputDirError: the folder cannot be written.
        """
        return saving.save(self._fitted, self.get_params(deep=False), directory)

    def export(self, directory, format="tflite", x=None, stride=None):
        """Writes the int8 model for firmware, as a file or as sources that compile.

        Args:
            directory: path of a folder; made if missing.
            format: str. `"tflite"`: the file. `"c"`: C without an interpreter, on CMSIS-NN or in plain C. `"tflm"`: C++
                for TensorFlow Lite Micro. `"arduino"`: an Arduino library. `"mbed"`: a program for Mbed OS. `"zephyr"`:
                a Zephyr module. All have `model.tflite` and `model.json`, with class names, quantisation and
                standardisation; the sources also take raw sensor values, sample by sample, and have a self-test.
                Defaults to `"tflite"`.
            x: windows as in `predict`, some of which become the self-test. Defaults to None: random ones.
            stride: int, samples from one class to the next in the example. Defaults to None, half a window.

        Returns:
            list of the paths written.

        Raises:
            ExportError: a format that does not exist, or a stride below 1.
            DataError: windows that cannot be used.
            OutputDirError: the folder cannot be written.

        Example:
            >>> clf.export("runs/firmware", format="c", x=x_test)
        """
        model = self._fitted
        return export_model(model.firmware, directory, format, x, stride, model.architecture.describe())

    def report(self, directory, x_test=None, y_test=None, *, command_line=None):
        """Writes a report: how the limits are kept, how well it does, what it costs where, and how it was found.

        Args:
            directory: path of a folder; made if missing. Files of an earlier report there are replaced.
            x_test: windows as in `predict`, or a tf.data.Dataset of (x, y), that `fit` has not seen. Defaults to None:
                the report says that nothing was held out.
            y_test: labels of shape (windows,). Defaults to None.
            command_line: str, the command that made the classifier, to be shown. Defaults to None.

        Returns:
            list of the paths written: `report.html`, a page that needs nothing else; `report.json`, the same facts for
            programs; and `MODEL_CARD.md`.

        Raises:
            NotFittedError: `fit` has not been called.
            UnknownLabelError: labels that the training labels lack.
            DataError: windows or labels that cannot be used.
            OutputDirError: the folder cannot be written.

        Example:
            >>> clf.report("runs/shoulder", x_test, y_test)
        """
        model = self._fitted
        # Only here: most who fit a classifier never ask for its report.
        from tsnas.report.write import write_report

        if x_test is None and y_test is not None:
            raise LengthMismatchError("y_test comes without x_test; give both, or none of them.")
        judged = None if x_test is None else model.judge(x_test, y_test, "x_test")
        return write_report(model, self, directory, judged, command_line)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.non_deterministic = self.seed is None
        return tags

    @property
    def _fitted(self) -> Model:
        """The model; raises NotFittedError if there is none yet."""
        check_is_fitted(self, "model_")
        return self.model_

    def _run(self, job: Job, callbacks: Any) -> AutoClassifier:
        return self._learn(pipeline.run(job, as_callbacks(callbacks)))

    def _learn(self, model: Model) -> AutoClassifier:
        """Takes over a finished model, and names what scikit-learn's users look for."""
        self.model_ = model
        self.classes_ = model.classes
        self.n_features_in_ = model.architecture.channels
        self.board_ = model.board
        self.signal_ = model.signal
        self.axes_ = model.axes
        self.seed_ = model.seed
        self.data_summary_ = model.data_summary
        self.versions_ = model.versions
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
        # Interpreters and Keras models do not pickle; `save` and `tsnas.load` round-trip a fitted classifier.
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
            self._learn(saving.from_bytes(saved)[0])


def load(directory) -> AutoClassifier:
    """Loads a classifier that `AutoClassifier.save` wrote; no code from the folder is run.

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
    return classifier._learn(model)

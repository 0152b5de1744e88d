"""Errors that tsnas raises: one type for each kind of invalid input.

All of them derive from `TsnasError`; errors about a value also derive from `ValueError`, so that code which catches the
built-in type works as well. A message says what was given, what is allowed, and what to do.
"""


class TsnasError(Exception):
    """Base class of all errors that tsnas raises."""


class FewWindowsWarning(UserWarning):
    """Warning of classes that have too few windows to train on."""


class PoorSignalWarning(UserWarning):
    """Warning of windows that are all the same, or whose differences are too fine for float32."""


class DataError(TsnasError, ValueError):
    """Windows, labels or groups that cannot be used as they are."""


class WindowShapeError(DataError):
    """Windows that are not (windows, time, channels) or (windows, time)."""


class WindowTooShortError(DataError):
    """Windows with too few time steps for the search space."""


class NonFiniteError(DataError):
    """Windows that contain NaN or infinite values."""


class DtypeError(DataError):
    """Windows that are not numbers, such as object arrays of ragged lists."""


class LengthMismatchError(DataError):
    """Windows, labels and groups of different lengths."""


class LabelShapeError(DataError):
    """Labels or groups that are not one value per window, such as one-hot rows."""


class LabelValueError(DataError):
    """Labels or groups that are missing (None, NaN) or not a class, such as 0.5."""


class SingleClassError(DataError):
    """Training labels with fewer than two classes."""


class TooFewWindowsError(DataError):
    """Fewer windows than classes, or too few to split off validation data."""


class UnknownLabelError(DataError):
    """Validation or test labels that do not occur in training."""


class SampleWeightError(DataError):
    """Weights of windows that are negative, NaN or infinite, or all 0, or that are given twice."""


class OneHotError(DataError):
    """Rows of labels in a tf.data.Dataset that are not one-hot."""


class InfiniteDatasetError(DataError):
    """A tf.data.Dataset that never ends, so it cannot be collected."""


class DatasetElementError(DataError):
    """A tf.data.Dataset whose elements are not windows and labels, or windows, labels and weights."""


class DatasetFileError(DataError):
    """A data file that is missing, unreadable, or lacks an array."""


class DownloadError(TsnasError, OSError):
    """A data set that cannot be downloaded, or whose checksum is wrong; the message says how to give a copy."""


class TableError(DataError):
    """A CSV file or data frame that cannot be turned into recordings."""


class TableFileError(TableError):
    """A CSV file that is missing, empty or not text, or whose lines differ in their number of fields."""


class TableColumnError(TableError):
    """A column that a file or data frame does not have; the message names similar ones."""


class TableValueError(TableError):
    """A value of a channel that is not a number; the message names file, line and column."""


class TableTimeError(TableError):
    """Time stamps that cannot be read, have an unknown unit, or are too coarse."""


class TableNameError(TableError):
    """A file name that does not fit the pattern for labels and groups."""


class FormatError(DataError):
    """Files whose form is not known, or that are not whole; the message lists the forms that are."""


class SegmentError(TableError):
    """A file of segments that cannot be read, or whose starts and ends fit no recording."""


class SettingError(TsnasError, ValueError):
    """An argument of a public function that is not allowed."""


class ClassWeightError(SettingError):
    """Weights of classes that are not above 0, or that name a class which the labels do not have."""


class RejectionError(SettingError):
    """Settings of the rejection of windows that do not fit each other or the labels."""


class LimitError(SettingError):
    """A limit that is not a positive number, or an energy limit for a board whose power is unknown."""


class InfeasibleError(TsnasError, ValueError):
    """Limits that no architecture of the search space keeps on a board.

    Args:
        message: str, the message.
        smallest: dict of cost name to the smallest value that the space reaches, such as
            `{"latency_ms": 2.1, "ram_bytes": 9216}`. Defaults to None, unknown.
        short: tuple of str, names of the costs whose limits are too low. Defaults to ().
    """

    def __init__(self, message, smallest=None, short=()):
        super().__init__(message)
        self.smallest = dict(smallest or {})
        self.short = tuple(short)


class LimitExceededError(TsnasError):
    """A finished model that exceeds a limit; such a model is never returned."""


class BoardError(TsnasError, ValueError):
    """A board that cannot be used."""


class UnknownBoardError(BoardError):
    """A board name that is unknown."""


class UnknownKernelsError(BoardError):
    """Kernels that a board has no figures for; the message names those that it has."""


class UncalibratedError(BoardError):
    """A board of which nothing was measured, so that it has no latencies; the message leads to a calibration."""


class NpuCompilerError(BoardError):
    """Arm's compiler for NPUs is missing, or refuses a configuration; the message says what to install or change."""


class NpuOpError(BoardError):
    """An operator that an NPU cannot run; the message names it, with the compiler's reason."""


class TimingsError(BoardError):
    """Timings of whole models that a board cannot be calibrated by; the message says what is wrong with them."""


class BoardFileError(BoardError):
    """A board file that is missing, unreadable or incomplete; the message names the field."""


class CoreModelError(TsnasError, ValueError):
    """A Keras model that cannot be trained, quantised or converted; the message names the layer."""


class ModelFileError(TsnasError, ValueError):
    """A .tflite file or saved folder that is missing, truncated or invalid."""


class UnsupportedOpError(ModelFileError):
    """A .tflite file with an operator that has no cost model; the message names the operator."""


class FloatModelError(ModelFileError):
    """A .tflite file whose tensors are not int8; the message names the first one."""


class OutputDirError(TsnasError, OSError):
    """An output folder or file that cannot be written."""


class DirectoryInUseError(OutputDirError):
    """A folder that another run is using; the message names that run."""


class ProbeError(TsnasError):
    """A board, real or emulated, that cannot be measured."""


class PortError(ProbeError, OSError):
    """A port that does not exist, is in use or may not be opened."""


class NoAnswerError(ProbeError):
    """A port where no probe answers, or a board that has stopped answering."""


class StreamError(TsnasError):
    """A port from which no lines of numbers come, or come at another rate than was stated."""


class FirmwareVersionError(ProbeError):
    """A probe firmware with another version of the protocol."""


class ProbeResetError(ProbeError):
    """A board that has restarted in the middle of a session."""


class BoardMemoryError(ProbeError):
    """An operator whose tensors are larger than the memory of the board."""


class UnsupportedProbeOpError(ProbeError):
    """An operator for which the firmware has no kernel."""


class ToolchainError(ProbeError):
    """A compiler or emulator that is missing or fails; the message says how to install it."""


class VerificationError(TsnasError):
    """A model whose outputs on a board differ from those of the reference interpreter."""


class ExportError(TsnasError, ValueError):
    """A model that cannot be exported, or an unknown format; the message says what is possible."""


class WorkerError(TsnasError):
    """A worker process that computes with several threads, or that is lost again and again."""

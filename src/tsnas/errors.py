"""Every error that tsnas raises on purpose: one type for each kind of bad input.

All derive from `TsnasError`; those about a value also derive from `ValueError`, so code that
catches the built-in type keeps working. A message names what was given, what is allowed, and
what to do.
"""


class TsnasError(Exception):
    """Base class of all errors raised by tsnas."""


class DataError(TsnasError, ValueError):
    """Windows, labels or groups that cannot be used as they are."""


class WindowShapeError(DataError):
    """Windows that are not (windows, time, channels) or (windows, time)."""


class WindowTooShortError(DataError):
    """Windows with fewer time steps than the search space can work on."""


class NonFiniteError(DataError):
    """Windows that hold NaN or infinite values."""


class DtypeError(DataError):
    """Windows that are not numbers, such as object arrays of ragged lists."""


class LengthMismatchError(DataError):
    """Windows, labels and groups of different lengths."""


class LabelShapeError(DataError):
    """Labels or groups that are not one value per window, such as one-hot rows."""


class LabelValueError(DataError):
    """Labels or groups that are missing (None, NaN) or are no class, such as 0.5."""


class SingleClassError(DataError):
    """Training labels with fewer than two classes."""


class TooFewWindowsError(DataError):
    """Fewer windows than classes, or too few to split off validation data."""


class UnknownLabelError(DataError):
    """Validation or test labels that the training labels lack."""


class InfiniteDatasetError(DataError):
    """A tf.data.Dataset that never ends, so it cannot be collected."""


class DatasetElementError(DataError):
    """A tf.data.Dataset whose elements are not pairs of windows and labels."""


class DatasetFileError(DataError):
    """A data file that is missing, unreadable, or lacks an array."""


class DownloadError(TsnasError, OSError):
    """A data set that cannot be downloaded, or whose checksum is wrong; the message says how to give a copy."""


class TableError(DataError):
    """A CSV file or data frame that cannot be turned into recordings."""


class TableFileError(TableError):
    """A CSV file that is missing, no text, empty, or that has lines of another number of fields."""


class TableColumnError(TableError):
    """A column that a file or frame lacks; the message names near ones."""


class TableValueError(TableError):
    """A cell of a channel that is no number; the message names file, line and column."""


class TableTimeError(TableError):
    """Time stamps that cannot be read, whose unit is not known, or that are too coarse."""


class TableNameError(TableError):
    """A file name that does not fit the pattern for labels and groups."""


class SettingError(TsnasError, ValueError):
    """An argument of a public function that is outside what is allowed."""


class LimitError(SettingError):
    """A limit that is not a positive number, or one on energy for a board whose power is not known."""


class InfeasibleError(TsnasError, ValueError):
    """No architecture of the search space keeps the limits on this board.

    Args:
        message: the sentence to print.
        smallest: dict of the smallest value that the space reaches for each cost that is
            limited, such as `{"latency_ms": 2.1, "ram_bytes": 9216}`.
        short: tuple of the names of the limits that are too low.
    """

    def __init__(self, message, smallest=None, short=()):
        super().__init__(message)
        self.smallest = dict(smallest or {})
        self.short = tuple(short)


class LimitExceededError(TsnasError):
    """A finished model that is over a limit; it is never returned."""


class BoardError(TsnasError, ValueError):
    """A board that cannot be used."""


class UnknownBoardError(BoardError):
    """A board name that tsnas does not know."""


class BoardFileError(BoardError):
    """A board file that is missing, unreadable or incomplete; the message names the field."""


class CoreModelError(TsnasError, ValueError):
    """A Keras model that cannot be trained, quantised or converted; the message names the layer."""


class ModelFileError(TsnasError, ValueError):
    """A .tflite file or saved folder that is missing, truncated or not what it should be."""


class UnsupportedOpError(ModelFileError):
    """A .tflite file with an operator that has no cost model; the message names it."""


class FloatModelError(ModelFileError):
    """A .tflite file whose tensors are not int8; the message names the first one."""


class OutputDirError(TsnasError, OSError):
    """An output folder or file that cannot be written."""


class DirectoryInUseError(OutputDirError):
    """A folder in which another run is at work; the message says which."""


class ProbeError(TsnasError):
    """A board, real or emulated, that cannot be measured."""


class PortError(ProbeError, OSError):
    """A port that does not exist, is in use or may not be opened."""


class NoAnswerError(ProbeError):
    """Nothing that answers like a probe, or a board that has stopped answering."""


class FirmwareVersionError(ProbeError):
    """A probe firmware that speaks another version of the protocol."""


class ProbeResetError(ProbeError):
    """A board that has started anew in the middle of a session."""


class BoardMemoryError(ProbeError):
    """An operator whose tensors are larger than the memory of the board."""


class UnsupportedProbeOpError(ProbeError):
    """An operator for which the firmware has no kernel."""


class ToolchainError(ProbeError):
    """A compiler or emulator that is missing, or that fails; the message says how to install it."""


class VerificationError(TsnasError):
    """A model whose outputs on a board are not those of the reference interpreter."""


class ExportError(TsnasError, ValueError):
    """A model or format that cannot be exported; the message says what can."""


class JobError(TsnasError):
    """A job that failed in another process; the message holds its error."""


class WorkerError(TsnasError):
    """A process that cannot take part in a job that is spread over machines."""

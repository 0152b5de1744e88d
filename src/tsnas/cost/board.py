"""A microcontroller board: its limits, its clock, and the coefficients that say what a network costs on it."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import os
import pathlib
from typing import Any

from tsnas.cost.features import FEATURE_NAMES, INVOKE
from tsnas.cost.ops import OP_KINDS
from tsnas.errors import BoardFileError, UnknownBoardError

BOARDS_DIR = pathlib.Path(__file__).parent / "boards"


@dataclasses.dataclass(frozen=True)
class LatencyError:
    """How far the latency model was off on operators that it was not fitted to.

    Args:
        median_relative: float, median of |predicted / measured - 1|.
        p95_relative: float, its 95th percentile.
        n_ops: int, number of operators judged.
        split: str, how they were held out.
    """

    median_relative: float
    p95_relative: float
    n_ops: int
    split: str


@dataclasses.dataclass(frozen=True)
class Runtime:
    """Constants of the TensorFlow Lite Micro build on a board, in bytes; see `tsnas.cost.memory`.

    Args:
        alignment: int, buffers in the arena start at multiples of this.
        base_bytes: int, persistent bytes of any model with one input and one output.
        extra_input_bytes: int, persistent bytes of each further input of a model.
        tensor_bytes: int, persistent bytes of each tensor, weights included.
        slack_bytes: int, most that alignment can add in a model of several operators over one of a single operator.
        conv2d_slack_bytes: int, what later TFLM versions keep for each convolution beyond the measured version.
        op_bytes: dict of the persistent bytes of each kind of operator, without its tensors.
    """

    alignment: int
    base_bytes: int
    extra_input_bytes: int
    tensor_bytes: int
    slack_bytes: int
    conv2d_slack_bytes: int
    op_bytes: dict[str, int]


@dataclasses.dataclass(frozen=True)
class Board:
    """A microcontroller board and what is known about its costs.

    Args:
        name: str, short name such as `"nucleo_f446re"`.
        description: str, one line for people.
        core: str, such as `"cortex-m4"`.
        clock_hz: float, CPU clock used to turn cycles into ms.
        ram_bytes: int, RAM of the microcontroller.
        flash_bytes: int, flash of the microcontroller.
        coefficients: dict of `{kernel: {feature: cycles}}` as `fit_board_coefficients` returns it.
        latency_error: `LatencyError` of those coefficients on held-out operators.
        runtime: `Runtime` constants of the TFLM build.
        source: str, where the figures come from.
        date: str, the day they were fitted, as YYYY-MM-DD.

    Example:
        >>> board = load_board("nucleo_f446re")
        >>> dataclasses.replace(board, clock_hz=84e6)  # the same board at another clock
    """

    name: str
    description: str
    core: str
    clock_hz: float
    ram_bytes: int
    flash_bytes: int
    coefficients: dict[str, dict[str, float]]
    latency_error: LatencyError
    runtime: Runtime
    source: str
    date: str

    def to_json(self) -> dict[str, Any]:
        """The board as a dict of plain values, for `json.dump`; `Board.from_json` reads it back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Any, source_name: str = "board") -> Board:
        """Builds a board from the dict that `to_json` returns, and checks every field.

        Args:
            values: dict of the fields of `Board`.
            source_name: str, the file to name in messages. Defaults to `"board"`.

        Returns:
            A `Board`.

        Raises:
            BoardFileError: a field is missing, unknown, of another type, negative or not finite.
        """
        return _board_from_fields(_Fields(values, source_name, ""))


def board_names() -> list[str]:
    """Names of the boards that come with tsnas, sorted."""
    return sorted(path.stem for path in BOARDS_DIR.glob("*.json"))


def load_board(name_or_path: str | os.PathLike[str] | Board) -> Board:
    """Loads a board by its name, or from a file.

    Args:
        name_or_path: str, a name of `board_names()`, or the path of a .json file; or a `Board`, returned as it is.

    Returns:
        A `Board`.

    Raises:
        UnknownBoardError: no board has this name.
        BoardFileError: the file is missing, not JSON, or a field of it is wrong.

    Example:
        >>> load_board("nicla_sense_me").clock_hz
        64000000.0
    """
    if isinstance(name_or_path, Board):
        return name_or_path
    if isinstance(name_or_path, str) and not name_or_path.endswith(".json"):
        names = board_names()
        if name_or_path not in names:
            near = difflib.get_close_matches(name_or_path, names, n=3, cutoff=0.4)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise UnknownBoardError(
                f"No board is called {name_or_path!r}.{hint} Known boards: {', '.join(names)}. "
                "For a board of your own, give the path of its .json file."
            )
        return _read_board(BOARDS_DIR / f"{name_or_path}.json")
    if isinstance(name_or_path, (str, os.PathLike)):
        return _read_board(pathlib.Path(name_or_path))
    raise UnknownBoardError(
        f"board is {name_or_path!r} ({type(name_or_path).__name__}); give a name, the path of a .json file, or a Board."
    )


def _read_board(path: pathlib.Path) -> Board:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardFileError(f"Board file {str(path)!r} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BoardFileError(f"Board file {str(path)!r} is not JSON: {error}.") from error
    return Board.from_json(values, str(path))


class _Fields:
    """Takes checked values out of a parsed JSON object, and says where a wrong one stands."""

    def __init__(self, values: Any, source: str, prefix: str):
        self._source = source
        self._prefix = prefix
        if not isinstance(values, dict):
            raise self.error(prefix.rstrip(".") or "the top level", f"is {values!r}; it must be an object")
        self._values = dict(values)

    def error(self, field: str, what: str) -> BoardFileError:
        return BoardFileError(f"Board file {self._source!r}: {field} {what}.")

    def take(self, key: str) -> Any:
        if key not in self._values:
            raise self.error(self._prefix + key, "is missing")
        return self._values.pop(key)

    def text(self, key: str) -> str:
        value = self.take(key)
        if not isinstance(value, str) or not value:
            raise self.error(self._prefix + key, f"is {value!r}; it must be a text that is not empty")
        return value

    def number(self, key: str, positive: bool = False) -> float:
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.error(self._prefix + key, f"is {value!r}; it must be a number")
        if not math.isfinite(value) or value < 0 or (positive and value == 0):
            raise self.error(self._prefix + key, f"is {value!r}; it must be finite and {'> 0' if positive else '>= 0'}")
        return float(value)

    def integer(self, key: str, positive: bool = False) -> int:
        value = self.number(key, positive)
        if value != int(value):
            raise self.error(self._prefix + key, f"is {value!r}; it must be a whole number")
        return int(value)

    def object(self, key: str) -> _Fields:
        return _Fields(self.take(key), self._source, f"{self._prefix}{key}.")

    def names(self) -> list[str]:
        return list(self._values)

    def finish(self) -> None:
        for key in self._values:
            raise self.error(self._prefix + key, "is not a field of a board; remove it or correct its name")


def _board_from_fields(fields: _Fields) -> Board:
    error = fields.object("latency_error")
    runtime = fields.object("runtime")
    op_bytes = runtime.object("op_bytes")
    board = Board(
        name=fields.text("name"),
        description=fields.text("description"),
        core=fields.text("core"),
        clock_hz=fields.number("clock_hz", positive=True),
        ram_bytes=fields.integer("ram_bytes", positive=True),
        flash_bytes=fields.integer("flash_bytes", positive=True),
        coefficients=_coefficients(fields.object("coefficients")),
        latency_error=LatencyError(
            median_relative=error.number("median_relative"),
            p95_relative=error.number("p95_relative"),
            n_ops=error.integer("n_ops"),
            split=error.text("split"),
        ),
        runtime=Runtime(
            alignment=runtime.integer("alignment", positive=True),
            base_bytes=runtime.integer("base_bytes"),
            extra_input_bytes=runtime.integer("extra_input_bytes"),
            tensor_bytes=runtime.integer("tensor_bytes"),
            slack_bytes=runtime.integer("slack_bytes"),
            conv2d_slack_bytes=runtime.integer("conv2d_slack_bytes"),
            op_bytes={kind: op_bytes.integer(kind) for kind in OP_KINDS},
        ),
        source=fields.text("source"),
        date=fields.text("date"),
    )
    for group in (fields, error, runtime, op_bytes):
        group.finish()
    return board


def _coefficients(fields: _Fields) -> dict[str, dict[str, float]]:
    coefficients = {}
    for kernel in fields.names():
        group = fields.object(kernel)
        names = FEATURE_NAMES.get(kernel, OP_KINDS if kernel == INVOKE else None)
        if names is None:
            known = ", ".join([*FEATURE_NAMES, INVOKE])
            raise fields.error(f"coefficients.{kernel}", f"is not a kernel; known are {known}")
        coefficients[kernel] = {name: group.number(name) for name in names}
        group.finish()
    return coefficients

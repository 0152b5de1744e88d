"""A microcontroller board: its limits, its clock, and the coefficients that say what a network costs on it."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import json
import os
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tsnas.cost.measurements import OpMeasurement, record_fault, record_from_json, record_to_json
from tsnas.errors import BoardError, BoardFileError, UnknownBoardError
from tsnas.graph.ops import Op
from tsnas.system.arguments import is_number
from tsnas.system.files import parse_json

BOARDS_DIR = pathlib.Path(__file__).parent / "boards"
SCHEMA_FILE = pathlib.Path(__file__).parent / "board.schema.json"
# Errors of each board under the coefficients of another; made by benchmarks/latency_limits.py.
RELATIVES_FILE = pathlib.Path(__file__).parent / "relatives.json"
# Nothing on a board is smaller or larger; beyond, sums of costs would overflow.
SMALLEST, LARGEST = 1e-15, 1e15


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
        kernel_library: str, kernels of the measured firmware and their version.
        toolchain: str, its compiler and flags.
        active_power_mw: float, power while the CPU computes, in mW. Defaults to None, not known.
        table: tuple of `OpMeasurement` of this board and firmware, which beat the coefficients. Defaults to ().

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
    kernel_library: str
    toolchain: str
    active_power_mw: float | None = None
    table: tuple[OpMeasurement, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The board as a dict of plain values, for `json.dump`; `Board.from_json` reads it back."""
        values = dataclasses.asdict(dataclasses.replace(self, table=()))
        return values | {"table": [record_to_json(record) for record in self.table]}

    @classmethod
    def from_json(cls, values: Any, source_name: str = "board") -> Board:
        """Builds a board from the dict that `to_json` returns, and checks every field by `board.schema.json`.

        Args:
            values: dict of the fields of `Board`.
            source_name: str, the file to name in messages. Defaults to `"board"`.

        Returns:
            A `Board`.

        Raises:
            BoardFileError: a field is missing, unknown, of another type, negative or not finite.
        """
        fields = dict(_checked(values, source_name))
        fields["clock_hz"] = float(fields["clock_hz"])
        fields["latency_error"] = LatencyError(**fields["latency_error"])
        fields["runtime"] = Runtime(**fields["runtime"])
        fields["table"] = _table(fields.get("table", []), source_name)
        board = cls(**fields)
        for index, record in enumerate(board.table):
            fault = record_fault(record, board)
            if fault is not None:
                raise _wrong(source_name, ("table", index), f"cannot be used: {fault}")
        return board

    def measured(self, op: Op) -> OpMeasurement | None:
        """The record of exactly this operator in the board's table.

        Args:
            op: operator descriptor.

        Returns:
            `OpMeasurement`, or None if it was not measured.
        """
        return self._records.get(op)

    def with_table(self, records: Iterable[OpMeasurement]) -> Board:
        """The same board with measured operators, each of which beats the kernel model from then on.

        Args:
            records: iterable of `OpMeasurement`; of two for one operator the later in order counts.

        Returns:
            A `Board` with these records after those that it had.

        Raises:
            BoardError: a record cannot be of this board as it is now, such as one of another toolchain;
                `tsnas.cost.op_table.checked_table` sorts such records out.

        Example:
            >>> board = load_board("nucleo_f446re")
            >>> board = board.with_table(checked_table(read_table("my_measurements.csv"), board)[0])
        """
        records = tuple(records)
        for record in records:
            fault = record_fault(record, self)
            if fault is not None:
                raise BoardError(f"Board {self.name!r} cannot use the record of {record.op}: {fault}.")
        return dataclasses.replace(self, table=(*self.table, *records))

    @functools.cached_property
    def _records(self) -> dict[Op, OpMeasurement]:
        return {record.op: record for record in self.table}


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
        values = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardFileError(f"Board file {str(path)!r} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BoardFileError(f"Board file {str(path)!r} is not JSON: {error}.") from error
    return Board.from_json(values, str(path))


def _checked(values: Any, source_name: str) -> dict[str, Any]:
    """`values`, if they keep the schema of board files; else an error that names the first wrong field."""
    try:
        for place, value in _numbers(values, ()):
            # NaN is a number that no comparison of the schema refuses.
            if not is_number(value):
                raise _wrong(source_name, place, f"is {str(value)[:20]}; it must be finite")
            if value and not SMALLEST <= abs(value) <= LARGEST:
                fault = f"is {value:.3g}; the size of a number that is not 0 must be from {SMALLEST:g} to {LARGEST:g}"
                raise _wrong(source_name, place, fault)
        errors = sorted(_validator().iter_errors(values), key=lambda error: [str(part) for part in error.absolute_path])
    except RecursionError:
        raise _wrong(source_name, (), "is nested too deeply") from None
    for error in errors:
        raise _wrong(source_name, *_place_and_fault(error))
    return values


def _place_and_fault(error: Any) -> tuple[tuple[Any, ...], str]:
    place, value, allowed = tuple(error.absolute_path), error.instance, error.validator_value
    if error.validator == "required":
        return (*place, next(name for name in allowed if name not in value)), "is missing"
    if error.validator == "additionalProperties":
        key = next(key for key in value if key not in error.schema["properties"])
        if place == ("coefficients",):
            return (*place, key), f"is not a kernel; known are {', '.join(error.schema['properties'])}"
        return (*place, key), "is not a field of a board; remove it or correct its name"
    rules = {
        "type": lambda: " or ".join(_TYPE_TEXTS[name] for name in ([allowed] if isinstance(allowed, str) else allowed)),
        "minimum": lambda: f">= {allowed}",
        "exclusiveMinimum": lambda: f"> {allowed}",
        "minLength": lambda: "a text that is not empty",
        "pattern": lambda: "a day such as 2026-01-31",
    }
    return place, f"is {value!r}; it must be {rules[error.validator]()}"


_TYPE_TEXTS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "null": "null",
}


def _wrong(source_name: str, place: Sequence[Any], fault: str) -> BoardFileError:
    field = ".".join(map(str, place)) or "the top level"
    return BoardFileError(f"Board file {source_name!r}: {field} {fault}.")


def _numbers(values: Any, place: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], float]]:
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(values, int | float) and not isinstance(values, bool):
        yield place, values
    elif isinstance(values, dict):
        items = values.items()
    elif isinstance(values, list):
        items = enumerate(values)
    for key, value in items:
        yield from _numbers(value, (*place, key))


@functools.cache
def _validator() -> Any:
    import jsonschema  # slow to load

    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def _table(rows: list[dict[str, Any]], source_name: str) -> tuple[OpMeasurement, ...]:
    records = []
    for index, row in enumerate(rows):
        try:
            records.append(record_from_json(row))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            fault = f"is {row!r}: {type(error).__name__}: {error}; it must have the columns of a measured operator"
            raise _wrong(source_name, ("table", index), fault) from error
    return tuple(records)

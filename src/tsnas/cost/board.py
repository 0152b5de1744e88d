"""Microcontroller boards: their memory, clock and kernels, and the figures that give the costs of a network."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import os
import pathlib
import shlex
from collections.abc import Iterable
from typing import Any

from tsnas.cost.board_json import board_fields, board_values
from tsnas.cost.board_parts import (
    BOARD_FIELDS,
    CMSIS_NN,
    MVE_CORES,
    PORTABLE,
    Factor,
    LatencyError,
    Npu,
    Runtime,
    core_named,
)
from tsnas.cost.board_schema import field_error
from tsnas.cost.measurements import OpMeasurement
from tsnas.errors import BoardError, BoardFileError, UnknownBoardError, UnknownKernelsError
from tsnas.graph.ops import Op
from tsnas.system.files import parse_json

# The file in the folder of a model that is its board.
BOARD_FILE = "board.json"
BOARDS_DIR = pathlib.Path(__file__).parent / "boards"


@dataclasses.dataclass(frozen=True)
class Board:
    """A microcontroller board and what is known about its costs.

    Args:
        name: str, short name such as `"nucleo_f446re"`.
        description: str, one line.
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
        active_power_mw: float, power while the CPU computes, in mW. Defaults to None: unknown.
        table: tuple of `OpMeasurement` of this board and firmware, which override the coefficients. Defaults to ().
        kernels: str, name of the kernels that are flashed: `"cmsis_nn"`, `"reference"` (those of TensorFlow Lite
            Micro), `"portable"` (the plain C of tsnas), `"esp_nn"`, or a name of your own. Defaults to `"cmsis_nn"`.
        optimised: bool, whether these kernels are written for the core. Defaults to True.
        loops: dict of `{kind: {step: cycles}}` for kernels that are plain loops; see `tsnas.cost.loops`. With
            `coefficients` as well, an operator takes the geometric mean of both. Defaults to {}.
        factors: dict of the kind of an operator to its `Factor`, from timings of whole models. Defaults to {}.
        flash_byte_cycles: float, cycles for a byte of weights from a serial flash, read once an inference. Defaults to
            0: the flash is inside the microcontroller.
        trust: str, a sentence on how far to trust the latencies. Defaults to an empty one.
        npu: `Npu` that runs networks in place of the CPU; its clock is `clock_hz`. Defaults to None.
        other_kernels: tuple of `Board`, the same board with other kernels; see `with_kernels`. Defaults to ().

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
    kernels: str = CMSIS_NN
    optimised: bool = True
    loops: dict[str, dict[str, float]] = dataclasses.field(default_factory=dict)
    factors: dict[str, Factor] = dataclasses.field(default_factory=dict)
    flash_byte_cycles: float = 0.0
    trust: str = ""
    npu: Npu | None = None
    other_kernels: tuple[Board, ...] = ()

    @property
    def calibrated(self) -> bool:
        """Whether anything that was measured, or an NPU's compiler, stands behind latencies; else there are none."""
        return bool(self.coefficients or self.loops or self.npu)

    @property
    def mve(self) -> bool:
        """Whether CMSIS-NN has kernels with vectors for its core, which take more scratch memory."""
        return self.core in MVE_CORES

    @property
    def kernel_names(self) -> list[str]:
        """Names of all kernels that the board has figures for, the default first."""
        return [self.kernels, *(other.kernels for other in self.other_kernels)]

    def with_kernels(self, kernels: str | None) -> Board:
        """Returns the same board with other kernels flashed.

        Args:
            kernels: str, one of `kernel_names`; None for those that it has.

        Returns:
            A `Board`.

        Raises:
            UnknownKernelsError: the board has no figures for such kernels.

        Example:
            >>> load_board("esp32").with_kernels("reference").kernel_library
            'TensorFlow Lite Micro, reference kernels'
        """
        if kernels is None or kernels == self.kernels:
            return self
        for other in self.other_kernels:
            if other.kernels == kernels:
                shared = {name: getattr(self, name) for name in BOARD_FIELDS}
                rest = tuple(one for one in (self, *self.other_kernels) if one.kernels != kernels)
                rest = tuple(dataclasses.replace(one, other_kernels=()) for one in rest)
                return dataclasses.replace(other, **shared, other_kernels=rest)
        raise UnknownKernelsError(
            f"Board {self.name!r} has no figures for kernels={kernels!r}; it has "
            f"{', '.join(map(repr, self.kernel_names))}. {calibration_steps(self.name, kernels, self.core)}"
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the board as a dict of plain values, for `json.dump`; `Board.from_json` reads it back."""
        own = dataclasses.asdict(dataclasses.replace(self, table=(), other_kernels=()))
        return board_values(own, self.table, [other.to_json() for other in self.other_kernels])

    @classmethod
    def from_json(cls, values: Any, source_name: str = "board") -> Board:
        """Builds a board from the dict that `to_json` returns, and checks every field against `board.schema.json`.

        Args:
            values: dict of the fields of `Board`.
            source_name: str, the file to name in messages. Defaults to `"board"`.

        Returns:
            A `Board`.

        Raises:
            BoardFileError: a field is missing, unknown, of another type, negative or not finite.
        """
        fields = board_fields(values, source_name, cls.from_json)
        # What kernels need follows from the core, however its name is spelled.
        board = cls(**fields | {"core": core_named(fields["core"])})
        if len(set(board.kernel_names)) < len(board.kernel_names):
            raise field_error(source_name, ("other_kernels",), f"name kernels twice: {', '.join(board.kernel_names)}")
        for index, record in enumerate(board.table):
            fault = board.record_fault(record)
            if fault is not None:
                raise field_error(source_name, ("table", index), f"cannot be used: {fault}")
        return board

    def measured(self, op: Op) -> OpMeasurement | None:
        """Returns the record of exactly this operator in the board's table.

        Args:
            op: operator descriptor.

        Returns:
            `OpMeasurement`, or None if it was not measured.
        """
        return self._records.get(op)

    def with_table(self, records: Iterable[OpMeasurement]) -> Board:
        """Returns the same board with measured operators, each of which overrides the kernel model.

        Args:
            records: iterable of `OpMeasurement`; of two records of one operator, the last one counts.

        Returns:
            A `Board` with these records added to its table.

        Raises:
            BoardError: a record cannot be used for this board, such as one of another toolchain;
                `tsnas.cost.op_table.checked_table` separates such records.

        Example:
            >>> board = load_board("nucleo_f446re")
            >>> board = board.with_table(checked_table(read_table("my_measurements.csv"), board)[0])
        """
        records = tuple(records)
        for record in records:
            fault = self.record_fault(record)
            if fault is not None:
                raise BoardError(f"Board {self.name!r} cannot use the record of {record.op}: {fault}.")
        return dataclasses.replace(self, table=(*self.table, *records))

    def record_fault(self, record: OpMeasurement) -> str | None:
        """Returns the reason why a record cannot be used for this board.

        A record is stale if another kernel library or toolchain made it; it is impossible if its arena is smaller than
        its own tensors, or if the interpreter took fewer cycles than the operator within it.

        Args:
            record: `OpMeasurement`.

        Returns:
            str, the reason; None if the record can be used.
        """
        if record.board != self.name:
            return f"of board {record.board!r}, not {self.name!r}"
        for field in ("kernel_library", "toolchain"):
            value, expected = getattr(record, field), getattr(self, field)
            if value is not None and value != expected:
                return f"stale: {field} is {value!r}, the board's is {expected!r}"
        if not 0 < record.op_cycles <= record.invoke_cycles:
            cycles = f"{record.op_cycles} cycles of the operator within {record.invoke_cycles} of the interpreter"
            return f"impossible: {cycles}"
        tensor_bytes = sum(math.prod(shape) for shape in (*record.op.in_shapes, record.op.out_shape))
        if record.arena_bytes < tensor_bytes:
            return f"impossible: an arena of {record.arena_bytes} bytes for tensors of {tensor_bytes} bytes"
        return None

    @functools.cached_property
    def _records(self) -> dict[Op, OpMeasurement]:
        return {record.op: record for record in self.table}


def board_names() -> list[str]:
    """Returns the names of the boards that come with tsnas, sorted."""
    return sorted(path.stem for path in BOARDS_DIR.glob("*.json"))


def load_board(name_or_path: str | os.PathLike[str] | Board, kernels: str | None = None) -> Board:
    """Loads a board by its name, or from a file.

    Args:
        name_or_path: str, a name of `board_names()`, or the path of a .json file; or a `Board`, returned as it is.
        kernels: str, name of the kernels that are flashed, one of `Board.kernel_names`. Defaults to None: those that
            the board's file puts first, the best documented.

    Returns:
        A `Board`.

    Raises:
        UnknownBoardError: no board has this name.
        BoardFileError: the file is missing, not JSON, or a field of it is wrong.
        UnknownKernelsError: the board has no figures for these kernels.

    Example:
        >>> load_board("nicla_sense_me").clock_hz
        64000000.0
    """
    return _found(name_or_path).with_kernels(kernels)


def board_beside(model: str | os.PathLike[str]) -> Board | None:
    """Returns the board that was saved with a model; None if there is none.

    Args:
        model: path of the folder of a search, or of a file in it.
    """
    path = pathlib.Path(model)
    file = (path if path.is_dir() else path.parent) / BOARD_FILE
    return _read_board(file) if file.is_file() else None


def calibration_steps(board: str, kernels: str, core: str = "") -> str:
    """Returns the three steps from a board without figures to one with them, as the end of a message."""
    # Of no other cores the sources are different.
    flag = f" --core={core}" if core in MVE_CORES else ""
    return (
        f"Calibrate it by timings, in three steps: 1. `tsnas boards kit --out=kit{flag}` writes four small models as "
        "an Arduino sketch. 2. Flash it, and put the lines that it prints into timings.txt. 3. `tsnas boards calibrate "
        f"--board={shlex.quote(board)} --kernels={kernels} --timings=timings.txt --kit=kit` writes the board's file."
    )


def _found(name_or_path: str | os.PathLike[str] | Board) -> Board:
    if isinstance(name_or_path, Board):
        return name_or_path
    if isinstance(name_or_path, str) and not name_or_path.endswith(".json"):
        names = board_names()
        if name_or_path not in names:
            near = difflib.get_close_matches(name_or_path, names, n=3, cutoff=0.4)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise UnknownBoardError(
                f"No board is called {name_or_path!r}.{hint} Known boards: {', '.join(names)}. "
                "For a board of your own, give the path of its .json file. `tsnas boards new` writes one for a chip "
                "with a core of these; for any other, " + calibration_steps(name_or_path, PORTABLE).partition(": ")[2]
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

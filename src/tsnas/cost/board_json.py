"""A board as plain JSON values, as its file holds them: written, and read back with every field checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from tsnas.cost.board_parts import BOARD_FIELDS, CMSIS_NN, PLAIN_KERNELS, PORTABLE, Factor, LatencyError, Npu, Runtime
from tsnas.cost.board_schema import check_board_json, field_error
from tsnas.cost.measurements import OpMeasurement, record_from_json, record_to_json

# Most boards have none of these, and earlier versions of tsnas refuse them.
RARE_FIELDS = ("loops", "factors", "flash_byte_cycles", "trust", "npu", "other_kernels")

AnyBoard = TypeVar("AnyBoard")


def board_values(
    own: dict[str, Any], table: Iterable[OpMeasurement], others: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Returns a board as a dict of plain values.

    Args:
        own: dict of its fields but for these two, as plain values.
        table: iterable of `OpMeasurement`, its `table`.
        others: sequence of the same board with other kernels, each as such a dict.
    """
    values = own | {"table": [record_to_json(record) for record in table]}
    values["other_kernels"] = [
        {name: value for name, value in other.items() if name not in (*BOARD_FIELDS, "other_kernels")}
        for other in others
    ]
    return {name: value for name, value in values.items() if value or name not in RARE_FIELDS}


def board_fields(values: Any, source_name: str, from_json: Callable[[Any, str], AnyBoard]) -> dict[str, Any]:
    """Returns the fields of the board that `board_values` described, after checking all of them.

    Args:
        values: dict of plain values.
        source_name: str, the file to name in messages.
        from_json: function of such a dict and this name, for the same board with other kernels.

    Raises:
        BoardFileError: a field is missing, unknown, of another type, negative or not finite.
    """
    check_board_json(values, source_name)
    fields = dict(values)
    fields["clock_hz"] = float(fields["clock_hz"])
    fields["latency_error"] = LatencyError(**fields["latency_error"])
    fields["runtime"] = Runtime(**fields["runtime"])
    fields["table"] = _table(fields.get("table", []), source_name)
    fields["npu"] = Npu(**fields["npu"]) if fields.get("npu") else None
    fields["factors"] = {kind: Factor(**factor) for kind, factor in fields.get("factors", {}).items()}
    # Files of earlier versions do not name the kernels, only their library.
    fields.setdefault("kernels", _name_of(fields["kernel_library"]))
    fields.setdefault("optimised", fields["kernels"] not in PLAIN_KERNELS)
    shared = {name: values[name] for name in BOARD_FIELDS if name in values}
    fields["other_kernels"] = tuple(from_json(shared | other, source_name) for other in fields.get("other_kernels", ()))
    return fields


def _name_of(kernel_library: str) -> str:
    """Returns the name of kernels that a file of an earlier version describes only by their library."""
    return PORTABLE if kernel_library.startswith("portable C") else CMSIS_NN


def _table(rows: list[dict[str, Any]], source_name: str) -> tuple[OpMeasurement, ...]:
    records = []
    for index, row in enumerate(rows):
        try:
            records.append(record_from_json(row))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            fault = f"is {row!r}: {type(error).__name__}: {error}; it must have the columns of a measured operator"
            raise field_error(source_name, ("table", index), fault) from error
    return tuple(records)

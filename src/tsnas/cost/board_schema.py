"""Checks board files against their schema, with an error about the first field that violates it."""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tsnas.errors import BoardFileError
from tsnas.system.arguments import is_number

SCHEMA_FILE = pathlib.Path(__file__).parent / "board.schema.json"
# Nothing on a board is smaller or larger; beyond, sums of costs would overflow.
SMALLEST, LARGEST = 1e-15, 1e15


def check_board_json(values: Any, source_name: str) -> None:
    """Checks the values of a board file against `board.schema.json`.

    Args:
        values: any JSON value.
        source_name: str, the file to name in messages.

    Raises:
        BoardFileError: a field is missing, unknown, of another type, negative or not finite; the first one is named.
    """
    try:
        for place, value in _numbers(values, ()):
            # NaN is a number that no comparison of the schema refuses.
            if not is_number(value):
                raise field_error(source_name, place, f"is {str(value)[:20]}; it must be finite")
            if value and not SMALLEST <= abs(value) <= LARGEST:
                fault = f"is {value:.3g}; the size of a number that is not 0 must be from {SMALLEST:g} to {LARGEST:g}"
                raise field_error(source_name, place, fault)
        errors = sorted(_validator().iter_errors(values), key=lambda error: [str(part) for part in error.absolute_path])
    except RecursionError:
        raise field_error(source_name, (), "is nested too deeply") from None
    for error in errors:
        raise field_error(source_name, *_place_and_fault(error))


def field_error(source_name: str, place: Sequence[Any], fault: str) -> BoardFileError:
    """Returns the error about one field of a board file.

    Args:
        source_name: str, the file.
        place: sequence of keys and indices that lead to the field.
        fault: str, what is wrong with it.

    Returns:
        `BoardFileError`, to be raised.
    """
    field = ".".join(map(str, place)) or "the top level"
    return BoardFileError(f"Board file {source_name!r}: {field} {fault}.")


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
        "enum": lambda: " or ".join(map(repr, allowed)),
        "pattern": lambda: "a day such as 2026-01-31" if place[-1] == "date" else "lower-case letters, digits and _",
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

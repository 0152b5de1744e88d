"""Costs of single operators on an NPU, kept on disk from one process to the next."""

from __future__ import annotations

import atexit
import dataclasses
import json
import pathlib
from typing import Any

from tsnas.errors import OutputDirError
from tsnas.graph.ops import Op
from tsnas.system.arguments import is_number
from tsnas.system.files import check_output_dir, parse_json, write_file

# Written after so many new operators, and at the end of the process.
WRITE_EVERY = 500


@dataclasses.dataclass(frozen=True)
class OpOnNpu:
    """Costs of one operator on an NPU.

    Args:
        cycles: float, cycles of the NPU.
        scratch_bytes: int, RAM that it needs beside its tensors, such as for its weights.
        file_bytes: int, what it adds to the compiled file.
    """

    cycles: float
    scratch_bytes: int
    file_bytes: int


class OpCache:
    """The operators that are known of one NPU, compiled by one version of Vela.

    The file is written whole. Processes that write it at the same time lose some of each other's operators, which are
    then compiled again; a file that cannot be read or written is as good as none.

    Args:
        path: path of the file; its folder is created when it is written.
    """

    def __init__(self, path: pathlib.Path):
        self._path = path
        self._known = self._read()
        self._n_new = 0
        atexit.register(self.write)

    def get(self, op: Op) -> OpOnNpu | str | None:
        """Returns the costs of an operator, the message on one that the NPU cannot run, or None."""
        return self._known.get(repr(op))

    def put(self, op: Op, costs: OpOnNpu | str) -> OpOnNpu | str:
        """Keeps the costs of an operator, or the message on it, and returns them."""
        self._known[repr(op)] = costs
        self._n_new += 1
        if self._n_new >= WRITE_EVERY:
            self.write()
        return costs

    def write(self) -> None:
        """Writes the file, with what others have added to it; does nothing if nothing is new."""
        if not self._n_new:
            return
        self._known = self._read() | self._known
        self._n_new = 0
        values = {op: costs if isinstance(costs, str) else vars(costs) for op, costs in self._known.items()}
        try:
            check_output_dir(self._path.parent)
            write_file(self._path, json.dumps(values))
        except OutputDirError:
            return

    def _read(self) -> dict[str, OpOnNpu | str]:
        try:
            values = parse_json(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(values, dict):
            return {}
        return {op: costs for op, value in values.items() if (costs := _costs(value)) is not None}


def _costs(value: Any) -> OpOnNpu | str | None:
    names = [field.name for field in dataclasses.fields(OpOnNpu)]
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and sorted(value) == sorted(names) and all(map(_is_cost, value.values())):
        return OpOnNpu(**value)
    return None


def _is_cost(value: Any) -> bool:
    return is_number(value) and value >= 0

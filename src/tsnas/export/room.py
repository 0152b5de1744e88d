"""Checks that a board can run an export, and has room for it as far as that is known before it is linked."""

from __future__ import annotations

from typing import Any

from tsnas.cost.board import Board
from tsnas.errors import ExportError


def check_room(facts: dict[str, Any], board: Board) -> None:
    """Checks the RAM and the flash that the sources surely take.

    Args:
        facts: dict of the variables of the templates.
        board: `Board`.

    Raises:
        ExportError: the board has less; the message says how much of each.
    """
    selftest_bytes = facts["windows"].nbytes + len(facts["windows"]) * len(facts["outputs"][0])
    constant_bytes = facts.get("constant_bytes", len(facts["tflite"]))
    _check("RAM", board.name, board.ram_bytes, arena=facts["arena_bytes"], stream=facts["stream_bytes"])
    _check("flash", board.name, board.flash_bytes, model=constant_bytes, selftest=selftest_bytes)


def refuse_npu(board: Board) -> None:
    """Refuses sources for a board whose NPU runs its networks: sources run on the CPU.

    Raises:
        ExportError: the board has an NPU; the message says what to do instead.
    """
    if board.npu is not None:
        raise ExportError(
            f"On {board.name} the network runs on the NPU, for which there are no sources, only the file that Vela "
            "makes. Give format='tflite', or name a board without an NPU. Vela is run by "
            f"`{' '.join(board.npu.command('model.tflite'))}`."
        )


def _check(memory: str, board: str, has_bytes: int, **parts: int) -> None:
    needed_bytes = sum(parts.values())
    if needed_bytes > has_bytes:
        named = " and ".join(f"{size:,} for the {name}" for name, size in parts.items())
        raise ExportError(
            f"The model needs at least {needed_bytes:,} bytes of {memory} ({named}), but {board} has {has_bytes:,}; "
            f"search for a smaller one with max_{'ram' if memory == 'RAM' else memory}_kb, or name another board."
        )

"""Makes a board from a known, related one, with a margin that follows from how closely the two are related."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.cost.board import Board, calibration_steps, load_board
from tsnas.cost.board_parts import CMSIS_NN, MVE_CORES, PLAIN_KERNELS, PORTABLE, LatencyError, core_named
from tsnas.cost.fit import fit_board_coefficients
from tsnas.cost.latency import op_cycles
from tsnas.cost.measurements import OpMeasurement
from tsnas.errors import SettingError

# Errors of each board under the coefficients of another; made by benchmarks/latency_limits.py.
RELATIVES_FILE = pathlib.Path(__file__).parent / "relatives.json"
# From so many measured operators on, a fit of their own is tried beside one factor for all.
FIT_FROM = 30
# With fewer, their own error says too little; that between boards counts if it is larger.
JUDGE_FROM = 8
FOLDS = 5


def board_from_relative(
    name: str,
    core: str,
    clock_hz: float,
    ram_bytes: int,
    flash_bytes: int,
    *,
    relative: str | None = None,
    active_power_mw: float | None = None,
    measurements: Sequence[OpMeasurement] = (),
) -> Board:
    """Makes a board with the coefficients of a related one, or with its own where operators were measured on it.

    Args:
        name: str, name of the new board.
        core: str, such as `"cortex-m4"`; without `relative`, one that a known board has.
        clock_hz: float, CPU clock.
        ram_bytes: int, RAM of the microcontroller.
        flash_bytes: int, its flash.
        relative: str, name of the known board to start from. Defaults to None: the one with the same core and the
            nearest clock.
        active_power_mw: float, power while the CPU computes. Defaults to None: unknown.
        measurements: sequence of `OpMeasurement` made on the new board. A few give one factor for all coefficients;
            with 30 or more, new coefficients are fitted if these do better on operators kept out. Defaults to ().

    Returns:
        `Board`. Its latency error is that on its own operators, each kept out in turn; without any, the largest error
        between known boards that are as closely related.

    Raises:
        SettingError: no known board has this core, one of the two cores has MVE and the other has not, or a
            measurement has no positive number of cycles.
        UnknownBoardError: `relative` is not known.
        BoardFileError: a number or text that no board can have; the message names the field.

    Example:
        >>> board = board_from_relative("my_board", "cortex-m4", 84e6, 96 * 1024, 512 * 1024)
        >>> board.latency_error.p95_relative
        0.15842
    """
    core = core_named(core)
    origin = load_board(relative) if relative else _nearest(core, clock_hz)
    if (core in MVE_CORES) != origin.mve:
        raise SettingError(
            f"{origin.name} has a {origin.core}, and of these two cores {core if core in MVE_CORES else origin.core} "
            f"alone has MVE, for which kernels are others: no relative. {calibration_steps(name, CMSIS_NN, core)}"
        )
    values = origin.to_json() | {
        "name": name,
        "description": f"{name}, {core} at {clock_hz / 1e6:g} MHz; coefficients from {origin.name}",
        "core": core,
        "clock_hz": clock_hz,
        "ram_bytes": ram_bytes,
        "flash_bytes": flash_bytes,
        "active_power_mw": active_power_mw,
        "table": [],
        "source": f"Coefficients of {origin.name}. {origin.source}",
        "date": datetime.date.today().isoformat(),
    }
    values["latency_error"] = dataclasses.asdict(_error_between_boards(origin, core, scaled=bool(measurements)))
    board = Board.from_json(values, name)
    return calibrated_board(board, measurements) if measurements else board


def uncalibrated_board(
    name: str, core: str, clock_hz: float, ram_bytes: int, flash_bytes: int, kernels: str = PORTABLE
) -> Board:
    """Makes a board of which nothing was measured: it has no latencies before timings calibrate it.

    Args:
        name: str, name of the new board.
        core: str, its core, such as `"xtensa-lx7"`.
        clock_hz: float, CPU clock.
        ram_bytes: int, RAM of the microcontroller.
        flash_bytes: int, its flash.
        kernels: str, name of the kernels that are flashed. Defaults to `"portable"`.

    Returns:
        A `Board` without coefficients.

    Raises:
        BoardFileError: a number or text that no board can have; the message names the field.
    """
    values = load_board(known_boards()[0]).to_json() | {
        "name": name,
        "description": f"{name}, {core} at {clock_hz / 1e6:g} MHz",
        "core": core,
        "clock_hz": clock_hz,
        "ram_bytes": ram_bytes,
        "flash_bytes": flash_bytes,
        "kernels": kernels,
        "kernel_library": kernels,
        "toolchain": "not recorded",
        "optimised": kernels not in PLAIN_KERNELS,
        "coefficients": {},
        "latency_error": {"median_relative": 0.0, "p95_relative": 0.0, "n_ops": 0, "split": "not measured"},
        "table": [],
        "source": "Nothing was measured.",
        "date": datetime.date.today().isoformat(),
        "trust": "No latencies before a calibration.",
    }
    return Board.from_json(values, name)


def known_boards() -> list[str]:
    """Returns the names of the boards whose operators were measured, and whose errors as relatives are known."""
    return sorted(json.loads(RELATIVES_FILE.read_text(encoding="utf-8")))


def known_cores() -> list[str]:
    """Returns the cores of the boards whose operators were measured."""
    return sorted({load_board(name).core for name in known_boards()})


def _nearest(core: str, clock_hz: float) -> Board:
    boards = [load_board(name) for name in known_boards()]
    same = [board for board in boards if board.core == core]
    if not same:
        known = ", ".join(known_cores())
        names = "" if core in MVE_CORES else ", ".join(known_boards())
        raise SettingError(
            f"No known board has a {core!r}; known cores are {known}, and cycles of one instruction set say nothing "
            f"about another. {calibration_steps('NAME', PORTABLE, core)} Add --core={core} --clock_mhz=MHZ "
            "--ram_kb=KB --flash_kb=KB to the last."
            + (f" For a core that is much like one of these, name a relative ({names})." if names else "")
        )
    return min(same, key=lambda board: abs(np.log(board.clock_hz / clock_hz)) if clock_hz > 0 else 0.0)


def _error_between_boards(origin: Board, core: str, scaled: bool) -> LatencyError:
    """The largest error between known boards that are related as the new one is to `origin`."""
    how = "one_factor" if scaled else "as_they_are"
    same_core = origin.core == core
    tables: dict[str, dict[str, Any]] = json.loads(RELATIVES_FILE.read_text(encoding="utf-8"))
    pairs = [
        others[other][how]
        for board, others in tables.items()
        for other in others
        if (load_board(board).core == load_board(other).core) == same_core
    ]
    return LatencyError(
        median_relative=round(max(pair["median"] for pair in pairs), 5),
        p95_relative=round(max(pair["p95"] for pair in pairs), 5),
        n_ops=sum(int(pair["n"]) for pair in pairs),
        split=f"largest between known boards of {'one core' if same_core else 'different cores'}"
        + (", scaled by one factor" if scaled else ""),
    )


def calibrated_board(board: Board, measurements: Sequence[OpMeasurement]) -> Board:
    """Scales a board to operators that were measured on it, or fits it to 30 or more if that does better.

    Args:
        board: `Board` whose coefficients are the start.
        measurements: sequence of `OpMeasurement`, at least one.

    Returns:
        `Board` with the error found on the operators, each kept out in turn.

    Raises:
        SettingError: a measurement has no positive number of cycles.
    """
    for row in measurements:
        if not row.op_cycles > 0:
            raise SettingError(f"{row.op} was measured at {row.op_cycles} cycles; cycles must be positive.")
    n = len(measurements)
    choices = [_scaled] if n < FIT_FROM else [_scaled, _fitted]
    errors = {choice: _held_out_errors(board, measurements, choice) for choice in choices}
    choice = min(choices, key=lambda c: np.percentile(errors[c], 95))
    own, between = errors[choice], board.latency_error
    median, p95 = (float(np.percentile(own, q)) for q in (50, 95)) if n > 1 else (0.0, 0.0)
    split = f"{n} operators of its own, each kept out in turn"
    if n < JUDGE_FROM:
        median, p95 = max(median, between.median_relative), max(p95, between.p95_relative)
        split += f", and at least the {between.split}"
    how = "scaled to" if choice is _scaled else "fitted anew to"
    return dataclasses.replace(
        choice(board, measurements),
        latency_error=LatencyError(round(median, 5), round(p95, 5), n, split),
        source=f"{board.source} Here {how} {n} operators measured on this board.",
    )


def _scaled(board: Board, rows: Sequence[OpMeasurement]) -> Board:
    factor = float(np.median([row.op_cycles / op_cycles(row.op, board) for row in rows]))
    scaled = {k: {name: cycles * factor for name, cycles in steps.items()} for k, steps in board.coefficients.items()}
    return dataclasses.replace(board, coefficients=scaled)


def _fitted(board: Board, rows: Sequence[OpMeasurement]) -> Board:
    # Kernels without a record keep what the relative has for them.
    scaled, own = _scaled(board, rows).coefficients, fit_board_coefficients(rows)
    return dataclasses.replace(board, coefficients={k: scaled[k] | own.get(k, {}) for k in scaled})


def _held_out_errors(board: Board, rows: Sequence[OpMeasurement], choice: Any) -> np.ndarray:
    folds = np.arange(len(rows)) % (FOLDS if len(rows) >= FIT_FROM else len(rows))
    errors = np.zeros(len(rows))
    for fold in np.unique(folds) if len(rows) > 1 else ():
        known = choice(board, [row for row, f in zip(rows, folds, strict=True) if f != fold])
        for i in np.flatnonzero(folds == fold).tolist():
            errors[i] = abs(op_cycles(rows[i].op, known) / rows[i].op_cycles - 1)
    return errors

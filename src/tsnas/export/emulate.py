"""Runs the exported C on an emulated board and compares every byte with the reference interpreter."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import socket
import struct
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tsnas.cost.board_parts import MVE_CORES
from tsnas.cost.latency import op_cycles
from tsnas.data import check_windows
from tsnas.errors import NoAnswerError, SettingError, VerificationError, WindowShapeError
from tsnas.export.firmware import Firmware
from tsnas.export.formats import export_model
from tsnas.export.network import build_network
from tsnas.export.rejection_levels import REJECTED
from tsnas.probe.build import KERNEL_LIBRARIES, compile_command, compile_image, firmware_dir
from tsnas.probe.conversion import conversion_for, cycles_of
from tsnas.probe.cores import PORTABLE, choose_kernels, find_core
from tsnas.probe.emulator import Emulator

HARNESS = pathlib.Path(__file__).parent / "harness"
TIMEOUT_S = 60.0
NONE, ERROR = -1, -2


@dataclasses.dataclass(frozen=True)
class Answers:
    """The results of an emulated board.

    Args:
        classes: int array (windows,), the predicted classes.
        levels: int8 array (windows, classes), the outputs of the model.
        instructions: float array (layers,), mean number of instructions per window for each layer.
    """

    classes: np.ndarray
    levels: np.ndarray
    instructions: np.ndarray


@dataclasses.dataclass(frozen=True)
class Verified:
    """The result of a successful verification of an export.

    Args:
        core: str, core of the emulated board.
        kernels: str, the kernels that ran, `"cmsis_nn"` or `"portable"`.
        answers: `Answers` for all windows.
        windows, bytes: int, numbers of windows and output bytes that equal those of the reference interpreter.
        instructions: float, number of instructions per window.
        counted_ms: float, these instructions as time on the model's board, by a conversion fitted to measurements of
            CMSIS-NN's kernels; None for a core of which no board was measured.
        predicted_ms: float, the prediction of the latency model for CMSIS-NN's kernels.
        conversion_error: float, mean relative error of the conversion for a single operator of CMSIS-NN; None without
            a conversion.
    """

    core: str
    kernels: str
    answers: Answers
    windows: int
    bytes: int
    instructions: float
    counted_ms: float | None
    predicted_ms: float
    conversion_error: float | None

    def __str__(self) -> str:
        return (
            f"kernels: {KERNEL_LIBRARIES[self.kernels]}\n"
            f"self-test: 0 bytes differ\n"
            f"{self.windows} windows as a stream of samples: 0 of {self.bytes} output bytes differ from the reference\n"
            f"{self.instructions:,.0f} instructions per window{self._time()}"
        )

    def _time(self) -> str:
        if self.counted_ms is None:
            return f"; nothing that was measured turns instructions of a {self.core} into a time of the board"
        if self.kernels == PORTABLE:
            return (
                f": about {self.counted_ms:.2f} ms, by what an instruction of CMSIS-NN's kernels takes on the board "
                f"(no board has measured the portable ones); {self.predicted_ms:.2f} ms predicted for CMSIS-NN's"
            )
        return (
            f": {self.counted_ms:.2f} ms counted, {self.predicted_ms:.2f} ms predicted for these kernels "
            f"({self.counted_ms / self.predicted_ms - 1:+.1%}; the conversion to time is off by "
            f"{self.conversion_error:.1%} on average for a single operator)"
        )


class EmulatedModel:
    """The 'c' export of a model on an emulated board.

    Args:
        firmware: `Firmware`.
        core: str, one of `tsnas.probe.cores.CORES`. Defaults to `"cortex-m4"`.
        x: raw windows for the self-test. Defaults to None: random windows.
        kernels: str, `"cmsis_nn"` or `"portable"`. Defaults to None: CMSIS-NN's where they can run.

    Raises:
        PortError: there is no emulated board with this core.
        SettingError: there are no such kernels, or they cannot run on this core.
        ToolchainError: compiler, kernels or emulator are missing, or the sources do not compile without a warning.

    Example:
        >>> with EmulatedModel(firmware) as board:
        ...     board.selftest(), board.run(x).classes
        (0, array([3, 3, 1]))
    """

    def __init__(self, firmware: Firmware, core: str = "cortex-m4", x: Any = None, kernels: str | None = None):
        self._board, self._kernels = find_core(core), choose_kernels(core, kernels)
        self._firmware, self._core, self._x = with_room_for(firmware, core), core, x
        self._layers = len(build_network(firmware).layers)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> EmulatedModel:
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            export_model(self._firmware, folder, "c", self._x)
            build_image(folder, self._core, self._layers, folder / "model.elf", self._kernels)
            board = stack.enter_context(Emulator(self._core, folder / "model.elf"))
            address = board.url.removeprefix("socket://").split(":")
            self._line = stack.enter_context(socket.create_connection((address[0], int(address[1])), TIMEOUT_S))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def selftest(self) -> int:
        """Runs the self-test and returns the number of bytes that differ."""
        self._line.sendall(b"S")
        return self._read_number()

    def run(self, x: Any, done: Callable[[], object] = lambda: None) -> Answers:
        """Classifies raw windows (windows, time, channels), each of them sent as a stream of samples."""
        time, channels, _ = self._firmware.model.window_shape
        windows = check_windows(x)
        if windows.shape[1:] != (time, channels):
            raise WindowShapeError(f"Windows have shape {windows.shape[1:]}; this model takes {(time, channels)}.")
        classes, levels, ticks = [], [], []
        for window in windows:
            for found in self.stream(window, stride=time):
                classes.append(found[0])
                levels.append(found[1])
                ticks.append(found[2])
            done()
        instructions = np.mean(ticks, axis=0) * self._board.instructions_per_tick
        return Answers(np.array(classes), np.stack(levels), instructions)

    def stream(
        self, samples: np.ndarray, stride: int, raw: bool = False
    ) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Yields class, levels and ticks of each layer for every window that slides over samples (time, channels).

        With `raw`, the samples have all channels of the recordings that the model was made for, at their rate.
        """
        samples = np.ascontiguousarray(samples, "<f4")
        self._line.sendall((b"R" if raw else b"N") + struct.pack("<II", stride, len(samples)) + samples.tobytes())
        while (found := self._read_number()) != NONE:
            if found == ERROR:
                raise VerificationError("A kernel on the emulated board rejects its layer.")
            levels = np.frombuffer(self._receive(self._firmware.model.classes), np.int8)
            yield found, levels, np.frombuffer(self._receive(4 * self._layers), "<u4")

    def _read_number(self) -> int:
        return int(struct.unpack("<i", self._receive(4))[0])

    def _receive(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            try:
                part = self._line.recv(size - len(found))
            except TimeoutError:
                part = b""
            if not part:
                raise NoAnswerError(f"The emulated board has not answered within {TIMEOUT_S:g} s.")
            found += part
        return found


def with_room_for(firmware: Firmware, core: str) -> Firmware:
    """Returns firmware whose exports have the scratch memory of an emulated board, whatever board they are for.

    Args:
        firmware: `Firmware`.
        core: str, one of `tsnas.probe.cores.CORES`.

    Returns:
        `Firmware`; the same one where kernels have no vectors.
    """
    name = find_core(core).name
    if name not in MVE_CORES:
        return firmware
    return dataclasses.replace(firmware, board=dataclasses.replace(firmware.board, core=name))


def build_image(export: pathlib.Path, core: str, layers: int, target: pathlib.Path, kernels: str | None = None) -> None:
    """Compiles a 'c' export without changes for an emulated board; warnings are errors.

    Args:
        export: path of the export's folder.
        core: str, one of `tsnas.probe.cores.CORES`.
        layers: int, number of layers of the model.
        target: path of the ELF file to write.
        kernels: str, `"cmsis_nn"` or `"portable"`. Defaults to None: CMSIS-NN's where they can run.

    Raises:
        ToolchainError: compiler or kernels are missing, or there is a warning.
    """
    files = [*sorted((export / "tsnas").glob("*.c")), HARNESS / "main.c"]
    flags = [f"-I{export / 'tsnas'}", f"-I{firmware_dir() / 'core'}", f"-DTSNAS_LAYERS={layers}"]
    command = compile_command(core, files, [*flags, "-include", str(HARNESS / "layers.h")], kernels)
    compile_image(command, target, find_core(core).toolchain)


def verify_export(
    firmware: Firmware,
    x: Any,
    core: str | None = None,
    done: Callable[[], object] = lambda: None,
    kernels: str | None = None,
) -> Verified:
    """Compiles the 'c' export of a model, runs it on an emulated board, and compares it with the reference interpreter.

    Args:
        firmware: `Firmware`.
        x: raw windows (windows, time, channels).
        core: str, one of `tsnas.probe.cores.CORES`. Defaults to None: the core of the model's board.
        done: callable without arguments, called after each window. Defaults to one that does nothing.
        kernels: str, `"cmsis_nn"` or `"portable"`. Defaults to None: CMSIS-NN's where they can run.

    Returns:
        `Verified`.

    Raises:
        VerificationError: a byte differs.
        PortError: no emulated board has this core.
        SettingError: there are no such kernels, or they cannot run on this core.
        ToolchainError: compiler, kernels or emulator are missing.
    """
    windows = check_windows(x)
    core = core or firmware.board.core
    kernels = choose_kernels(core, kernels)
    with EmulatedModel(firmware, core, x, kernels) as board:
        differing = board.selftest()
        if differing:
            raise VerificationError(f"{differing} bytes differ in the self-test on the emulated {core}.")
        answers = board.run(windows, done)
    expected = firmware.model.predict_int8(firmware.quantise(windows))
    classes = np.where(firmware.rejects(windows), REJECTED, expected.argmax(axis=1))
    wrong = np.flatnonzero((answers.levels != expected).any(axis=1) | (answers.classes != classes))
    if len(wrong):
        raise VerificationError(
            f"The exported C differs from the reference interpreter in {len(wrong)} of {len(windows)} windows. The "
            f"first is {wrong[0]}: {answers.levels[wrong[0]].tolist()} instead of {expected[wrong[0]].tolist()}."
        )
    ops = [node.op for node in firmware.graph.nodes]
    ms_per_cycle = 1000.0 / firmware.board.clock_hz
    counted_ms = conversion_error = None
    with contextlib.suppress(SettingError):
        conversion = conversion_for(firmware.board.name, find_core(core).name, firmware.board.mve)
        cycles = sum(cycles_of(op, count, conversion) for op, count in zip(ops, answers.instructions, strict=True))
        counted_ms, conversion_error = cycles * ms_per_cycle, float(conversion["mape"])
    return Verified(
        core=core,
        kernels=kernels,
        answers=answers,
        windows=len(windows),
        bytes=int(expected.size),
        instructions=float(answers.instructions.sum()),
        counted_ms=counted_ms,
        predicted_ms=sum(op_cycles(op, firmware.board) for op in ops) * ms_per_cycle,
        conversion_error=conversion_error,
    )

"""A board in QEMU that runs the probe firmware, with a TCP port in place of its serial line."""

from __future__ import annotations

import contextlib
import ctypes
import pathlib
import shutil
import signal
import socket
import subprocess
import time
from types import TracebackType

from tsnas.errors import ToolchainError
from tsnas.probe.build import build
from tsnas.probe.cores import find_core

# Each instruction takes 2**6 ns of the emulated clock: the timers then count instructions, exactly and repeatably.
ICOUNT = "shift=6"
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
PR_SET_PDEATHSIG = 1


class Emulator:
    """An emulated board; use it as a context manager.

    Args:
        core: str, one of `tsnas.probe.cores.CORES`.
        elf: path of the firmware, or None to build it. Defaults to None.
        tcp_port: int, port on 127.0.0.1; 0 takes a free one. Defaults to 0.
        kernels: str, `"cmsis_nn"` or `"portable"`, if the firmware is built here. Defaults to None: CMSIS-NN's where
            they can run.

    Attributes:
        url: str, URL of the port, for `ProbeClient`.

    Raises:
        ToolchainError: compiler, kernels or emulator are missing or fail.
        PortError, SettingError: there is no such core, or it cannot run these kernels.

    Example:
        >>> with Emulator("cortex-m4") as board, ProbeClient(board.url) as probe:
        ...     probe.hello.counter
        'instructions'
    """

    def __init__(self, core: str, elf: pathlib.Path | None = None, tcp_port: int = 0, kernels: str | None = None):
        self.core = core
        self._board = find_core(core)
        self._elf = elf or build(core, kernels=kernels)
        self._tcp_port = tcp_port or _free_port()
        self.url = f"socket://127.0.0.1:{self._tcp_port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Emulator:
        toolchain = self._board.toolchain
        program = shutil.which(toolchain.emulator)
        if program is None:
            raise ToolchainError(f"{toolchain.emulator} is missing; install it with: {toolchain.install}")
        serial = f"tcp:127.0.0.1:{self._tcp_port},server=on,wait=on,nodelay=on"
        command = [program, "-M", self._board.machine, "-kernel", str(self._elf), "-icount", ICOUNT]
        command += [*toolchain.options, "-display", "none", "-monitor", "none", "-serial", serial]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=_end_with_parent,
        )
        try:
            self._wait_until_listening()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def wait(self) -> None:
        """Waits until the emulator exits."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """Stops the emulator."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()

    def _wait_until_listening(self) -> None:
        # QEMU takes one connection only, so the port is looked for in the system's list and not tried.
        assert self._process is not None
        deadline, emulator = time.monotonic() + START_TIMEOUT_S, self._board.toolchain.emulator
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                message = self._process.stderr.read().decode() if self._process.stderr else ""
                raise ToolchainError(f"{emulator} has ended at once: {message.strip() or 'no message'}")
            if _is_listening(self._tcp_port):
                return
            time.sleep(0.01)
        raise ToolchainError(f"{emulator} does not listen on port {self._tcp_port} after {START_TIMEOUT_S:g} s.")


def _end_with_parent() -> None:
    """A killed parent cannot end its emulator, which would go on for ever; Linux does it in its place."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _is_listening(tcp_port: int) -> bool:
    wanted = f"0100007F:{tcp_port:04X}"
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(fields[1] == wanted and fields[3] == "0A" for fields in map(str.split, lines))

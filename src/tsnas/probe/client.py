"""Client of a probe, over any port that pyserial knows: requests, answers, retries and clear errors."""

from __future__ import annotations

import secrets
import struct
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import serial

from tsnas.errors import (
    BoardMemoryError,
    FirmwareVersionError,
    NoAnswerError,
    ProbeError,
    ProbeResetError,
    UnsupportedProbeOpError,
)
from tsnas.probe import protocol
from tsnas.probe.protocol import Frame, FrameReader, Hello, Measured, OpWords, Status
from tsnas.system.serial_port import open_port

BAUD = 115200
# Bytes that are sent before a board has started are lost, so the first request is sent again and again.
HELLO_TIMEOUT_S, HELLO_TRIES = 0.5, 12
TIMEOUT_S, TRIES, GROWTH = 0.5, 8, 1.5
# The longest run that is waited for, and what each of its counts may take.
RUN_TIMEOUT_S = 30.0
SECONDS_PER_COUNT = 1 / 16e6


class ProbeClient:
    """An open port with a probe behind it.

    Args:
        url: str, any URL of pyserial, such as `"/dev/ttyACM0"`, `"socket://127.0.0.1:5555"` or a pty.
        baud: int, bits per second. Defaults to 115200.
        opened: function of no arguments that returns an open pyserial port, to use instead of `url`. Defaults to None.

    Raises:
        PortError: the port does not exist, is in use, or may not be opened.
        NoAnswerError: nothing that answers like a probe is behind it.
        FirmwareVersionError: the probe speaks another version of the protocol.

    Example:
        >>> with ProbeClient("/dev/ttyACM0") as probe:
        ...     probe.run(words, seed=1, repeats=3).mean
    """

    def __init__(self, url: str, baud: int = BAUD, opened: Callable[[], Any] | None = None):
        self.url = url
        self._port = opened() if opened else open_port(url, baud)
        self._port.timeout = 0
        self._reader = FrameReader()
        self._number = secrets.randbelow(256)
        self._session = 0
        try:
            self.hello = self._start_session()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the port."""
        self._port.close()

    def __enter__(self) -> ProbeClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def run(self, op: OpWords, seed: int = 1, repeats: int = 1, written: bool = False, counts: int = 0) -> Measured:
        """Runs an operator and counts what it takes.

        Args:
            op: `OpWords`.
            seed: int, seed of its tensors. Defaults to 1.
            repeats: int in [0, 255], number of runs; 0 only gives the tensors their places. Defaults to 1.
            written: bool, whether the tensors are those that were written before. Defaults to False: seeded ones.
            counts: int, the count to expect, which says how long to wait for the answer. Defaults to 0.

        Returns:
            A `Measured`.

        Raises:
            BoardMemoryError: its tensors are larger than the memory of the board.
            UnsupportedProbeOpError: the firmware has no kernel for it.
            ProbeResetError: the board has restarted since the session began; what was written is lost.
        """
        source = protocol.WRITTEN if written else protocol.SEEDED
        payload = struct.pack("<BBI", source, repeats, seed) + op.pack()
        patience_s = min(RUN_TIMEOUT_S, repeats * counts * SECONDS_PER_COUNT)
        status, answer = self._ask(protocol.RUN, payload, patience_s=patience_s)
        if status == protocol.OUT_OF_MEMORY:
            sizes = struct.unpack(f"<{protocol.TENSORS}I", answer[-4 * protocol.TENSORS :])
            raise BoardMemoryError(
                f"{op} needs {sum(sizes)} bytes for its tensors and more for scratch; board {self.hello.board!r} has "
                f"{self.hello.ram_bytes} bytes for both. Leave it out, or use a board with more RAM."
            )
        if status != protocol.OK:
            hint = ""
            if status == protocol.BAD_REQUEST and op.dilated:
                hint = " If its firmware is older than dilated operators, flash the one that comes with this tsnas."
            raise UnsupportedProbeOpError(f"Board {self.hello.board!r} refuses {op} with status {status}.{hint}")
        return Measured.unpack(answer)

    def write(self, tensor: int, content: bytes) -> None:
        """Writes the whole content of a tensor of the operator that was placed last."""
        for at in range(0, len(content), protocol.WRITE_BYTES):
            part = content[at : at + protocol.WRITE_BYTES]
            status, _ = self._ask(protocol.WRITE, struct.pack("<BI", tensor, at) + part)
            if status != protocol.OK:
                raise ProbeError(f"The board refuses bytes {at} to {at + len(part)} of tensor {tensor}: no such place.")

    def read(self, tensor: int, length: int) -> bytes:
        """Reads the first bytes of a tensor of the operator that was placed last."""
        content = b""
        while len(content) < length:
            count = min(protocol.READ_BYTES, length - len(content))
            status, part = self._ask(protocol.READ, struct.pack("<BIB", tensor, len(content), count))
            if status != protocol.OK:
                raise ProbeError(f"The board refuses bytes {len(content)} on of tensor {tensor}: no such place.")
            content += part
        return content

    def status(self) -> Status:
        """Returns the state of the board: whether it has restarted, and how much memory is free."""
        _, answer = self._ask(protocol.STATUS, b"")
        session, placed, free_bytes = struct.unpack("<IBI", answer)
        return Status(session == self._session, bool(placed), free_bytes)

    def restart(self) -> Hello:
        """Begins a new session, as is needed after a reset of the board."""
        self.hello = self._start_session()
        return self.hello

    def _start_session(self) -> Hello:
        self._session = secrets.randbelow(2**32 - 1) + 1
        request = struct.pack("<I", self._session)
        try:
            status, answer = self._ask(protocol.HELLO, request, HELLO_TIMEOUT_S, HELLO_TRIES)
        except NoAnswerError:
            raise NoAnswerError(
                f"Nothing answers on {self.url!r} within {HELLO_TIMEOUT_S * HELLO_TRIES:g} s. Is the probe firmware on "
                f"the board, is this its port, and is its speed {BAUD} baud?"
            ) from None
        if status != protocol.OK or not answer:
            raise NoAnswerError(f"The device on {self.url!r} answers, but is not a probe (status {status}).")
        if answer[0] != protocol.VERSION:
            raise FirmwareVersionError(
                f"The firmware on {self.url!r} speaks version {answer[0]} of the protocol, this tsnas version "
                f"{protocol.VERSION}. Flash the firmware that comes with this tsnas."
            )
        return Hello.unpack(answer)

    def _ask(
        self,
        kind: int,
        payload: bytes,
        timeout_s: float | None = None,
        tries: int | None = None,
        patience_s: float = 0.0,
    ) -> tuple[int, bytes]:
        """Status and rest of the answer. A lost or broken frame is sent again: every request may be repeated.

        Each wait is longer than the last, up to what a long run may take, so that a lost frame costs little.
        """
        timeout_s, tries = timeout_s or TIMEOUT_S, tries or TRIES
        waits = [min(timeout_s + patience_s, timeout_s * GROWTH**number) for number in range(tries)]
        # A run that takes long is waited for in full at least once.
        waits[-1] = timeout_s + patience_s
        self._number = (self._number + 1) % 256
        request = Frame(kind, self._number, payload).pack()
        for wait_s in waits:
            self._send(request)
            answer = self._answer(kind, wait_s)
            if answer is None:
                continue
            if answer[0] == protocol.NO_SESSION:
                raise ProbeResetError(f"The board on {self.url!r} has restarted; what was written to it is lost.")
            return answer[0], answer[1:]
        raise NoAnswerError(
            f"The board on {self.url!r} has stopped answering ({tries} tries in {sum(waits):.1f} s). Was it unplugged?"
        )

    def _answer(self, kind: int, timeout_s: float) -> bytes | None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            for frame in self._reader.feed(self._receive()):
                if (frame.type, frame.number) == (kind | protocol.ANSWER, self._number) and frame.payload:
                    return frame.payload
        return None

    def _send(self, content: bytes) -> None:
        try:
            self._port.write(content)
        except (serial.SerialException, OSError) as error:
            raise NoAnswerError(f"Port {self.url!r} was lost: {error}. Plug the board in and start again.") from error

    def _receive(self) -> bytes:
        try:
            received = self._port.read(4096)
        except (serial.SerialException, OSError) as error:
            raise NoAnswerError(f"Port {self.url!r} was lost: {error}. Plug the board in and start again.") from error
        if not received:
            time.sleep(0.0005)
        return received

"""Listens at an open port for samples, and says what is wrong if none come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tsnas.data.recorder.samples import Samples
from tsnas.errors import NoAnswerError, StreamError
from tsnas.system.serial_port import read_available
from tsnas.system.words import plural

WAIT_S = 0.1
# After so many samples it is clear how many numbers each has.
SURE = 10


class Listener:
    """Samples that arrive at a port.

    Args:
        port: str, its URL, for messages.
        patience_s: float, how long nothing may arrive.
        clock: function that returns the time in seconds.
        names: sequence of str, names of the channels. Defaults to (): those that the board says.
    """

    def __init__(self, port: str, patience_s: float, clock: Callable[[], float], names: Sequence[str] = ()):
        self.samples = Samples(names)
        self._port, self._patience_s, self._clock = port, patience_s, clock
        self._start = self._heard = clock()
        self._received = 0

    def poll(self, opened: Any) -> tuple[float, int]:
        """Reads what has arrived, and waits a little if there is nothing.

        Args:
            opened: port of pyserial.

        Returns:
            (now, added): the time, and how many entries the samples have got.

        Raises:
            PortError: the port has closed.
            NoAnswerError: nothing arrives, or no longer.
            StreamError: what arrives are no samples.
        """
        data = read_available(opened, WAIT_S)
        now, added = self._clock(), 0
        if data:
            self._heard, self._received = now, self._received + len(data)
            added = self.samples.feed(data)
            self._check_names()
        silent = now - self._heard > self._patience_s
        if silent or (now - self._start > self._patience_s and not self.samples.fields):
            self._complain()
        return now, added

    def _check_names(self) -> None:
        given, fields = self.samples.given, self.samples.fields
        if given and self.samples.count >= SURE and len(given) != fields:
            raise StreamError(
                f"Samples at port {self._port!r} have {plural(fields, 'number')}, but channels names {len(given)} "
                f"({', '.join(given)}); give a name for each."
            )

    def _complain(self) -> None:
        if self.samples.fields:
            raise NoAnswerError(f"Nothing has arrived at port {self._port!r} for {self._patience_s:g} s.")
        if self._received:
            shown = f", but such as {self.samples.last_bad!r}" if self.samples.last_bad else ""
            raise StreamError(
                f"{self._received:,} bytes have arrived at port {self._port!r} in {self._patience_s:g} s, but no line "
                f"of numbers{shown}; set the baud rate of the board (--baud), and let it print a sample in each "
                "line, such as 1.5,2,-3."
            )
        raise NoAnswerError(
            f"Nothing has arrived at port {self._port!r} in {self._patience_s:g} s; check that the program on the "
            "board runs and prints, that --baud is its rate, and that no other program, such as a serial monitor, has "
            "the port."
        )

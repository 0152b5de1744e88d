"""Lines of a bench sketch, read from a serial port until every model of a kit has one."""

from __future__ import annotations

import os
import pathlib

import serial

from tsnas.cost.timings import BENCH
from tsnas.errors import NoAnswerError, PortError
from tsnas.system import clock

BAUD = 115_200
# Four models take some seconds each; a line a minute means that nothing will come.
PATIENCE_S = 60.0


def read_lines(port: str, kit: str | os.PathLike[str], patience_s: float = PATIENCE_S) -> list[str]:
    """Reads lines of timings from a port, at least one for each .tflite file of a kit.

    Args:
        port: str, a serial port, or any URL of pyserial.
        kit: folder with the .tflite files.
        patience_s: float, time that is waited for a line. Defaults to a minute.

    Returns:
        list of str, lines that begin with `tsnas-bench 1`.

    Raises:
        PortError: the port cannot be opened, or was lost.
        NoAnswerError: no such line for too long.
    """
    wanted, lines, models = len(list(pathlib.Path(kit).rglob("*.tflite"))), list[str](), set[str]()
    try:
        with serial.serial_for_url(port, baudrate=BAUD, timeout=1.0) as line_port:
            pending, last = b"", clock.monotonic()
            while len(models) < wanted:
                pending += line_port.read(max(1, line_port.in_waiting))
                *complete, pending = pending.split(b"\n")
                for raw in complete:
                    text = raw.decode("ascii", "replace").strip()
                    # The first line may have been cut by opening the port.
                    if text.startswith(BENCH) and "model=" in text:
                        lines.append(text)
                        models.add(text.partition("model=")[2].split()[0])
                        last = clock.monotonic()
                if clock.monotonic() - last > patience_s:
                    raise NoAnswerError(
                        f"No line of timings came from {port!r} for {patience_s:.0f} s; {len(models)} of {wanted} were "
                        "timed so far. Is the sketch of the kit on the board, and its USB port the right one?"
                    )
    except serial.SerialException as error:
        raise PortError(f"Port {port!r} cannot be read: {error}.") from error
    return lines

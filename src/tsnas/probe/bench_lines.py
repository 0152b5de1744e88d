"""Lines of a bench sketch, read from a serial port until every model of a kit has one."""

from __future__ import annotations

import contextlib
import os
import re
import time
from typing import Any

from tsnas.cost.timings import BENCH, models_of
from tsnas.errors import NoAnswerError, PortError
from tsnas.system import clock
from tsnas.system.serial_port import open_port, read_available
from tsnas.system.words import listed

BAUD = 115_200
# Four models take some seconds each, so nothing will come after a minute without another one.
PATIENCE_S = 60.0
# A board with a USB port of its own takes it away while it resets.
RESET_S = 10.0
WAIT_S = 0.2
# A whole line: one that a reset or the opening of the port has cut lacks something.
LINE = re.compile(
    rf"{BENCH}board=\S+ clock_hz=\d+ kernels=\S+ latency_us=[\d.]+ repeats=\d+ differing=\d+ "
    r"model=(?P<model>[0-9a-f]{8}) tsnas=\S+"
)
FAILED = re.compile(r"The model \w+ failed to run\.")


def read_lines(port: str, kit: str | os.PathLike[str], patience_s: float = PATIENCE_S) -> list[str]:
    """Reads lines of timings from a port, at least one for each .tflite file of a kit.

    Everything else that comes is passed over: what a boot loader says, and lines that were cut.

    Args:
        port: str, a serial port, or any URL of pyserial.
        kit: folder with the .tflite files.
        patience_s: float, time that is waited for a line of another model. Defaults to a minute.

    Returns:
        list of str, lines that begin with `tsnas-bench 1`. They end early with a model that is not in the kit.

    Raises:
        TimingsError: there is no .tflite file in the folder.
        PortError: the port cannot be opened, or was lost and did not come back.
        NoAnswerError: no line of another model for too long.
    """
    names = {digits: path.name for digits, path in models_of(kit).items()}
    lines, timed = list[str](), set[str]()
    said, failed = 0, ""
    link: Any = open_port(port, BAUD)
    pending, last = b"", clock.monotonic()
    seen = last
    try:
        while timed < names.keys():
            try:
                link = open_port(port, BAUD) if link is None else link
                received = read_available(link, WAIT_S)
                seen = clock.monotonic()
            except PortError:
                if clock.monotonic() - seen > min(RESET_S, patience_s):
                    raise
                _close(link)
                link, pending = None, b""
                time.sleep(WAIT_S)
                continue
            said += len(received)
            *complete, pending = (pending + received).split(b"\n")
            for raw in complete:
                text = raw.decode("ascii", "replace").strip()
                failure = FAILED.search(text)
                failed = failure.group() if failure else failed
                # A line that was cut by a reset may stand before the first one after it.
                whole = LINE.match(text, max(0, text.rfind(BENCH)))
                if whole is None:
                    continue
                lines.append(whole.group())
                if whole["model"] not in names:
                    return lines
                if whole["model"] not in timed:
                    timed.add(whole["model"])
                    last = clock.monotonic()
            if clock.monotonic() - last > patience_s:
                raise NoAnswerError(_explain(port, names, timed, said, failed, patience_s))
    finally:
        _close(link)
    return lines


def _close(link: Any) -> None:
    """Closes a port that may have gone already."""
    if link is not None:
        with contextlib.suppress(OSError):
            link.close()


def _explain(port: str, names: dict[str, str], timed: set[str], said: int, failed: str, patience_s: float) -> str:
    """Returns what came, what did not, and what to do."""
    if not timed:
        came = f"{said} bytes of something else" if said else "nothing at all"
        return (
            f"No line of timings came from {port!r} for {patience_s:.0f} s, but {came}. Flash the sketch that "
            f"`tsnas boards kit` wrote, close its serial monitor, leave the speed at {BAUD} baud, and give the port of "
            "that board."
        )
    missing = [name for digits, name in names.items() if digits not in timed]
    why = f' The board said: "{failed}"' if failed else ""
    return (
        f"{len(timed)} of {len(names)} models were timed, but no further line came from {port!r} for "
        f"{patience_s:.0f} s: {listed(missing)} {'is' if len(missing) == 1 else 'are'} missing.{why} Reset the board "
        "and start again. If the sketch has no such model, give the folder that `tsnas boards kit` wrote for it "
        "(--kit=DIR); three models are enough, if their lines are saved to a file (--timings=FILE)."
    )

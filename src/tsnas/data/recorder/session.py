"""One recording from a port: reads lines, watches their rate, and writes all that came at each flush."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tsnas.data.recorder.arrivals import clock_lines, measure_rate
from tsnas.data.recorder.listener import Listener
from tsnas.data.recorder.recording_file import check_channels, check_name, compose, next_path
from tsnas.errors import NoAnswerError, PortError, SettingError, StreamError
from tsnas.system.files import check_output_dir, write_file
from tsnas.system.serial_port import open_port
from tsnas.system.words import plural

FLUSH_S, SHOW_S = 1.0, 0.25
# A file is written as a whole, so a long one less often.
FLUSH_SHARE = 0.05
# The rate is judged after so many seconds and lines.
CHECK_S, CHECK_LINES, WORST_RATE = 2.0, 10, 0.15
SHOWN_ROWS = 512


@dataclasses.dataclass(frozen=True)
class Recorded:
    """A recording as far as it has come.

    Args:
        path: path of the file.
        seconds: float, its length.
        samples: int, lines that were kept.
        bad_lines: int, lines that were cut, joined or no numbers, the first one included.
        gaps: int, pauses in which lines were lost.
        lost_s: float, their time.
        rate_hz: float, the measured rate; NaN before there are two lines.
        channels: tuple of str.
        latest: float array (samples, channels), the last ones.
    """

    path: pathlib.Path
    seconds: float
    samples: int
    bad_lines: int
    gaps: int
    lost_s: float
    rate_hz: float
    channels: tuple[str, ...]
    latest: np.ndarray


def record(
    port: str,
    label: str,
    rate_hz: float,
    seconds: float,
    out: str | os.PathLike[str],
    *,
    group: str | None = None,
    channels: Any = None,
    baud: int = 115200,
    patience_s: float = 5.0,
    show: Callable[[Recorded], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Recorded:
    """Records samples from a serial port into a CSV file that `tsnas.data.read` takes.

    Binary frames, as the sketch of `write_sketch` sends them, are taken as well. Else a line is a sample:
    numbers between commas, semicolons, blanks or tabs, with or without the times of a serial monitor; a line of names
    is a header. Lines that are no such line are counted and left out, and their place in time stays empty. The file is
    replaced as a whole every second (of a long recording, every twentieth of its length).

    Args:
        port: str, any URL of pyserial, such as `"/dev/ttyACM0"` or `"socket://127.0.0.1:5555"`.
        label: str, the class of all samples, and the beginning of the file's name.
        rate_hz: float, lines per second that the board sends.
        seconds: float, how long to record, from the first line on.
        out: str or path of the folder, made if it is missing.
        group: str, such as the person. Defaults to None: each file is one.
        channels: list of str, names of the numbers of a sample. Defaults to None: those that the board says.
        baud: int, bits per second. Defaults to 115200.
        patience_s: float, how long nothing may arrive. Defaults to 5.
        show: function that is called with a `Recorded` four times a second. Defaults to None.
        clock: function that returns the time in seconds. Defaults to `time.monotonic`.

    Returns:
        `Recorded`.

    Raises:
        PortError: the port cannot be opened, or closes; what came before is in the file.
        NoAnswerError: nothing arrives, or no longer; what came before is in the file.
        StreamError: what arrives are no lines of numbers, or come at another rate.
        SettingError: an argument is not allowed.

    Example:
        >>> tsnas.data.record("/dev/ttyACM0", label="walk", rate_hz=100, seconds=20, out="recordings")
    """
    label = check_name("label", label)
    group = None if group is None else check_name("group", group)
    for name, value in (("rate_hz", rate_hz), ("seconds", seconds), ("patience_s", patience_s)):
        if not value > 0 or value == float("inf"):
            raise SettingError(f"{name}={value} must be a positive number.")
    names = check_channels(channels)
    folder = check_output_dir(out)
    opened = open_port(port, baud)
    try:
        listener = Listener(port, patience_s, clock, names)
        session = _Session(listener, next_path(folder, label), label, group, rate_hz, clock)
        session.run(opened, seconds, show)
        return session.state()
    finally:
        opened.close()


class _Session:
    def __init__(
        self,
        listener: Listener,
        path: pathlib.Path,
        label: str,
        group: str | None,
        rate_hz: float,
        clock: Callable[[], float],
    ):
        self.listener, self.path, self.label, self.group, self.rate_hz = listener, path, label, group, rate_hz
        self.clock = clock
        self.lines = listener.samples
        self.arrivals: list[float] = []
        self.written = 0
        self.checked = False

    def run(self, opened: Any, seconds: float, show: Callable[[Recorded], None] | None) -> None:
        """Reads until the time is over; whatever ends it earlier, what has come is written."""
        start = flushed = shown = self.clock()
        try:
            while not self.arrivals or self.clock() - self.arrivals[0] < seconds:
                now, added = self.listener.poll(opened)
                self.arrivals += [now] * added
                self._check_rate(final=False)
                if self.checked and now - flushed > max(FLUSH_S, FLUSH_SHARE * (now - start)):
                    self.flush()
                    flushed = now
                if show is not None and self.arrivals and now - shown > SHOW_S:
                    show(self.state())
                    shown = now
            self._check_rate(final=True)
        except StreamError:
            raise
        except (PortError, NoAnswerError) as error:
            self.flush()
            raise type(error)(f"{error} {self._kept()}") from None
        except BaseException:
            self.flush()
            raise
        self.flush()

    def flush(self) -> None:
        """Writes all whole lines, unless none has come since the last time."""
        kept = [index for index, row in enumerate(self.lines.rows) if self.lines.good(row)]
        if len(kept) < 2 or len(kept) == self.written:
            return
        times = clock_lines(np.array(self.arrivals), self.rate_hz).times
        rows = [self.lines.rows[index] or [] for index in kept]
        write_file(self.path, compose(rows, times[kept], self.lines.names, self.label, self.group, self.rate_hz))
        self.written = len(kept)

    def state(self) -> Recorded:
        """Returns what there is so far."""
        arrivals = np.array(self.arrivals)
        times = clock_lines(arrivals, self.rate_hz) if len(arrivals) else None
        good = self.lines.count
        latest = [row for row in self.lines.rows[-SHOWN_ROWS:] if row is not None and self.lines.good(row)]
        return Recorded(
            self.path,
            float(times.times[-1]) + 1 / self.rate_hz if times else 0.0,
            good,
            len(self.lines.rows) - good,
            len(times.gaps) if times else 0,
            times.lost_s if times else 0.0,
            measure_rate(arrivals) if len(arrivals) < 2 or times is None else times.rate_hz,
            tuple(self.lines.names),
            np.array(latest, float).reshape(len(latest), self.lines.fields),
        )

    def _check_rate(self, final: bool) -> None:
        if self.checked or not self.arrivals:
            return
        span = self.arrivals[-1] - self.arrivals[0]
        if not final and span < max(CHECK_S, CHECK_LINES / self.rate_hz):
            return
        measured = measure_rate(np.array(self.arrivals))
        if abs(measured / self.rate_hz - 1) > WORST_RATE:
            raise StreamError(
                f"Lines come at {measured:.4g} Hz, not at rate_hz={self.rate_hz:g}; give the rate that the board has, "
                "or change it there. Many boards are slower than they seem, because a delay comes on top of the time "
                "that reading and printing take. Nothing was written."
            )
        self.checked = True

    def _kept(self) -> str:
        return f"{plural(self.written, 'sample')} are kept in {self.path}." if self.written else "No sample had come."

"""Classifies the samples of a board at a serial port, as the firmware of a model would: `listen`."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tsnas.data.recorder.listener import Listener
from tsnas.data.recorder.recording_file import check_channels
from tsnas.data.recorder.samples import Samples
from tsnas.data.smoothing import smooth_answers, smooth_rejections
from tsnas.errors import NoAnswerError, PortError, SettingError, StreamError
from tsnas.export.firmware import Firmware
from tsnas.system.arguments import is_int
from tsnas.system.serial_port import open_port
from tsnas.system.words import plural

# So many lost samples in a row are filled with the one before; more of them begin the window anew.
MOST_FILLED = 5
# The rate is judged after so many seconds.
CHECK_S, WORST_RATE = 2.0, 0.15


class Heard(NamedTuple):
    """A window of samples, classified, as firmware answers at it: smoothed with those before it, if the model is so.

    Args:
        label: str, the most probable class.
        probability: float.
        time_s: float, seconds since the first sample.
        windows: int, the number of windows so far.
        bad: int, samples that were lost or damaged so far.
        note: str, what should be known, such as another rate than that of the training; "" if there is nothing.
        rejected: bool, whether the answer is that the window is like none of the classes. Defaults to False.
    """

    label: str
    probability: float
    time_s: float
    windows: int
    bad: int
    note: str
    rejected: bool = False


class Windower:
    """Windows of samples that come one by one, with the arithmetic of exported firmware.

    Args:
        firmware: `Firmware`.
        stride: int, samples of the model from one window to the next.
    """

    def __init__(self, firmware: Firmware, stride: int):
        self._taken, self._decimation = firmware.taken, firmware.decimation
        self._length, self._stride = firmware.model.window_shape[0], stride
        self._rows: list[np.ndarray] = []
        self._sum: np.ndarray | None = None
        self._summed = 0

    def clear(self) -> None:
        """Begins anew, as where samples were lost."""
        self._rows.clear()
        self._sum, self._summed = None, 0

    def push(self, sample: list[float]) -> np.ndarray | None:
        """Takes a raw sample of all channels; returns a window (time, channels) if one is due."""
        row = np.array([sample[index] for index in self._taken], np.float32)
        self._sum = row if self._sum is None else self._sum + row
        self._summed += 1
        if self._summed < self._decimation:
            return None
        self._rows.append(self._sum if self._decimation == 1 else self._sum / np.float32(self._decimation))
        self._sum, self._summed = None, 0
        if len(self._rows) < self._length:
            return None
        window = np.stack(self._rows)
        del self._rows[: self._stride]
        return window


def listen(
    firmware: Firmware,
    port: str,
    show: Callable[[Heard], None],
    *,
    stride: int | None = None,
    seconds: float | None = None,
    channels: Any = None,
    baud: int = 115200,
    patience_s: float = 5.0,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Classifies what a board sends, in lines of numbers or binary frames, until the time is over or the port closes.

    Columns that have the names of the model's channels are taken by name, others in their order. Up to five samples in
    a row that were lost or damaged are filled with the one before; after more of them a window begins anew.

    Args:
        firmware: `Firmware` of the model.
        port: str, any URL of pyserial.
        show: function that is called with a `Heard` for each window.
        stride: int, samples of the model from one window to the next. Defaults to None: that of the model's signal, or
            half a window.
        seconds: float, how long to listen from the first sample on. Defaults to None: without an end.
        channels: list of str, names of the numbers that the board sends. Defaults to None: those that it says.
        baud: int, bits per second. Defaults to 115200.
        patience_s: float, how long nothing may arrive. Defaults to 5.
        clock: function that returns the time in seconds. Defaults to `time.monotonic`.

    Returns:
        int, the number of windows.

    Raises:
        PortError: the port cannot be opened, or closes.
        NoAnswerError: nothing arrives, or no longer.
        StreamError: what arrives are no samples, or lack a channel of the model.
        SettingError: an argument is not allowed.
    """
    known = None if firmware.signal is None else firmware.signal.stride
    length = firmware.model.window_shape[0]
    stride = known or max(1, length // 2) if stride is None else stride
    if not is_int(stride, 1) or stride > length:
        raise SettingError(f"stride={stride!r} must be a whole number of samples from 1 to the window's {length}.")
    names = check_channels(channels)
    opened = open_port(port, baud)
    ear = _Ear(firmware, stride, show)
    try:
        listener = Listener(port, patience_s, clock, names)
        while seconds is None or ear.first_s is None or clock() - ear.first_s < seconds:
            now, added = listener.poll(opened)
            if added:
                ear.take(listener.samples, now)
    except (PortError, NoAnswerError) as error:
        raise type(error)(f"{error} {plural(ear.windows, 'window')} had been classified.") from None
    finally:
        opened.close()
    return ear.windows


class _Ear:
    """What has been heard, and what follows from it."""

    def __init__(self, firmware: Firmware, stride: int, show: Callable[[Heard], None]):
        self.first_s: float | None = None
        self.windows = 0
        self._firmware, self._show = firmware, show
        self._windower = Windower(firmware, stride)
        # Probabilities of the last windows, and whether each was rejected.
        self._answers: collections.deque[tuple[np.ndarray, bool]] = collections.deque(maxlen=firmware.smooth)
        self._samples = self._bad = self._lost = 0
        self._last: list[float] | None = None
        self._places: list[int] | None = None
        self._named = False
        self._rate_note = ""

    def take(self, samples: Samples, now: float) -> None:
        rows = samples.take()
        if self.first_s is None:
            self.first_s = now
        for row in rows:
            self._samples += 1
            if not samples.good(row):
                self._bad += 1
                self._lost += 1
                if self._lost > MOST_FILLED:
                    self._windower.clear()
                    self._answers.clear()
                elif self._last is not None:
                    self._push(self._last, now)
                continue
            assert row is not None
            self._lost = 0
            # Names may come later than the first samples.
            if self._places is None or max(self._places) >= len(row) or samples.named != self._named:
                self._places, self._named = self._find_places(samples), samples.named
            self._last = [row[place] for place in self._places]
            self._push(self._last, now)
        self._judge_rate(now)

    def _push(self, sample: list[float], now: float) -> None:
        window = self._windower.push(sample)
        if window is None or self.first_s is None:
            return
        firmware, windows = self._firmware, window[np.newaxis]
        self._answers.append((firmware.predict(windows)[0], bool(firmware.rejects(windows)[0])))
        probabilities, rejections = map(np.array, zip(*self._answers, strict=True))
        means = smooth_answers(probabilities, firmware.smooth, rejections)[-1]
        rejected = bool(smooth_rejections(rejections, firmware.smooth)[-1])
        best = int(means.argmax())
        self.windows += 1
        label, probability, time_s = firmware.classes[best], float(means[best]), now - self.first_s
        self._show(Heard(label, probability, time_s, self.windows, self._bad, self._rate_note, rejected))

    def _find_places(self, samples: Samples) -> list[int]:
        """Returns the column of each raw channel: by its name if all are named, else the first ones in their order."""
        channels, needed = self._firmware.channels, max(self._firmware.taken) + 1
        if channels is not None and samples.named and set(channels.names) <= set(samples.names):
            return [samples.names.index(name) for name in channels.names]
        wanted = needed if channels is None else len(channels.names)
        if samples.fields != wanted:
            names = "" if channels is None else f" ({', '.join(channels.names)})"
            raise StreamError(
                f"Samples have {plural(samples.fields, 'number')}, but the model takes {plural(wanted, 'channel')}"
                f"{names}; let the board send these in their order, or a header with their names, or name all that it "
                "sends (--channels of `tsnas live`)."
            )
        return list(range(wanted))

    def _judge_rate(self, now: float) -> None:
        if self._rate_note or self.first_s is None or now - self.first_s < CHECK_S:
            return
        signal, channels = self._firmware.signal, self._firmware.channels
        known = (signal.rate_hz if signal else None) or (channels.rate_hz if channels else None)
        measured = self._samples / (now - self.first_s)
        if known is not None and abs(measured / known - 1) > WORST_RATE:
            self._rate_note = f"{measured:.4g} Hz, but trained at {known:g} Hz"

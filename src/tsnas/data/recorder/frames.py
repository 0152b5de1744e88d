"""Binary frames of a board: sync bytes, a counter, int16 or float values, and a checksum, so that damage is seen.

A frame is 0xA5 0x5A, a byte for the form, a counter, the values (least byte first), and a CRC-16 of all after the sync
bytes. The form has the number of values in its lower six bits, and 0x40 for float32 instead of int16. A form of 0x80
is a frame of names: its counter is the length of the text that follows, such as `ax,ay,az`.
"""

from __future__ import annotations

import binascii
import struct

from tsnas.data.recorder.received import Received

SYNC = b"\xa5\x5a"
FLOATS, NAMES, MOST_VALUES = 0x40, 0x80, 0x3F
HEAD, CHECK = 4, 2
# CRC-16/CCITT-FALSE, which Python knows as crc_hqx with this start.
CRC_START = 0xFFFF
LONGEST_FRAME = HEAD + 4 * MOST_VALUES + CHECK


def encode(values: list[float] | list[int], counter: int, floats: bool = True) -> bytes:
    """Returns the frame of a sample, as the sketch sends it.

    Args:
        values: list of at most 63 numbers.
        counter: int; its lowest byte is sent.
        floats: bool, float32 rather than int16. Defaults to True.
    """
    form = len(values) | (FLOATS if floats else 0)
    return _seal(bytes([form, counter & 0xFF]) + struct.pack(f"<{len(values)}{'f' if floats else 'h'}", *values))


def encode_names(names: list[str]) -> bytes:
    """Returns the frame that says what the values are called."""
    text = ",".join(names).encode("ascii")
    return _seal(bytes([NAMES, len(text)]) + text)


def _seal(body: bytes) -> bytes:
    return SYNC + body + struct.pack("<H", binascii.crc_hqx(body, CRC_START))


class Frames(Received):
    """Samples in binary frames, among which bytes may be lost or corrupted.

    Frames that are missing by their counter leave a place in `rows`, as bad lines of text do.

    Example:
        >>> frames = Frames()
        >>> frames.feed(encode([1.0, 2.0], 0) + encode([3.0, 4.0], 2))
        3
        >>> frames.rows
        [[1.0, 2.0], None, [3.0, 4.0]]
    """

    def __init__(self) -> None:
        super().__init__()
        self._counter: int | None = None
        self._names: list[str] = []

    @property
    def names(self) -> list[str]:
        """Names of the channels, as a frame said them, else `ch0`, `ch1` and so on."""
        if len(self._names) == self.fields:
            return self._names
        return [f"ch{index}" for index in range(self.fields)]

    def feed(self, data: bytes) -> int:
        """Takes bytes, and adds an entry to `rows` for each sample that they complete, and for each that is missing.

        Returns:
            int, how many entries were added.
        """
        before = len(self.rows)
        content = self._rest + data
        place = 0
        while True:
            place = content.find(SYNC, place)
            if place < 0:
                # The first sync byte may be the last that came.
                place = len(content) - content.endswith(SYNC[:1])
                break
            end = self._end(content, place)
            if end is None:
                break
            if end and binascii.crc_hqx(content[place + 2 : end - CHECK], CRC_START) == int.from_bytes(
                content[end - CHECK : end], "little"
            ):
                self._take(content[place + 2 : end - CHECK])
                place = end
            else:
                place += 1
        self._rest = content[place:]
        return len(self.rows) - before

    def _end(self, content: bytes, place: int) -> int | None:
        """Returns where the frame at a place ends; 0 if its form is none, None if it has not come as a whole."""
        if len(content) < place + HEAD:
            return None
        form, counter = content[place + 2], content[place + 3]
        if form == NAMES:
            size = counter
        else:
            size = (form & MOST_VALUES) * (4 if form & FLOATS else 2)
            if form & NAMES or not size:
                return 0
        end = place + HEAD + size + CHECK
        return None if end > len(content) else end

    def _take(self, body: bytes) -> None:
        form, counter, content = body[0], body[1], body[2:]
        if form == NAMES:
            names = content.decode("ascii", "replace").split(",")
            self._names = [name.strip() or f"ch{index}" for index, name in enumerate(names)]
            self.headers += 1
            return
        if self._counter is not None:
            self.rows += [None] * ((counter - self._counter - 1) & 0xFF)
        self._counter = counter
        count = form & MOST_VALUES
        row = list(map(float, struct.unpack(f"<{count}{'f' if form & FLOATS else 'h'}", content)))
        # What is not finite can stand in no file of numbers.
        self.rows.append(row if all(value - value == 0 for value in row) else None)
        if self.rows[-1] is not None:
            self._lengths[count] += 1

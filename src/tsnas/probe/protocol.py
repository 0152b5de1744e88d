"""Protocol between host and probe: frames, message numbers and the encoding of an operator.

The numbers are those of firmware/probe/core/protocol.h; a test compares the two.
"""

from __future__ import annotations

import dataclasses
import struct
import zlib

VERSION = 1
MAX_PAYLOAD = 248

HELLO, STATUS, RUN, WRITE, READ = 1, 2, 3, 4, 5
ANSWER = 0x80

OK, BAD_REQUEST, NO_SESSION, OUT_OF_MEMORY, UNSUPPORTED, KERNEL_FAILED = range(6)

CYCLES, INSTRUCTIONS = 0, 1
COUNTERS = {CYCLES: "cycles", INSTRUCTIONS: "instructions"}

SEEDED, WRITTEN = 0, 1

CONV2D, DEPTHWISE_CONV2D, FULLY_CONNECTED, AVERAGE_POOL, MAX_POOL, ADD, MEAN, SOFTMAX = range(1, 9)
# The kernels that exports have for the last three; only firmware with the portable kernels runs them.
EXPORTED_ADD, EXPORTED_MEAN, EXPORTED_SOFTMAX = range(9, 12)

INPUT, INPUT2, WEIGHTS, BIAS, MULTIPLIERS, SHIFTS, OUTPUT, TENSORS = range(8)

# Words of an operator; without the last two, the dilations, it is one that is not dilated.
OP_WORDS, UNDILATED_OP_WORDS = 27, 25
# READ answers with a status and the bytes; WRITE asks with a tensor and an offset before them.
READ_BYTES, WRITE_BYTES = MAX_PAYLOAD - 1, MAX_PAYLOAD - 5

_CRC = struct.Struct("<I")


@dataclasses.dataclass(frozen=True)
class Frame:
    """A message between host and probe.

    Args:
        type: int, type of the request; an answer has that of its request plus `ANSWER`.
        number: int in [0, 255], number of the request; an answer has that of its request.
        payload: bytes, at most `MAX_PAYLOAD`.
    """

    type: int
    number: int
    payload: bytes = b""

    def pack(self) -> bytes:
        """Returns the frame as it goes over the line: stuffed, with a zero byte before and after it."""
        body = bytes([self.type, self.number]) + self.payload
        return b"\0" + stuffed(body + _CRC.pack(zlib.crc32(body))) + b"\0"


class FrameReader:
    """A reader that finds frames in a stream of bytes; junk and broken frames are skipped.

    Example:
        >>> FrameReader().feed(b"junk" + Frame(HELLO, 1).pack())
        [Frame(type=1, number=1, payload=b'')]
    """

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, received: bytes) -> list[Frame]:
        """Takes received bytes, and returns the frames that they complete."""
        *complete, rest = bytes(self._pending + received).split(b"\0")
        # Twice the longest frame without an end is junk.
        self._pending = bytearray(rest[-2 * MAX_PAYLOAD :])
        return [frame for part in complete if (frame := _unpacked(part)) is not None]


def _unpacked(stuffing: bytes) -> Frame | None:
    body = unstuffed(stuffing)
    if body is None or len(body) < 6 or _CRC.pack(zlib.crc32(body[:-4])) != body[-4:]:
        return None
    return Frame(body[0], body[1], body[2:-4])


def stuffed(body: bytes) -> bytes:
    """Encodes bytes without zeros (consistent overhead byte stuffing): each block follows its length plus one."""
    out = bytearray()
    for block in body.split(b"\0"):
        while len(block) >= 254:
            out += b"\xff" + block[:254]
            block = block[254:]
        out += bytes([len(block) + 1]) + block
    return bytes(out)


def unstuffed(stuffing: bytes) -> bytes | None:
    """Decodes the bytes that `stuffed` returns; returns None for others."""
    out, at = bytearray(), 0
    while at < len(stuffing):
        code = stuffing[at]
        block = stuffing[at + 1 : at + code]
        if code == 0 or len(block) != code - 1:
            return None
        out += block
        at += code
        if code < 0xFF and at < len(stuffing):
            out.append(0)
    return bytes(out) if stuffing else None


@dataclasses.dataclass(frozen=True)
class OpWords:
    """An operator in the encoding of the probe: sizes in elements, a batch of 1, offsets as the kernels add them.

    The order of the fields is that of `struct op` in firmware/probe/core/op.h. Dilations of 1 are not sent, so
    that a probe whose firmware knows none runs every other operator.
    """

    kind: int
    in_h: int
    in_w: int
    in_c: int
    out_h: int
    out_w: int
    out_c: int
    kernel_h: int = 1
    kernel_w: int = 1
    stride_h: int = 1
    stride_w: int = 1
    pad_top: int = 0
    pad_left: int = 0
    in_offset: int = 0
    in2_offset: int = 0
    out_offset: int = 0
    act_min: int = -128
    act_max: int = 127
    in_multiplier: int = 1 << 30
    in_shift: int = 0
    in2_multiplier: int = 1 << 30
    in2_shift: int = 0
    out_multiplier: int = 1 << 30
    out_shift: int = 0
    diff_min: int = 0
    dilation_h: int = 1
    dilation_w: int = 1

    @property
    def dilated(self) -> bool:
        """Whether it is an operator that only later firmware runs."""
        return (self.dilation_h, self.dilation_w) != (1, 1)

    def pack(self) -> bytes:
        """Returns the words as the payload of a request."""
        words = dataclasses.astuple(self)[: OP_WORDS if self.dilated else UNDILATED_OP_WORDS]
        return struct.pack(f"<{len(words)}i", *words)


@dataclasses.dataclass(frozen=True)
class Hello:
    """Identity of a probe.

    Args:
        version: int, version of the protocol.
        counter: str, the unit that is counted, `"cycles"` or `"instructions"`.
        clock_hz: int, clock of the core; 0 for an emulated one.
        ram_bytes: int, memory for tensors and scratch.
        board, core, kernel_library, compiler, flags: str, as the firmware was built.
    """

    version: int
    counter: str
    clock_hz: int
    ram_bytes: int
    board: str
    core: str
    kernel_library: str
    compiler: str
    flags: str

    @property
    def portable(self) -> bool:
        """Whether it has the portable kernels, those of exports in plain C."""
        return self.kernel_library.startswith("portable C")

    @classmethod
    def unpack(cls, payload: bytes) -> Hello:
        """Reads the payload of an answer."""
        version, counter, clock_hz, ram_bytes = struct.unpack_from("<BBII", payload)
        texts = payload[10:].split(b"\0")
        board, core, kernels, compiler, flags = (text.decode("ascii", "replace") for text in [*texts, *[b""] * 5][:5])
        return cls(version, COUNTERS.get(counter, "?"), clock_hz, ram_bytes, board, core, kernels, compiler, flags)


@dataclasses.dataclass(frozen=True)
class Status:
    """State of a board.

    Args:
        in_session: bool, whether it has not restarted since the session began.
        placed: bool, whether an operator's tensors have their places.
        free_bytes: int, memory that is left beside them.
    """

    in_session: bool
    placed: bool
    free_bytes: int


@dataclasses.dataclass(frozen=True)
class Measured:
    """Result of a RUN.

    Args:
        repeats: int, number of runs.
        least, most: int, smallest and largest count of one run.
        total: int, sum over the runs.
        output_crc: int, CRC-32 of the output.
        scratch_bytes, used_bytes, free_bytes: int, memory for scratch, for everything, and left.
        tensor_bytes: tuple of int, bytes of each tensor, in the order of `INPUT` to `OUTPUT`.
    """

    repeats: int
    least: int
    most: int
    total: int
    output_crc: int
    scratch_bytes: int
    used_bytes: int
    free_bytes: int
    tensor_bytes: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean count of a run."""
        return self.total / self.repeats

    @classmethod
    def unpack(cls, payload: bytes) -> Measured:
        """Reads the payload of an answer."""
        repeats, least, most, total, crc, scratch, used, free, *sizes = struct.unpack(f"<BIIQ{4 + TENSORS}I", payload)
        return cls(repeats, least, most, total, crc, scratch, used, free, tuple(sizes))

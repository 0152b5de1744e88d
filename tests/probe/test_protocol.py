"""Frames survive a noisy line, and host and firmware have the same numbers."""

import dataclasses
import re
import zlib

from hypothesis import given
from hypothesis import strategies as st

from tsnas.probe import protocol
from tsnas.probe.build import firmware_dir
from tsnas.probe.protocol import Frame, FrameReader, OpWords, stuffed, unstuffed

payloads = st.binary(max_size=protocol.MAX_PAYLOAD)
frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), payloads)


@given(st.binary(max_size=600))
def test_stuffing_leaves_no_zero_and_is_reversible(body):
    assert 0 not in stuffed(body)
    assert unstuffed(stuffed(body)) == body


@given(st.lists(frames, max_size=4), st.binary(max_size=40), st.integers(1, 50))
def test_frames_are_found_in_pieces_and_among_junk(sent, junk, piece):
    line = junk + b"".join(frame.pack() for frame in sent)
    reader, found = FrameReader(), []
    for at in range(0, len(line), piece):
        found += reader.feed(line[at : at + piece])
    assert found == sent


@given(frames, st.integers(0, 10**6), st.integers(1, 255))
def test_a_frame_with_a_wrong_byte_is_no_frame(frame, at, flip):
    packed = bytearray(frame.pack())
    packed[at % len(packed)] ^= flip
    found = FrameReader().feed(bytes(packed) + b"\0")
    # Only the zero bytes around it may change without harm.
    assert found in ([], [frame])
    assert found == [] or at % len(packed) in (0, len(packed) - 1)


def test_the_checksum_is_that_of_zlib():
    body = unstuffed(Frame(1, 2, b"abc").pack().strip(b"\0"))
    assert zlib.crc32(body[:-4]).to_bytes(4, "little") == body[-4:]


def test_host_and_firmware_have_the_same_numbers():
    header = (firmware_dir() / "core" / "protocol.h").read_text()
    numbers = {name: int(value, 0) for name, value in re.findall(r"#define PROBE_(\w+) (\w+)", header)}
    assert len(numbers) > 30
    for name, value in numbers.items():
        assert getattr(protocol, name) == value, name


def test_the_words_of_an_operator_are_those_of_the_firmware():
    header = (firmware_dir() / "core" / "op.h").read_text()
    struct = re.search(r"struct op \{(.*?)\};", header, re.DOTALL).group(1)
    struct = re.sub(r"/\*.*?\*/", "", struct)
    words = [word.strip() for line in re.findall(r"int32_t ([^;]+);", struct) for word in line.split(",")]
    assert words == [field.name for field in dataclasses.fields(OpWords)]
    dilated = OpWords(1, 1, 1, 1, 1, 1, 1, dilation_h=2)
    assert len(dilated.pack()) == 4 * len(words) == 4 * protocol.OP_WORDS


def test_dilations_of_1_are_not_sent_to_firmware_that_may_not_know_them():
    dilated, plain = (OpWords(1, 1, 1, 1, 1, 1, 1, dilation_w=dilation) for dilation in (3, 1))
    assert len(plain.pack()) == 4 * protocol.UNDILATED_OP_WORDS
    assert dilated.pack() == plain.pack() + bytes([1, 0, 0, 0, 3, 0, 0, 0])

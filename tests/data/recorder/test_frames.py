"""Binary frames: what is lost or damaged is seen, names are heard, and the form of a stream is found out."""

import pathlib
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsnas.data import write_sketch
from tsnas.data.recorder.frames import Frames, encode, encode_names
from tsnas.data.recorder.samples import Samples
from tsnas.errors import SettingError

ROWS = [[float(n), -n / 2, n % 7] for n in range(300)]
SENT = [encode(row, n) for n, row in enumerate(ROWS)]


def parts(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 7, 5000])
def test_frames_in_pieces(size):
    frames = Frames()
    for part in parts(encode_names(["ax", "ay", "az"]) + b"".join(SENT), size):
        frames.feed(part)
    assert frames.rows == ROWS
    assert (frames.names, frames.fields, frames.count) == (["ax", "ay", "az"], 3, 300)


def test_whole_numbers():
    frames = Frames()
    assert frames.feed(encode([-32768, 32767], 5, floats=False)) == 1
    assert frames.rows == [[-32768.0, 32767.0]]
    assert frames.names == ["ch0", "ch1"]


def test_lost_frames_leave_their_places():
    frames = Frames()
    frames.feed(b"".join(SENT[:10] + SENT[13:256] + SENT[257:]))
    assert frames.rows == [*ROWS[:10], None, None, None, *ROWS[13:256], None, *ROWS[257:]]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(SENT) * 18 - 1), st.integers(0, 255)), max_size=20), st.integers(1, 400))
def test_no_damaged_sample_is_ever_kept(damage, size):
    content = bytearray(b"".join(SENT))
    for place, byte in damage:
        content[place] = byte
    frames = Frames()
    for part in parts(bytes(content), size):
        frames.feed(part)
    rows = [row for row in frames.rows if row is not None]
    assert all(row in ROWS for row in rows)
    assert len(rows) >= len(ROWS) - 2 * len(damage)


def test_a_stream_that_is_heard_from_its_middle_on():
    samples = Samples()
    assert samples.feed(SENT[0][5:]) == 0
    assert samples.feed(b"".join(SENT[1:4])) == 3
    assert samples.is_binary
    assert samples.take() == ROWS[1:4]
    assert samples.rows == []


def test_lines_of_numbers_stay_lines():
    samples = Samples()
    assert samples.feed(b"1,2\n3,4\n") == 2
    assert (samples.is_binary, samples.rows) == (False, [None, [3.0, 4.0]])
    damaged = Samples()
    damaged.feed(b"\xa5\x5a1,2\n3,4\n5,")
    damaged.feed(b"6\n")
    assert damaged.rows == [None, [3.0, 4.0], [5.0, 6.0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channels": ["a,b"]}, "must be 1 to 63 names"),
        ({"channels": ["a", "a"]}, "must differ"),
        ({"values": "double"}, "choose 'float' or 'int16'"),
        ({"rate_hz": 0}, "from 0.1 to 10,000"),
        ({"rate_hz": 1000, "baud": 9600}, r"need 180,000 bits per second, but baud=9600"),
    ],
)
def test_what_a_sketch_cannot_send(tmp_path, change, message):
    with pytest.raises(SettingError, match=message):
        write_sketch(tmp_path, **change)
    assert list(tmp_path.iterdir()) == []


STUB = """
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
static const int A0 = 0;
static uint32_t now;
static inline uint32_t micros() { if (now > 3000000u) { exit(0); } return now += 500; }
static inline int analogRead(int pin) { return 100 * pin + (int)(now / 10000u) % 100; }
static struct {
    void begin(long) {}
    void write(const uint8_t *bytes, int count) { fwrite(bytes, 1, count, stdout); }
} Serial;
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
@pytest.mark.parametrize("values", ["float", "int16"])
def test_frames_of_the_sketch_itself(tmp_path, values):
    (path,) = write_sketch(tmp_path, ["ax", "ay"], 100, values)
    assert path == pathlib.Path(tmp_path, "tsnas_record", "tsnas_record.ino")
    (tmp_path / "Arduino.h").write_text(STUB)
    main = tmp_path / "main.cpp"
    main.write_text(f'#include "{path}"\nint main() {{ setup(); for (;;) {{ loop(); }} }}\n')
    command = ["g++", "-O0", "-Wall", "-Wextra", "-Werror", "-I", tmp_path, main, "-o", tmp_path / "sketch"]
    subprocess.run(command, check=True)
    frames = Frames()
    frames.feed(subprocess.run([tmp_path / "sketch"], check=True, capture_output=True).stdout)
    assert frames.names == ["ax", "ay"]
    # Three seconds at 100 Hz; the clock of a sample is its first value.
    assert 295 <= frames.count <= 301
    assert None not in frames.rows
    assert all(second == first + 100 for first, second in frames.rows)

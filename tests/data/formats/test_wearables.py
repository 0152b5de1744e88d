"""Axivity and ActiGraph: files of the real layout, with scale, rate, subject, gaps and damage."""

import zipfile

import numpy as np
import pytest
from layout_files import cwa, gt3x, gt3x_record

from tsnas.data import read
from tsnas.data.formats.actigraph import _records, _scale, _twelve
from tsnas.errors import FormatError

LEVELS = np.random.default_rng(0).integers(-300, 300, (1000, 3))


@pytest.mark.parametrize("packed", [True, False])
def test_accelerations_of_an_ax3(tmp_path, packed):
    cwa(tmp_path / "a.cwa", LEVELS, packed)
    data = read(tmp_path / "a.cwa")
    assert data.notes[0].startswith("Taken for Axivity (.cwa), because a.cwa begins with MD")
    assert (data.channels, data.units, data.rate_hz) == (("acc_x", "acc_y", "acc_z"), ("g",) * 3, 100)
    assert (data.groups, data.labels, len(data)) == (["P07"], None, 1)
    np.testing.assert_array_equal(data.arrays[0], (LEVELS / 256).astype(np.float32))


def test_levels_that_ten_bits_do_not_hold_are_shifted(tmp_path):
    cwa(tmp_path / "a.cwa", LEVELS // 8 * 64, packed=True)
    np.testing.assert_array_equal(read(tmp_path).arrays[0], (LEVELS // 8 / 4).astype(np.float32))


def test_angular_rates_of_an_ax6_come_first(tmp_path):
    levels = np.hstack([LEVELS, LEVELS])
    # 1/2048 g and 2000 degrees per second.
    cwa(tmp_path / "a.cwa", levels, axes=6, scale=3 << 3 | 2)
    data = read(tmp_path)
    assert data.channels == ("gyro_x", "gyro_y", "gyro_z", "acc_x", "acc_y", "acc_z")
    assert data.units == ("deg/s",) * 3 + ("g",) * 3
    np.testing.assert_allclose(data.arrays[0], np.hstack([LEVELS * 2000 / 32768, LEVELS / 2048]), rtol=1e-6)


def test_a_lost_or_damaged_block_divides_a_recording(tmp_path):
    cwa(tmp_path / "a.cwa", LEVELS, skip=[4])
    content = bytearray((tmp_path / "a.cwa").read_bytes())
    content[1024 + 7 * 512 + 100] ^= 1
    (tmp_path / "a.cwa").write_bytes(content)
    data = read(tmp_path)
    assert [len(array) for array in data.arrays] == [320, 240, 280]
    assert any(note.startswith("Blocks with a wrong checksum or of another kind, left out: 1") for note in data.notes)
    np.testing.assert_array_equal(data.arrays[1], (LEVELS[400:640] / 256).astype(np.float32))


@pytest.mark.parametrize("kind", [0x1A, 0x00])
def test_both_kinds_of_records_of_actigraph(tmp_path, kind):
    gt3x(tmp_path / "a.gt3x", LEVELS[:300], kind=kind)
    data = read(tmp_path / "a.gt3x")
    assert data.notes[0].startswith("Taken for ActiGraph (.gt3x), because a.gt3x is a .zip file")
    assert (data.channels, data.units, data.rate_hz) == (("acc_x", "acc_y", "acc_z"), ("g",) * 3, 30)
    assert (data.groups, len(data)) == (["P01"], 1)
    np.testing.assert_array_equal(data.arrays[0], (LEVELS[:300] / 256).astype(np.float32))


def test_the_serial_number_says_the_scale_where_the_log_does_not(tmp_path):
    gt3x(tmp_path / "a.gt3x", LEVELS[:300], serial="NEO1F00000001", scale=False)
    np.testing.assert_allclose(read(tmp_path).arrays[0], LEVELS[:300] / 341, rtol=1e-6)


def test_seconds_in_which_the_device_slept_divide_a_recording(tmp_path):
    gt3x(tmp_path / "a.gt3x", LEVELS[:300], seconds=[0, 1, 2, 3, 4, 65, 66, 67, 68, 69])
    assert [len(array) for array in read(tmp_path).arrays] == [150, 150]


def test_the_examples_of_the_published_description():
    sample = bytes.fromhex("006008EBD007009EBF007008EBF0")
    assert _twelve(sample).tolist() == [[8, 6, -323], [9, 7, -321], [8, 7, -321]]
    assert _scale(bytes.fromhex("0000370000004009")) == 256
    assert abs(_scale(bytes.fromhex("00003700AE775309")) - 333.87) < 0.01


def test_damage_in_a_log_is_left_out():
    log = gt3x_record(2, 5, b"ab") + b"\x1e\x02xxxx" + gt3x_record(2, 6, b"cd") + b"\0\0" + gt3x_record(2, 7, b"ef")
    assert [(kind, second) for kind, second, _ in _records(log)] == [(2, 5), (None, 0), (2, 6), (2, 7)]


def test_what_is_no_such_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.gt3x", "w") as archive:
        archive.writestr("info.txt", "Sample Rate: 30\n")
        archive.writestr("activity.bin", b"\0" * 100)
    with pytest.raises(FormatError, match=r"firmware before 3\.0"):
        read(tmp_path)
    (tmp_path / "a.gt3x").write_bytes(b"no zip")
    with pytest.raises(FormatError, match=r"\.gt3x files do not begin as they should"):
        read(tmp_path)

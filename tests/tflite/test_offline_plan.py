"""Format of the tensors' places in a .tflite file, and what is said of damaged ones."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.tflite.offline_plan import pack_offsets, unpack_offsets


@given(st.lists(st.integers(-1, 2**31 - 1), max_size=40))
def test_offsets_come_back(offsets):
    assert unpack_offsets(pack_offsets(offsets), len(offsets)) == offsets


def test_layout_is_that_of_the_interpreter():
    assert pack_offsets([0, 64, -1]) == struct.pack("<6i", 1, 0, 3, 0, 64, -1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes"),
        (pack_offsets([0, 16])[:-1], "19 bytes"),
        (pack_offsets([0, 16, 32]), "expected \\(1, 0, 2\\)"),
        (struct.pack("<5i", 2, 0, 2, 0, 0), "start with \\(2, 0, 2\\)"),
        (struct.pack("<5i", 1, 0, 2, 0, -5), "an offset is -5"),
    ],
)
def test_damaged_entries_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        unpack_offsets(data, 2)

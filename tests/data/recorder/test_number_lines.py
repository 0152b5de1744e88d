"""Lines of numbers: separators, stamps, headers, plotter labels, and what is corrupted, cut or joined."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.data.recorder.number_lines import NumberLines, parse_line


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("1,-2.5,3e2", [1, -2.5, 300]),
        ("1, 2 ,3", [1, 2, 3]),
        ("1\t2\t.5", [1, 2, 0.5]),
        ("1  2 3", [1, 2, 3]),
        ("1;2;3", [1, 2, 3]),
        ("7", [7]),
    ],
)
def test_numbers_of_any_separator(line, numbers):
    assert parse_line(line) == (numbers, [])


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("ax,ay,az", ["ax", "ay", "az"]),
        ("acc x\tacc y", ["acc x", "acc y"]),
        ("ax (m/s^2), ay (m/s^2)", ["ax (m/s^2)", "ay (m/s^2)"]),
        ("label,label", ["label_of_board", "label_of_board_1"]),
    ],
)
def test_headers(line, names):
    assert parse_line(line) == ([], names)


def test_lines_of_a_plotter_have_names():
    assert parse_line("ax:0.5,ay:-1") == ([0.5, -1], ["ax", "ay"])
    assert parse_line("ax:0.5 ay:-1") == ([0.5, -1], ["ax", "ay"])


@pytest.mark.parametrize("line", ["1,,3", "1,2x,3", "nan,1", "1_0,2", "\ufffd1,2", "0x10", "1.2.3,4"])
def test_what_is_neither(line):
    assert parse_line(line) == ([], [])


def test_stamps_of_a_monitor_headers_and_bad_lines():
    lines = NumberLines()
    lines.feed(b"Sensor ready\r\n12:01:00.000 -> ax,ay\r\n12:01:00.010 -> 1,2\r\n12:01:00.020 -> 3,")
    assert lines.feed(b"4\r\n12:01:00.030 -> 5\n\xff\xfe,6\n12:01:00.050 -> 7,8,\n") == 4
    assert lines.rows == [[1, 2], [3, 4], [5], None, [7, 8]]
    assert [lines.good(row) for row in lines.rows] == [True, True, False, False, True]
    assert (lines.names, lines.count) == (["ax", "ay"], 3)


def test_a_first_line_that_may_be_cut_is_left_out():
    lines = NumberLines()
    lines.feed(b"2.5,3\n12.5,3\n12.5,4\n")
    assert lines.rows == [None, [12.5, 3], [12.5, 4]]
    assert lines.names == ["ch0", "ch1"]


@given(st.lists(st.integers(1, 9), max_size=30))
def test_bytes_may_come_in_any_pieces(sizes):
    data = b"a,b\n" + b"".join(b"%d,%d\n" % (n, -n) for n in range(20))
    lines = NumberLines()
    for size in sizes:
        lines.feed(data[:size])
        data = data[size:]
    lines.feed(data)
    assert lines.rows == [[n, -n] for n in range(20)]

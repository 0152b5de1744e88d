"""Reading measured operators: what a row says, and what is wrong with a bad one."""

import pytest

from tsnas.cost.measurements import OpMeasurement, read_measurements
from tsnas.cost.ops import Add, Conv2D, GlobalAveragePooling2D, Softmax
from tsnas.errors import BoardFileError

HEADER = (
    "board,run,op,in_h,in_w,in_c,out_c,kernel_h,kernel_w,stride_h,stride_w,padding,activation,"
    "op_cycles,invoke_cycles,arena_bytes,flash_bytes\n"
)


def read(tmp_path, *lines, header=HEADER):
    path = tmp_path / "ops.csv"
    path.write_text(header + "\n".join(lines) + "\n")
    return read_measurements(path)


def test_every_kind_of_operator(tmp_path):
    rows = read(
        tmp_path,
        "b,r,conv2d,128,9,1,8,5,1,2,1,same,relu,1000,1450,5000,2000",
        "b,r,add,16,5,8,8,,,,,,,2000,2450,4000,1136",
        "b,r,global_average_pooling2d,16,5,8,8,,,,,,,3000,3450,1400,1176",
        "b,r,softmax,1,1,6,6,,,,,,,4000,4450,600,944",
    )
    assert [row.op for row in rows] == [
        Conv2D(128, 9, 1, 8, 5, 1, 2, 1, "same", "relu"),
        Add(16, 5, 8),
        GlobalAveragePooling2D(16, 5, 8),
        Softmax(6),
    ]
    assert rows[0] == OpMeasurement("b", "r", rows[0].op, 1000, 1450, 5000, 2000)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("b,r,dense,1,1,6,6,,,,,,,4000,4450,600,944", "line 2: ValueError: op is 'dense'"),
        ("b,r,softmax,1,1,six,6,,,,,,,4000,4450,600,944", "line 2: ValueError: invalid literal.*'six'"),
        ("b,r,softmax,1,1", "line 2: TypeError"),
    ],
)
def test_bad_rows_are_named_by_line(tmp_path, line, message):
    with pytest.raises(BoardFileError, match=message):
        read(tmp_path, line)


def test_missing_column_is_named(tmp_path):
    with pytest.raises(BoardFileError, match="KeyError: 'in_h'"):
        read(tmp_path, "b,r,softmax", header="board,run,op\n")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(BoardFileError, match=r"none.csv' cannot be read"):
        read_measurements(tmp_path / "none.csv")


def test_what_is_no_table_is_refused(tmp_path):
    path = tmp_path / "ops.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BoardFileError, match="are not a CSV table"):
        read_measurements(path)

"""Reading measured operators: what a row says, and what is wrong with a bad one."""

import pytest

from tsnas.cost.measurements import OpMeasurement, read_measurements, read_ops
from tsnas.errors import BoardFileError
from tsnas.graph.ops import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Pad,
    Reshape,
    Softmax,
)

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


def test_lines_are_those_of_the_file(tmp_path):
    with pytest.raises(BoardFileError, match="line 4: ValueError: op is 'dense'"):
        read(tmp_path, "b,r,softmax,1,1,6,6,,,,,,,4000,4450,600,944", "", "b,r,dense,1,1,6,6,,,,,,,4000,4450,600,944")
    with pytest.raises(BoardFileError, match="line 2: more values than columns"):
        read(tmp_path, "b,r,softmax,1,1,6,6,,,,,,,4000,4450,600,944,1")


OPS_HEADER = "op,in_h,in_w,in_c,out_h,out_w,out_c,kernel_h,kernel_w,stride_h,stride_w,padding,activation,pad_top,note\n"


def ops(tmp_path, *lines, encoding="utf-8"):
    path = tmp_path / "ops.csv"
    path.write_text(OPS_HEADER + "\n".join(lines) + "\n", encoding=encoding)
    return read_ops(path)


# A byte order mark is what spreadsheets write.
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_each_kind_needs_its_own_columns_only(tmp_path, encoding):
    rows, found = ops(
        tmp_path,
        "depthwise_conv2d,16,3,4,,,8,5,1,2,1,valid,none,,first",
        "max_pool2d,16,3,4,,,,2,1,2,1,valid,,,",
        "average_pool2d,16,3,4,,,,2,1,2,1,same,relu,,",
        "fully_connected,16,3,4,,,9,,,,,,,,",
        "fully_connected,1,1,4,,,9,,,,,,relu,,",
        "reshape,16,3,4,1,1,192,,,,,,,,",
        "pad,16,3,4,19,4,4,,,,,,,1,last",
        encoding=encoding,
    )
    assert found == [
        DepthwiseConv2D(16, 3, 4, 2, 5, 1, 2, 1, "valid", "none"),
        MaxPool2D(16, 3, 4, 2, 1, 2, 1, "valid"),
        AveragePool2D(16, 3, 4, 2, 1, 2, 1, "same", "relu"),
        FullyConnected(192, 9),
        FullyConnected(4, 9, "relu"),
        Reshape((16, 3, 4), (1, 1, 192)),
        Pad(16, 3, 4, top=1, bottom=2, left=0, right=1),
    ]
    assert [row["note"] for row in rows] == ["first", "", "", "", "", "", "last"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("conv2d,16,3,4,,,8,5,1,0,1,same,relu,,", "kernel and strides are 5x1 and 0x1; each must be from 1 to"),
        ("conv2d,16,3,4,,,8,5,1,1,1,Same,relu,,", "padding is 'Same'; it must be same or valid"),
        ("conv2d,16,3,4,,,8,5,1,1,1,same,tanh,,", "activation is 'tanh'; it must be relu or none"),
        ("conv2d,4,3,4,,,8,5,1,1,1,valid,relu,,", r"sizes \(4, 3, 4\) in and \(0, 3, 8\) out; each must be from 1 to"),
        ("depthwise_conv2d,16,3,4,,,9,5,1,1,1,same,relu,,", "out_c is 9; a depthwise .* has a multiple of in_c, 4"),
        ("add,-4,1,1,,,,,,,,,,,", r"sizes \(-4, 1, 1\) in"),
        ("reshape,16,3,4,1,1,191,,,,,,,,", "a reshape of 16x3x4 to 1x1x191 changes the number of values"),
        ("pad,16,3,4,17,3,4,,,,,,,2,", r"a pad adds \(2, -1, 0, 0\) \(top, bottom, left, right\); none may be below 0"),
    ],
)
def test_what_is_no_operator_is_named_by_line(tmp_path, line, message):
    with pytest.raises(BoardFileError, match=f"line 2: ValueError: .*{message}"):
        ops(tmp_path, line)


DILATED_HEADER = OPS_HEADER.replace("pad_top", "pad_top,dilation_h,dilation_w")


def test_rows_of_dilated_convolutions_say_so(tmp_path):
    path = tmp_path / "ops.csv"
    lines = ("conv2d,16,3,4,,,8,5,1,1,1,valid,none,,3,1,", "depthwise_conv2d,16,3,4,,,8,5,1,1,1,same,relu,,,2,")
    path.write_text(DILATED_HEADER + "\n".join((*lines, "conv2d,16,3,4,,,8,5,1,1,1,same,relu,,,,")) + "\n")
    assert read_ops(path)[1] == [
        Conv2D(16, 3, 4, 8, 5, 1, 1, 1, "valid", "none", dilation_h=3),
        DepthwiseConv2D(16, 3, 4, 2, 5, 1, dilation_w=2),
        Conv2D(16, 3, 4, 8, 5, 1),
    ]
    for dilation, message in (("-1", "dilations are -1x1; each must be from 1 to"), ("4", r"sizes .* and \(0, 3, 8\)")):
        path.write_text(DILATED_HEADER + f"conv2d,16,3,4,,,8,5,1,1,1,valid,none,,{dilation},1,\n")
        with pytest.raises(BoardFileError, match=f"line 2: ValueError: .*{message}"):
            read_ops(path)


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

"""Measured operators: they come back from files, beat the model, and are refused where they cannot be true."""

import json

import pytest

from tsnas.cost.board import load_board
from tsnas.cost.latency import DERIVED, EMULATED, EXTRAPOLATED, MEASURED, MODEL, op_cycles, op_latency
from tsnas.cost.measurements import OpMeasurement, read_measurements, record_to_json
from tsnas.cost.op_table import board_with_table, boards_with_table, checked_table, read_table, write_table
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

BOARD = load_board("nucleo_f446re")
OPS = [
    Conv2D(16, 3, 4, 8, 5, 1, 2, 1, "same", "none"),
    Add(16, 3, 4),
    GlobalAveragePooling2D(16, 3, 4),
    Softmax(6),
    DepthwiseConv2D(16, 3, 4, 2, 3, 1),
    FullyConnected(48, 8),
    MaxPool2D(16, 3, 4, 2, 1, 2, 1),
    AveragePool2D(16, 3, 4, 2, 1, 2, 1, "same"),
    Reshape((16, 3, 4), (1, 1, 192)),
    Pad(16, 3, 4, 1, 2, 3, 0),
    Conv2D(16, 3, 4, 8, 5, 1, dilation_h=4),
    DepthwiseConv2D(16, 3, 4, 1, 3, 1, dilation_h=2),
]


def record(op=OPS[1], **changes):
    values = {"board": BOARD.name, "run": "20260101-000000", "op": op, "op_cycles": 5000, "invoke_cycles": 5500}
    return OpMeasurement(**values | {"arena_bytes": 4096, "flash_bytes": 700} | changes)


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_tables_come_back(tmp_path, suffix):
    records = [record(op) for op in OPS] + [record(kernel_library="CMSIS-NN 4.0", toolchain="gcc 13 -O3")]
    write_table(tmp_path / f"table.{suffix}", records)
    assert read_table(tmp_path / f"table.{suffix}") == records


def test_real_measurements_come_back(shared_dir, tmp_path):
    path = shared_dir / "measurements" / "op_latency_open.csv"
    records = read_table(path)
    assert records == read_measurements(path)
    write_table(tmp_path / "table.json", records)
    assert read_table(tmp_path / "table.json") == records


def test_rows_without_dilation_are_those_of_earlier_versions(tmp_path):
    assert not {"dilation_h", "dilation_w"} & set(record_to_json(record(OPS[0])))
    write_table(tmp_path / "table.csv", [record(OPS[0])])
    assert "dilation" not in (tmp_path / "table.csv").read_text()


@pytest.mark.parametrize("op", OPS, ids=str)
def test_a_measured_operator_beats_the_model(op):
    board = BOARD.with_table([record(op, op_cycles=123, invoke_cycles=200)])
    latency = op_latency(op, board)
    assert (latency.cycles, latency.overhead_cycles, latency.source) == (123, 77, MEASURED)
    assert latency.margin_relative < op_latency(op, BOARD).margin_relative
    assert op_latency(op, BOARD).source in (MODEL, EXTRAPOLATED, EMULATED, DERIVED)
    assert op_cycles(op, BOARD) != 123


def test_every_field_is_part_of_the_key():
    board = BOARD.with_table([record(OPS[0])])
    for changes in (
        {"padding": "valid"},
        {"activation": "relu"},
        {"stride_h": 1},
        {"kernel_h": 3},
        {"in_w": 4},
        {"dilation_h": 2},
    ):
        assert board.measured(OPS[0]) is not None
        assert board.measured(Conv2D(**vars(OPS[0]) | changes)) is None


def test_margins_widen_with_what_is_not_known():
    p95 = BOARD.latency_error.p95_relative
    assert op_latency(Conv2D(32, 4, 8, 8, 3, 1), BOARD).margin_relative == p95
    assert op_latency(Conv2D(31, 3, 8, 8, 3, 1), BOARD).margin_relative == pytest.approx(3 * p95)
    assert op_latency(MaxPool2D(8, 4, 4, 2, 1), BOARD).margin_relative == 0.5


def test_overhead_of_unmeasured_operators_is_the_largest_known():
    assert op_latency(Pad(8, 4, 4, 1), BOARD).overhead_cycles == max(BOARD.coefficients["invoke"].values())


REFUSED = [
    ({"board": "nicla_sense_me"}, "of board 'nicla_sense_me', not 'nucleo_f446re'"),
    ({"kernel_library": "CMSIS-NN 3.0"}, "stale: kernel_library is 'CMSIS-NN 3.0', the board's is"),
    ({"toolchain": "gcc"}, "stale: toolchain is 'gcc', the board's is 'GCC through PlatformIO"),
    ({"arena_bytes": 575}, "impossible: an arena of 575 bytes for tensors of 576 bytes"),
    ({"op_cycles": 0}, "impossible: 0 cycles"),
    ({"op_cycles": 6000}, "impossible: 6000 cycles of the operator within 5500"),
]


@pytest.mark.parametrize(("changes", "reason"), REFUSED)
def test_records_that_cannot_be_of_this_board_are_refused(changes, reason):
    good = record(OPS[0])
    kept, rejected = checked_table([good, record(**changes)], BOARD)
    assert kept == [good]
    assert rejected[0][0] == record(**changes)
    assert reason in rejected[0][1]


def test_the_latest_run_counts():
    old, new = record(run="20250101-000000", op_cycles=4000), record()
    for records in ([old, new], [new, old]):
        kept, rejected = checked_table(records, BOARD)
        assert kept == [new]
        assert rejected == [
            (old, "stale: run 20260101-000000 measured the same operator later than run 20250101-000000")
        ]


def test_refused_records_are_warned_of(tmp_path):
    write_table(tmp_path / "mine.csv", [record(OPS[0]), record(arena_bytes=1)])
    with pytest.warns(UserWarning, match="Record of Add.*mine.csv' is not used: impossible: an arena of 1 bytes"):
        board = board_with_table(BOARD, tmp_path / "mine.csv")
    assert board.table == (record(OPS[0]),)


def test_one_file_serves_several_boards(tmp_path):
    other = load_board("nicla_sense_me")
    strange = record(board="mine")
    write_table(tmp_path / "all.csv", [record(), record(board=other.name), strange])
    with pytest.warns(UserWarning, match="not used") as warned:
        boards = boards_with_table([BOARD, other], tmp_path / "all.csv")
    assert [board.table for board in boards] == [(record(),), (record(board=other.name),)]
    assert [str(warning.message).split("not used: ")[1] for warning in warned] == [
        "of board 'mine', not 'nucleo_f446re' or 'nicla_sense_me'."
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "is a dict; it must be a list of rows"),
        ("[", "is not JSON"),
        ('[{"op": "add"}]', "row 0: KeyError: 'board'"),
        (json.dumps([record_to_json(record()) | {"op_cycles": "many"}]), "row 0: ValueError: invalid literal"),
        (json.dumps([record_to_json(record()) | {"op": "lstm"}]), "op is 'lstm'; known are conv2d, add"),
    ],
)
def test_wrong_json_tables_are_named(tmp_path, text, message):
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(BoardFileError, match=message) as caught:
        read_table(tmp_path / "bad.json")
    assert "bad.json" in str(caught.value)


def test_missing_tables_are_named(tmp_path):
    for name in ("no.json", "no.csv"):
        with pytest.raises(BoardFileError, match=f"{name}' cannot be read: No such file"):
            read_table(tmp_path / name)

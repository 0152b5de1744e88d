"""Board files: they load, survive a round trip, and every fault is named with its field and file."""

import copy
import dataclasses
import json
import pathlib

import pytest

from tsnas.cost.board import Board, board_names, load_board
from tsnas.cost.board_schema import SCHEMA_FILE
from tsnas.cost.features import FEATURE_NAMES
from tsnas.cost.measurements import OpMeasurement, record_to_json
from tsnas.cost.relative import known_boards
from tsnas.errors import BoardError, BoardFileError, UnknownBoardError
from tsnas.graph.ops import Add, Conv2D

VALUES = load_board("nucleo_f446re").to_json()
OPTIONAL = {("active_power_mw",), ("table",)}


def test_three_boards_come_with_the_package():
    assert known_boards() == ["nicla_sense_me", "nucleo_f446re", "nucleo_l552ze_q"]
    assert set(known_boards()) < set(board_names())
    assert len(board_names()) >= 12


@pytest.mark.parametrize(
    ("name", "core", "clock_mhz", "ram_kb", "flash_kb"),
    [
        ("nucleo_f446re", "cortex-m4", 180, 128, 512),
        ("nucleo_l552ze_q", "cortex-m33", 80, 256, 512),
        ("nicla_sense_me", "cortex-m4", 64, 64, 512),
    ],
)
def test_specifications(name, core, clock_mhz, ram_kb, flash_kb):
    board = load_board(name)
    assert (board.name, board.core) == (name, core)
    assert (board.clock_hz, board.ram_bytes, board.flash_bytes) == (clock_mhz * 1e6, ram_kb * 1024, flash_kb * 1024)
    assert 0 < board.latency_error.median_relative < board.latency_error.p95_relative < 0.1
    assert board.latency_error.n_ops > 900


def test_round_trip_through_a_file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(VALUES))
    board = load_board(path)
    assert board == load_board(str(path)) == load_board("nucleo_f446re")
    assert Board.from_json(board.to_json()) == board
    assert load_board(board) is board


def test_unknown_name_lists_near_names_and_all():
    with pytest.raises(UnknownBoardError) as caught:
        load_board("nucleo_f446")
    message = str(caught.value)
    assert "'nucleo_f446'" in message
    assert "Did you mean 'nucleo_f446re'" in message
    assert ", ".join(board_names()) in message
    # From the error to a calibration in three steps.
    assert all(step in message for step in ("1. `tsnas boards kit", "2. Flash", "3. `tsnas boards calibrate"))


@pytest.mark.parametrize("value", [None, 7, ["nucleo_f446re"]])
def test_what_is_no_name_is_refused(value):
    with pytest.raises(UnknownBoardError, match=r"give a name, the path of a .json file, or a Board"):
        load_board(value)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(BoardFileError, match=r"mine.json' cannot be read: No such file"):
        load_board(str(tmp_path / "mine.json"))
    with pytest.raises(BoardFileError, match="cannot be read"):
        load_board(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is not JSON"), ("[1]", r"the top level is \[1\]"), ("", "not JSON")]
)
def test_what_is_no_board_file_is_refused(tmp_path, text, message):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(BoardFileError, match=message) as caught:
        load_board(path)
    assert str(path) in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "bad.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BoardFileError, match="is not JSON"):
        load_board(path)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("clock_hz",), -1, r"clock_hz is -1; it must be > 0"),
        (("clock_hz",), 0, r"clock_hz is 0"),
        (("clock_hz",), "180 MHz", r"clock_hz is '180 MHz'; it must be a number"),
        (("clock_hz",), True, r"clock_hz is True; it must be a number"),
        (("ram_bytes",), float("nan"), r"ram_bytes is nan; it must be finite"),
        (("ram_bytes",), 0.5, r"ram_bytes is 0.5; it must be a whole number"),
        (("flash_bytes",), float("inf"), r"flash_bytes is inf"),
        (("name",), "", r"name is ''; it must be a text"),
        (("source",), None, r"source is None; it must be a text"),
        (("coefficients", "conv2d", "call"), -3, r"coefficients.conv2d.call is -3; it must be >= 0"),
        (("coefficients", "conv2d"), 3, r"coefficients.conv2d is 3; it must be an object"),
        (("active_power_mw",), 0, r"active_power_mw is 0; it must be > 0"),
        (("active_power_mw",), "high", r"active_power_mw is 'high'; it must be a number or null"),
        (("table",), {}, r"table is {}; it must be a list"),
        (("date",), "1 May 2026", r"date is '1 May 2026'; it must be a day such as 2026-01-31"),
        (("runtime",), [], r"runtime is \[\]; it must be an object"),
        (("runtime", "alignment"), 0, r"runtime.alignment is 0"),
        (("runtime", "op_bytes", "add"), "many", r"runtime.op_bytes.add is 'many'"),
        (("latency_error", "n_ops"), 1.5, r"latency_error.n_ops is 1.5; it must be a whole number"),
    ],
)
def test_wrong_values_are_named(place, value, message):
    values = copy.deepcopy(VALUES)
    group = values
    for key in place[:-1]:
        group = group[key]
    group[place[-1]] = value
    with pytest.raises(BoardFileError, match=message) as caught:
        Board.from_json(values, "mine.json")
    assert "'mine.json'" in str(caught.value)


def places(values, prefix=()):
    """Every field that a board needs; the coefficients of a kernel may lack."""
    for key, value in values.items():
        if prefix != ("coefficients",) and (*prefix, key) not in OPTIONAL:
            yield (*prefix, key)
        if isinstance(value, dict):
            yield from places(value, (*prefix, key))


# Fields that files of earlier versions lack.
ADDED = [("kernels",), ("optimised",), ("trust",)]


@pytest.mark.parametrize("place", sorted(set(places(VALUES)) - set(ADDED)), ids=".".join)
def test_every_missing_field_is_named(place):
    values = copy.deepcopy(VALUES)
    group = values
    for key in place[:-1]:
        group = group[key]
    del group[place[-1]]
    with pytest.raises(BoardFileError, match=rf"{'.'.join(place)} is missing"):
        Board.from_json(values)


@pytest.mark.parametrize(
    "place", [(), ("runtime",), ("latency_error",), ("coefficients", "conv2d"), ("runtime", "op_bytes")]
)
def test_unknown_fields_are_named(place):
    values = copy.deepcopy(VALUES)
    group = values
    for key in place:
        group = group[key]
    group["clok"] = 1
    with pytest.raises(BoardFileError, match=r"clok is not a field of a board"):
        Board.from_json(values)


def test_unknown_kernels_are_named():
    values = copy.deepcopy(VALUES)
    values["coefficients"]["conv3d"] = {}
    with pytest.raises(BoardFileError, match=r"coefficients.conv3d is not a kernel; known are conv2d, conv2d_1x1, add"):
        Board.from_json(values)


def test_schema_knows_every_kernel_and_kind():
    properties = json.loads(SCHEMA_FILE.read_text())["properties"]
    kernels = {name: set(kernel["properties"]) for name, kernel in properties["coefficients"]["properties"].items()}
    assert kernels.pop("invoke") == set(properties["runtime"]["properties"]["op_bytes"]["properties"])
    assert kernels == {name: set(features) for name, features in FEATURE_NAMES.items()}
    assert set(properties) == {field.name for field in dataclasses.fields(Board)}


def record(**changes):
    values = {"board": "nucleo_f446re", "run": "20260101-000000", "op": Add(8, 3, 4), "op_cycles": 5000}
    values |= {"invoke_cycles": 5500, "arena_bytes": 964, "flash_bytes": 700}
    return OpMeasurement(**values | changes)


def test_measured_operators_travel_with_the_board(tmp_path):
    conv = record(
        op=Conv2D(16, 3, 4, 8, 5, 1, 2, 1, "same", "none"),
        kernel_library=VALUES["kernel_library"],
        toolchain=VALUES["toolchain"],
    )
    board = load_board("nucleo_f446re").with_table([record(op_cycles=1), record(), conv])
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(board.to_json()))
    assert load_board(path) == board
    assert load_board(path).measured(Add(8, 3, 4)) == record()
    assert load_board(path).measured(conv.op) == conv
    assert board.measured(Add(8, 3, 5)) is None


def test_records_of_another_firmware_are_not_taken():
    with pytest.raises(BoardError, match=r"'nucleo_f446re' cannot use the record of Add\(.*stale: toolchain is 'gcc'"):
        load_board("nucleo_f446re").with_table([record(toolchain="gcc")])


def test_wrong_rows_of_the_table_are_named():
    row = {"op": "add", "in_h": 8}
    with pytest.raises(BoardFileError, match=r"table.0 is {'op': 'add', 'in_h': 8}: KeyError: 'board'; it must have"):
        Board.from_json(VALUES | {"table": [row]}, "mine.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"toolchain": "gcc 13"}, "stale: toolchain is 'gcc 13', the board's is 'GCC through PlatformIO"),
        ({"board": "nicla_sense_me"}, "of board 'nicla_sense_me', not 'nucleo_f446re'"),
        ({"arena_bytes": 287}, "impossible: an arena of 287 bytes for tensors of 288 bytes"),
        ({"invoke_cycles": 4999}, "impossible: 5000 cycles of the operator within 4999"),
    ],
)
def test_records_that_cannot_be_of_this_board_are_refused(changes, message):
    rows = [record_to_json(record()), record_to_json(record(**changes))]
    with pytest.raises(BoardFileError, match=f"table.1 cannot be used: {message}"):
        Board.from_json(VALUES | {"table": rows}, "mine.json")


def test_order_of_coefficients_does_not_matter():
    values = copy.deepcopy(VALUES)
    values["coefficients"]["conv2d"] = dict(reversed(values["coefficients"]["conv2d"].items()))
    assert Board.from_json(values) == load_board("nucleo_f446re")


def test_board_files_name_their_source():
    for name in known_boards():
        text = (pathlib.Path(__file__).parents[2] / "src/tsnas/cost/boards" / f"{name}.json").read_text()
        assert "MicroNAS" in json.loads(text)["source"]

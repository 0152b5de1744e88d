"""A board file with anything in it is a board, or a BoardError that names the file; what loads can be used."""

import contextlib
import json

import pytest
from fuzzing import DAMAGE, JSON_VALUES, altered, damaged, fuzzed
from hypothesis import given
from hypothesis import strategies as st

import tsnas
from tsnas.cost.board import BOARDS_DIR
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.measurements import OpMeasurement, record_to_json
from tsnas.cost.op_table import read_table
from tsnas.errors import BoardError, TsnasError
from tsnas.graph.ops import Conv2D
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce

GRAPH = Architecture(32, 3, 3, (TimeReduce(3, 8), SensorFusion(16, (3, 5), 8, True, stride=3))).graph()
BOARD = json.loads((BOARDS_DIR / "nucleo_f446re.json").read_text())
# A measured operator is worth altering too.
OP = next(node.op for node in GRAPH.nodes if isinstance(node.op, Conv2D))
RECORD = OpMeasurement(BOARD["name"], "run", OP, 1000, 1200, 20000, 3000)
BOARD["table"] = [record_to_json(RECORD)]
CSV = "\n".join(",".join(map(str, row)) for row in (BOARD["table"][0].keys(), BOARD["table"][0].values())).encode()


def used(path):
    """Loads a board and estimates a network on it; nothing but errors of tsnas may come out."""
    with contextlib.suppress(BoardError):
        board = tsnas.load_board(str(path))
        with contextlib.suppress(TsnasError):
            estimate_graph(GRAPH, board).table()


@fuzzed(60)
@given(altered(BOARD))
def test_fields(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "fields.json"
    path.write_text(json.dumps(values))
    used(path)


@fuzzed(40)
@given(st.one_of(altered([record_to_json(RECORD)]).map(json.dumps), damaged(CSV).map(lambda b: b.decode("latin-1"))))
def test_tables(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / ("table.json" if text.startswith("[") else "table.csv")
    path.write_text(text, encoding="latin-1")
    with contextlib.suppress(BoardError):
        tsnas.load_board("nucleo_f446re").with_table(read_table(path))


@fuzzed(20)
@given(JSON_VALUES)
def test_other_json(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "other.json"
    path.write_text(json.dumps(values))
    used(path)


@pytest.mark.parametrize("kind", DAMAGE)
@fuzzed(7)
@given(st.data())
def test_bytes(tmp_path_factory, kind, data):
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    path.write_bytes(data.draw(damaged(json.dumps(BOARD).encode(), kind)))
    used(path)


@fuzzed(20)
@given(st.binary(max_size=50))
def test_other_bytes(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bytes.json"
    path.write_bytes(content)
    used(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe{}",
        json.dumps(BOARD).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps(BOARD).encode(),
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"[" * 900 + b"]" * 900,
        b'{"name": "a", "name": 1, "clock_hz": NaN, "clock_hz": Infinity}',
        json.dumps(BOARD)
        .replace('"clock_hz"', '"clock_hz": "x", "clock_hz"')
        .replace("180000000", "1" + "0" * 5000)
        .encode(),
        json.dumps(BOARD | {"clock_hz": 10**400}).encode(),
        json.dumps(BOARD | {"clock_hz": 5e-324}).encode(),
    ],
)
def test_what_parsers_stumble_over(tmp_path, content):
    path = tmp_path / "board.json"
    path.write_bytes(content)
    used(path)


@pytest.mark.parametrize(
    "path", ["", ".json", "\0.json", "a" * 5000 + ".json", "\ud800.json", "/.json", "/dev/null/x.json"]
)
def test_odd_paths(path):
    with pytest.raises(BoardError):
        tsnas.load_board(path)

"""A .tflite file with anything in it is read, or refused by a ModelFileError: no crash, no hang, no flood of memory."""

import contextlib
import functools
import random
import struct
import time

import numpy as np
import pytest
from fitted import SMALL, fitted
from fuzzing import DAMAGE, FACTOR, damaged, fuzzed, many
from hypothesis import given
from hypothesis import strategies as st
from native import all_tried

import tsnas
from tsnas.errors import ModelFileError, TsnasError
from tsnas.export import Firmware, export_model
from tsnas.tflite.metadata import embed_metadata
from tsnas.tflite.parser import parse_model
from tsnas.tflite.writer import pack_model

# Of the processor: however busy the machine is.
SECONDS = 20.0


@functools.cache
def whole():
    """A file as tsnas makes it."""
    return fitted(SMALL).tflite_model_


def parsed(content):
    """Reads a file without the interpreter."""
    started = time.process_time()
    with contextlib.suppress(ModelFileError):
        tsnas.estimate_tflite(content, "nucleo_f446re").table()
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("kind", DAMAGE)
@fuzzed(17)
@given(st.data())
def test_estimates(kind, data):
    parsed(data.draw(damaged(whole(), kind)))


SIZES = st.one_of(st.integers(-2, 9), st.sampled_from([2**31 - 1, -(2**31), 2**20, 255, 65536]))


# How many kinds of contradictions there are.
CONTRADICTIONS = 14


@st.composite
def inconsistent(draw, first=None):
    """A whole file whose fields contradict each other; which kind is the first of up to three may be given."""
    model = parse_model(whole())
    graph = model.subgraphs[0]
    for index in range(draw(st.integers(1, 3))):
        tensor = draw(st.sampled_from(graph.tensors))
        operator = draw(st.sampled_from(graph.operators))
        quantization = tensor.quantization
        kind = draw(st.integers(0, CONTRADICTIONS - 1)) if first is None or index else first
        if kind == 0:
            tensor.shape = np.array(draw(st.lists(SIZES, max_size=5)), np.int32)
        elif kind == 1:
            tensor.type = draw(st.integers(-1, 20))
        elif kind == 2:
            tensor.buffer = draw(st.integers(0, 60))
        elif kind == 3:
            operator.inputs = np.array(draw(st.lists(st.integers(-2, 60), max_size=4)), np.int32)
        elif kind == 4:
            operator.outputs = np.array(draw(st.lists(st.integers(-2, 60), max_size=2)), np.int32)
        elif kind == 5:
            operator.opcodeIndex = draw(st.integers(0, 9))
        elif kind == 6 and model.operatorCodes:
            code = draw(st.sampled_from(model.operatorCodes))
            code.builtinCode = code.deprecatedBuiltinCode = draw(st.integers(0, 127))
        elif kind == 7:
            buffer = draw(st.sampled_from(model.buffers))
            buffer.data = np.frombuffer(draw(st.binary(max_size=40)), np.uint8)
        elif kind == 8 and quantization is not None:
            quantization.scale = np.array(draw(st.lists(st.floats(width=32), max_size=3)), np.float32)
        elif kind == 9 and quantization is not None:
            quantization.zeroPoint = np.array(draw(st.lists(st.integers(-(2**40), 2**40), max_size=3)), np.int64)
        elif kind == 10 and quantization is not None:
            quantization.quantizedDimension = draw(st.integers(-2, 9))
        elif kind == 11:
            graph.inputs = np.array(draw(st.lists(st.integers(-1, 60), max_size=3)), np.int32)
        elif kind == 12:
            graph.outputs = np.array(draw(st.lists(st.integers(-1, 60), max_size=3)), np.int32)
        else:
            options = operator.builtinOptions
            for name in [name for name in vars(options or object()) if name.startswith(("stride", "dilation"))]:
                setattr(options, name, draw(SIZES))
    return pack_model(model)


@pytest.mark.parametrize("first", range(CONTRADICTIONS))
@fuzzed(5)
@given(st.data())
def test_files_that_contradict_themselves(first, data):
    parsed(data.draw(inconsistent(first)))


@pytest.mark.parametrize("size", [0, 1, 3, 4, 7, 8, 9, 20])
def test_short_files(tmp_path, size):
    for content in (
        whole()[:size],
        b"\0" * size,
        b"\xff" * size,
        b"\xff\xff\xff\x7fTFL3"[:size],
        b"\0\0\0\0TFL3"[:size],
    ):
        (tmp_path / "m.tflite").write_bytes(content)
        for call in (
            tsnas.estimate_tflite,
            Firmware.of,
            lambda path, board: export_model(Firmware.of(path, board), tmp_path),
        ):
            with pytest.raises(TsnasError):
                call(content if call is not tsnas.estimate_tflite else tmp_path / "m.tflite", "nucleo_f446re")


def test_a_vector_of_billions_that_is_not_there():
    """Every word in turn claims to be a length or an offset of two billion."""
    for place in range(0, min(len(whole()), 4000), 4 if FACTOR > 1 else 40):
        parsed(whole()[:place] + struct.pack("<I", 2**31 - 1) + whole()[place + 4 :])


METADATA = [
    None,
    [],
    {},
    {"classes": 5, "standardization": {"mean": [0.0] * 3, "std": [1.0] * 3}},
    {"classes": ["a", "b", "c"], "standardization": None},
    {"classes": ["a", "b", "c"], "standardization": {"mean": [0.0], "std": [1.0]}},
    {"classes": "abc", "standardization": {"mean": [0.0] * 3, "std": [0.0] * 3}},
    {"classes": ["a", "b"], "standardization": {"mean": [0.0] * 3, "std": [1.0] * 3}},
    {"classes": [None, [], {}], "standardization": {"mean": [0.0] * 3, "std": [1.0] * 3}, "signal": 3},
    {"classes": ["a", "b", "c"], "standardization": {"mean": [0.0] * 3, "std": [1.0] * 3}, "board": ["x"]},
    {"classes": ["a", "b", "c"], "standardization": {"mean": [0.0] * 3, "std": [1.0] * 3}, "signal": {"window": "w"}},
    {"classes": ["a", "b", "c"], "standardization": {"mean": [0.0] * 3, "std": [1.0] * 3}, "signal": {}},
]


@pytest.mark.parametrize("board", [None, "nucleo_f446re"])
@pytest.mark.parametrize("metadata", METADATA)
def test_odd_metadata(tmp_path, metadata, board):
    if board is not None and metadata and "board" in metadata:
        pytest.skip("the board that is given counts")
    model = parse_model(whole())
    model.metadata = [entry for entry in model.metadata if entry.name != b"tsnas"]
    content = embed_metadata(pack_model(model), metadata)
    with pytest.raises(TsnasError):
        export_model(Firmware.of(content, board), tmp_path, "c")
    # Names and channels that do not fit may be noticed as late as this, but nothing is written then.
    assert list(tmp_path.iterdir()) == []


def flipped(rng):
    """The file with some bytes changed; the tables stand at its start and at its end, and between them weights."""
    data = bytearray(whole())
    if rng.random() < 0.1:
        del data[rng.randrange(1, len(data)) :]
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        anywhere = rng.randrange(len(data))
        place = rng.choice((anywhere, anywhere // 8, -1 - anywhere // 8))
        data[place] = rng.choice((data[place] ^ (1 << rng.randrange(8)), 0, 255, rng.randrange(256)))
    return bytes(data)


def test_no_file_crashes_the_interpreter(tmp_path):
    rng = random.Random(0 if FACTOR == 1 else None)
    all_tried([flipped(rng) for _ in range(many(60))], tmp_path)


def test_no_contradiction_crashes_the_interpreter(tmp_path):
    """Files that are well formed but wrong."""
    files = []

    @fuzzed(60)
    @given(inconsistent())
    def collect(content):
        files.append(content)

    collect()
    all_tried(files, tmp_path)

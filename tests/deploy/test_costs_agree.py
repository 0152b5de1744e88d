"""One figure for one network: the supernet's, that of the derived architecture, and that of the finished file."""

import dataclasses
import functools

import numpy as np
import pytest
from micro_interpreter import allocations
from random_architectures import random_architecture
from scale import scaled
from supernet_choices import one_hot

from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph, estimate_tflite
from tsnas.cost.memory import plan_arena
from tsnas.cost.relative import known_boards
from tsnas.deploy.convert import untrained_int8
from tsnas.errors import ModelFileError
from tsnas.space.supernet import Supernet, build_cells
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.metadata import embed_metadata, metadata_entry
from tsnas.tflite.offline_plan import METADATA_NAME
from tsnas.tflite.parser import parse_model
from tsnas.tflite.writer import pack_model

LONG = pytest.mark.long
WINDOWS = [(24, 1), (31, 3), (64, 6), (128, 9)]


@functools.cache
def converted(architecture):
    """The file of an architecture, the same for all boards; a conversion takes a second."""
    return untrained_int8(architecture.build(seed=0))


@pytest.mark.parametrize("board", known_boards())
@pytest.mark.parametrize("window", [WINDOWS[0], WINDOWS[3], *(pytest.param(w, marks=LONG) for w in WINDOWS[1:3])])
def test_supernet_and_architecture_and_file_have_the_same_costs(board, window):
    board = load_board(board)
    supernet = Supernet(build_cells(board, *window, 5), board)
    options = [cell.enumerate() for cell in supernet.cells]
    for index in range(scaled(25)):
        # The first is the same for all boards.
        rng = np.random.default_rng([*window, *map(ord, board.name), index] if index else window)
        choices = [rows[rng.integers(len(rows))] for rows in options]
        architecture = supernet.architecture(choices)
        expected = supernet.expected_costs(one_hot(supernet, choices))
        estimate = estimate_graph(architecture.graph(), board)
        assert float(expected.latency_ms) == pytest.approx(estimate.latency_ms, rel=1e-5)
        assert float(expected.ram_bytes) == estimate.ram_bytes
        assert float(expected.flash_bytes) == estimate.flash_bytes
        if index == 0:
            file = estimate_tflite(converted(architecture), board)
            assert (file.latency_ms, file.ram_bytes) == (estimate.latency_ms, estimate.ram_bytes)
            assert estimate.flash_bytes == pytest.approx(file.flash_bytes, rel=0.02)


@pytest.mark.parametrize("seed", [1, 13])
def test_interpreter_puts_tensors_where_the_file_says(seed, tmp_path):
    runtime = load_board("nucleo_f446re").runtime
    tflite = untrained_int8(random_architecture(seed).build(seed=0))
    graph = read_graph(tflite)
    without = parse_model(tflite)
    without.metadata = None
    own = dataclasses.replace(graph, offsets=None)
    assert read_graph(pack_model(without)) == own
    for name, content, costed in (("placed", tflite, graph), ("own", pack_model(without), own)):
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(content)
        assert allocations(path)[0] == plan_arena(costed, runtime, scratch=False).head_bytes


def test_places_survive_other_metadata():
    tflite = untrained_int8(random_architecture(0).build(seed=0))
    assert read_graph(embed_metadata(tflite, {"classes": ["a"]})) == read_graph(tflite)


def test_damaged_places_are_named():
    model = parse_model(untrained_int8(random_architecture(0).build(seed=0)))
    model.buffers[metadata_entry(model, METADATA_NAME).buffer].data = np.zeros(8, np.uint8)
    with pytest.raises(ModelFileError, match=r"damaged plan of its tensors \(8 bytes"):
        read_graph(pack_model(model))
    metadata_entry(model, METADATA_NAME).buffer = 10**6
    with pytest.raises(ModelFileError, match="buffer 1000000"):
        read_graph(pack_model(model))

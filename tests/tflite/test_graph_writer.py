"""A file that is written from a graph reads as that graph; operators beyond the search space are named."""

import numpy as np
import pytest

from tsnas.errors import UnsupportedOpError
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, MaxPool2D, Softmax
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.graph_writer import graph_file
from tsnas.tflite.interpreter import Int8Model


def network():
    builder = GraphBuilder((32, 3, 1))
    x = builder.add("stem", Conv2D(32, 3, 1, 4, 5, 1, stride_h=2), builder.input)
    y = builder.add("wide", Conv2D(16, 3, 4, 4, 3, 1, activation="none", dilation_h=2), x)
    x = builder.add("sum", Add(16, 3, 4), x, y)
    x = builder.add("mean", GlobalAveragePooling2D(16, 3, 4), x)
    return builder.build(builder.add("softmax", Softmax(4), x))


def test_a_written_graph_is_read_back():
    graph = network()
    assert read_graph(graph_file(graph)) == graph


def test_the_interpreter_runs_it_and_seeds_change_its_weights_alone():
    one, other = graph_file(network()), graph_file(network(), seed=1)
    assert one == graph_file(network())
    assert len(one) == len(other)
    assert one != other
    assert Int8Model(one).window_shape[:2] == (32, 3)
    assert np.frombuffer(one[4:8], np.uint8).tobytes() == b"TFL3"


def test_other_operators_are_named():
    builder = GraphBuilder((8, 2, 4))
    graph = builder.build(builder.add("peak", MaxPool2D(8, 2, 4, 2, 1), builder.input))
    with pytest.raises(UnsupportedOpError, match="Operator 0 \\('peak'\\) is a max_pool2d"):
        graph_file(graph)

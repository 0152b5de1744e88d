"""Predicted file sizes, against networks that are really converted."""

import pytest
from converted_networks import convert, residual_network
from random_architectures import random_architecture

from tsnas.cost.flash import base_flash_bytes, flash_bytes, op_flash_bytes
from tsnas.deploy.convert import untrained_int8
from tsnas.errors import SettingError
from tsnas.graph.ops import Conv2D, Reshape
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.metadata import embed_metadata


@pytest.mark.parametrize("seed", range(6))
def test_size_of_exported_architectures_within_two_percent(seed):
    architecture = random_architecture(seed)
    tflite = untrained_int8(architecture.build(seed=0))
    assert flash_bytes(architecture.graph()) == pytest.approx(len(tflite), rel=0.02)
    metadata = {"classes": ["walk", "sit"] * 20}
    text_bytes = len('{"classes":[]}') + len('"walk","sit",' * 20) - 1
    assert flash_bytes(architecture.graph(), text_bytes) == pytest.approx(
        len(embed_metadata(tflite, metadata)), rel=0.02
    )


def test_size_adds_up_over_operators():
    graph = read_graph(convert(residual_network()))
    assert flash_bytes(graph) == base_flash_bytes() + sum(op_flash_bytes(node.op) for node in graph.nodes)


def test_one_more_filter_is_its_weights_bias_and_scales():
    # Bias 4, and for weights and bias a scale of 4 and a zero point of 8 each.
    more = op_flash_bytes(Conv2D(8, 4, 6, 9, 5, 1)) - op_flash_bytes(Conv2D(8, 4, 6, 8, 5, 1))
    assert more == 5 * 6 + 4 + 2 * (4 + 8)


def test_operators_that_are_never_written_have_no_predicted_size():
    with pytest.raises(SettingError, match=r"size of a reshape in a .tflite file is not predicted"):
        op_flash_bytes(Reshape((4, 2, 8), (1, 1, 64)))

"""The operators of a space are those of its architectures: all that they need, and nothing that none of them has."""

import numpy as np
import pytest
from scale import scaled

from tsnas.cost.board import load_board
from tsnas.space.config import SpaceConfig
from tsnas.space.operators import space_ops
from tsnas.space.spaces import SPACES, distinct_spaces
from tsnas.space.supernet import Supernet, build_cells

BOARD = load_board("nucleo_f446re")


def random_ops(supernet, count):
    """The operators of that many random architectures, one set for each."""
    rng = np.random.default_rng(0)
    choices = [cell.enumerate() for cell in supernet.cells]
    for _ in range(count):
        architecture = supernet.architecture([cell[rng.integers(len(cell))] for cell in choices])
        yield {node.op for node in architecture.graph().nodes}


@pytest.mark.parametrize("channels", [1, 9])
@pytest.mark.parametrize("space", sorted(SPACES))
def test_random_architectures_need_nothing_else(space, channels):
    parts = distinct_spaces(SPACES[space], 128, channels)
    supernets = [Supernet(build_cells(BOARD, 128, channels, 6, part), BOARD) for part in parts]
    planned = set(space_ops(128, channels, 6, *SPACES[space]))
    for supernet in supernets:
        for needed in random_ops(supernet, scaled(1000)):
            assert needed <= planned


@pytest.mark.parametrize(("time", "channels", "classes"), [(24, 1, 2), (40, 4, 3), (64, 30, 10)])
def test_nothing_is_planned_that_no_architecture_has(time, channels, classes):
    config = SpaceConfig(
        time_reduce_filters=8,
        fusion_filters=16,
        time_reduce_kernel_sizes=(5, 9) if channels > 1 else None,
        extra_fusion_cells=1,
        collapse=channels == 4,
        time_conv_cells=2 * (channels == 1),
        time_conv_filters=16,
        time_conv_taps=((3, 1), (5, 4)),
    )
    supernet = Supernet(build_cells(BOARD, time, channels, classes, config), BOARD)
    left = set(space_ops(time, channels, classes, config))
    for needed in random_ops(supernet, 1000):
        left -= needed
    assert not left
    assert len(space_ops(time, channels, classes, config)) == len(set(space_ops(time, channels, classes, config)))

"""Pruning against brute force: nothing that fits is lost, and for one limit nothing that cannot fit is left."""

import itertools

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.search.options import cell_options
from tsnas.search.pruning import prune
from tsnas.space.config import SpaceConfig
from tsnas.space.supernet import Supernet, build_cells

BOARD = load_board("nucleo_f446re")
TINY = SpaceConfig(
    time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3,), extra_fusion_cells=1, minimum_time=16, collapse=True
)


@pytest.fixture(scope="module")
def supernet():
    return Supernet(build_cells(BOARD, 32, 4, 3, TINY), BOARD)


@pytest.fixture(scope="module")
def everything(supernet):
    """Every architecture: what it takes in each cell, as a key, and its estimate."""
    found = []
    for choices in itertools.product(*(cell.enumerate() for cell in supernet.cells)):
        width, keys = 0, []
        for choice in choices:
            keys.append((width, tuple(sorted(choice.items()))))
            width = width if choice.get("cell") == 1 else choice.get("filters", 0)
        found.append((keys, estimate_graph(supernet.architecture(list(choices)).graph(), BOARD)))
    return found


def left(supernet, limits):
    options = [cell_options(cell) for cell in supernet.cells]
    pruned = prune(supernet, limits.on(BOARD), options)
    kept = [
        {(int(o.in_width[i]), tuple(sorted(o.choices[o.choice[i]].items()))) for i in np.flatnonzero(rows)}
        for o, rows in zip(options, pruned.rows, strict=True)
    ]
    return pruned, kept


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
@pytest.mark.parametrize("limited", ["latency_ms", "ram_bytes", "flash_bytes", "all"])
def test_options_that_are_left_are_those_of_fitting_architectures(supernet, everything, share, limited):
    names = ("latency_ms", "ram_bytes", "flash_bytes")
    at = {
        name: float(np.quantile([getattr(estimate, name) for _, estimate in everything], share))
        for name in names
        if limited in (name, "all")
    }
    kb = {name: at[name] / 1024 if name in at else None for name in names}
    limits = Limits(at.get("latency_ms"), kb["ram_bytes"], kb["flash_bytes"])

    def taken(slack):
        """What architectures take in each cell that are within the limits times `slack`."""
        within = [keys for keys, e in everything if all(getattr(e, name) <= v * slack for name, v in at.items())]
        return [set(column) for column in zip(*within, strict=True)]

    # The sums over the cells are of 32-bit floats: at the limit itself either is right.
    _, kept = left(supernet, limits)
    assert all(must <= may for must, may in zip(taken(1 - 1e-6), kept, strict=True))
    if limited in ("latency_ms", "flash_bytes"):
        assert all(may <= reached for may, reached in zip(kept, taken(1 + 1e-5), strict=True))


def test_counts(supernet, everything):
    pruned, _ = left(supernet, Limits())
    assert pruned.architectures_before == pruned.architectures_after == len(everything)
    smallest = min(estimate.latency_ms for _, estimate in everything)
    pruned, _ = left(supernet, Limits(max_latency_ms=smallest * 1.0001))
    assert 1 <= pruned.architectures_after < len(everything) / 100
    assert left(supernet, Limits(max_latency_ms=smallest * 0.99))[0].architectures_after == 0

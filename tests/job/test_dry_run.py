"""The dry run converts a network only where the length of its file is in doubt."""

import types

import pytest

from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.errors import LimitExceededError
from tsnas.job.selection import dry_run
from tsnas.search.derive import Candidate
from tsnas.space.architecture import Architecture, TimeReduce
from tsnas.workers.pool import HERE

BOARD = load_board("nucleo_f446re")
NET = Architecture(32, 3, 3, (TimeReduce(5, 8),))
CANDIDATE = Candidate(NET, estimate_graph(NET.graph(), BOARD))
PARTS = [types.SimpleNamespace(supernet=types.SimpleNamespace(board=BOARD))]


class Counting:
    """Workers that count the calls that they run."""

    def __init__(self):
        self.calls = 0

    def run(self, calls):
        self.calls += len(calls)
        return HERE.run(calls)


@pytest.mark.parametrize(("share", "converted"), [(None, 0), (2.0, 0), (1.1, 1)])
def test_only_a_length_near_its_limit_is_looked_up(share, converted):
    limit_kb = None if share is None else share * CANDIDATE.estimate.flash_bytes / 1024
    workers = Counting()
    found = dry_run(PARTS, Limits(max_flash_kb=limit_kb).on(BOARD), CANDIDATE, {"classes": ["a"]}, workers)
    assert found is CANDIDATE
    assert workers.calls == converted


def test_metadata_count():
    bounds = Limits(max_flash_kb=2 * CANDIDATE.estimate.flash_bytes / 1024).on(BOARD)
    workers = Counting()
    with pytest.raises(LimitExceededError):
        dry_run(PARTS, bounds, CANDIDATE, {"classes": ["a" * 2 * CANDIDATE.estimate.flash_bytes]}, workers)
    assert workers.calls == 1

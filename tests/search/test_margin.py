"""Limits against the upper end of the margin: what walks and derivation return keeps them there, on any board."""

import dataclasses

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.bounds import EXPECTED, UPPER
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.errors import LimitError
from tsnas.job.settings import margin_of
from tsnas.search.feasibility import smallest_latency_ms
from tsnas.search.parts import build_parts
from tsnas.search.paths import Paths
from tsnas.space.config import SpaceConfig

CONFIG = SpaceConfig(
    time_reduce_filters=8, time_reduce_granularity=4, fusion_filters=16, fusion_granularity=8, kernel_sizes=(3, 5)
)
BOARDS = [("nucleo_f446re", None), ("nucleo_l552ze_q", None), ("arduino_nano_33_ble", "reference"), ("esp32", "esp_nn")]
DRAWS = 50


@pytest.mark.parametrize(("name", "kernels"), BOARDS)
def test_no_draw_is_over_a_limit_at_the_upper_end(name, kernels):
    board = load_board(name, kernels)
    (part,) = build_parts([CONFIG], (32, 3), 3, board, margin=UPPER)
    (plain,) = build_parts([CONFIG], (32, 3), 3, board, margin=EXPECTED)
    smallest = smallest_latency_ms(part.supernet, part.options)
    assert smallest > smallest_latency_ms(plain.supernet, plain.options)
    rng = np.random.default_rng(0)
    tight = 0
    for _ in range(5):
        limit = smallest * rng.uniform(1.05, 3.0)
        paths = Paths(part, Limits(max_latency_ms=limit).on(board))
        for _ in range(DRAWS // 5):
            path = paths.draw_near(rng)
            found = paths.candidate(path)
            # The sums that walks go by are those of the finished graph.
            assert paths.use(path) == pytest.approx(paths.use_of(found), rel=1e-5)
            assert found.estimate.latency_upper_ms <= limit
            tight += found.estimate.latency_upper_ms > 0.9 * limit
    assert tight > DRAWS / 4
    # The old way: only the predicted value is within the limit, and the verdict says so.
    limits = Limits(max_latency_ms=smallest_latency_ms(plain.supernet, plain.options) * 1.0001, margin=EXPECTED)
    found = Paths(plain, limits.on(board)).nearest
    assert found.estimate.latency_ms <= limits.max_latency_ms < found.estimate.latency_upper_ms
    assert ": not certain  (" in estimate_graph(found.architecture.graph(), board).table(limits)


def test_the_margin_of_a_job():
    assert margin_of(None, "tsnas") == UPPER
    assert margin_of(None, "micronas") == EXPECTED
    assert margin_of("upper", "micronas") == UPPER
    assert margin_of(None, [CONFIG]) == UPPER
    with pytest.raises(LimitError, match="margin is 'safe'; it must be 'upper' or 'expected'"):
        Limits(max_latency_ms=5, margin="safe")
    assert dataclasses.replace(Limits(max_latency_ms=5), margin=EXPECTED).on("nucleo_f446re").margin == EXPECTED

"""Architectures are drawn near the limit, and scores are known again."""

import numpy as np

from benchmarks.design_space import (
    drawn,
    known_rows,
    regular,
    scores_of,
    shortest_kernel,
    with_rows,
)
from benchmarks.nets import nets
from benchmarks.record import write_json
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.space.config import SpaceConfig


def test_a_space_that_is_smaller_than_asked_gives_what_it_has():
    tiny = SpaceConfig(time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0)
    found = drawn(tiny, 64, 3, 4, Limits(max_latency_ms=100.0), count=3, rng=np.random.default_rng(0))
    assert found == []


def test_those_drawn_use_most_of_the_limit_on_latency():
    limits = Limits(max_latency_ms=4.0)
    config = SpaceConfig(first_stride=4, collapse=True)
    found = drawn(config, 64, 3, 4, limits, count=4, rng=np.random.default_rng(0))
    assert len(set(found)) == 4
    for one in found:
        assert 3.2 <= estimate_graph(one.graph(), "nucleo_f446re").latency_ms <= 4.0


def test_those_drawn_for_a_limit_on_ram_use_most_of_that():
    found = drawn(SpaceConfig(collapse=True), 64, 3, 4, Limits(max_ram_kb=5.0), count=4, rng=np.random.default_rng(0))
    assert len(set(found)) == 4
    for one in found:
        assert 4.0 <= estimate_graph(one.graph(), "nucleo_f446re").ram_bytes / 1024 <= 5.0


def test_regular_ones_are_near_the_limit_and_as_one_would_make_them():
    found = regular(64, 3, 4, limit_ms=4.0, count=6, rng=np.random.default_rng(0))
    assert len(set(found)) == 6
    assert [one.cells[0].stride for one in found] == [2, 4, 2, 4, 2, 4]
    for one in found:
        assert 3.2 <= estimate_graph(one.graph(), "nucleo_f446re").latency_ms <= 4.0
        fusion = [cell for cell in one.cells if isinstance(cell, SensorFusion)]
        assert all(cell.skip for cell in fusion)
        assert [cell.filters for cell in fusion] == sorted(cell.filters for cell in fusion)
        assert all(cell.mid_filters >= cell.filters / 2 for cell in fusion)
        assert len({cell.kernel for cell in one.cells if isinstance(cell, TimeReduce)}) == 1


def test_the_shortest_kernel_is_that_of_cells_over_each_sensor_alone():
    cells = (TimeReduce(7, 4, 4), TimeReduce(5, 4, 2), SensorFusion(64, (3,), 16, True, 9))
    assert shortest_kernel(Architecture(64, 9, 6, cells)) == 5


def test_scores_are_known_again_for_the_same_settings_only(tmp_path):
    net = Architecture(128, 9, 6, nets(9)["4, 8 | 24, 32"])
    path, settings = str(tmp_path / "scores.json"), {"steps": 600, "seed": 0}
    assert scores_of(known_rows(path, settings)) == {}
    write_json(path, settings | {"rows": [{"architecture": net.to_json(), "macro_f1": [0.9, 0.8]}]})
    assert scores_of(known_rows(path, settings)) == {net: [0.9, 0.8]}
    assert scores_of(known_rows(path, settings | {"seed": 1})) == {}


def test_rows_stay_but_for_those_that_are_found_anew():
    held = [{"space": space, "net": {"cells": [n]}, "score": 0.1} for space in "ab" for n in (1, 2)]
    found = [{"space": "a", "net": {"cells": (2,)}, "score": 0.9}, {"space": "c", "net": {"cells": [1]}, "score": 0.8}]
    rows = with_rows(held, found, ("space", "net"))
    assert [(row["space"], *row["net"]["cells"], row["score"]) for row in rows] == [
        ("a", 1, 0.1),
        ("b", 1, 0.1),
        ("b", 2, 0.1),
        ("a", 2, 0.9),
        ("c", 1, 0.8),
    ]

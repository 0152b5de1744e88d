"""Architectures are drawn near the limit, described as they are, and what makes them good is found again."""

import numpy as np
import pytest

from benchmarks.design_space import (
    drawn,
    explained,
    features,
    known_rows,
    of_both_strides,
    regular,
    scores_of,
    with_rows,
)
from benchmarks.nets import nets
from benchmarks.record import write_json
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.space.config import SpaceConfig


def test_those_drawn_use_most_of_the_limit_in_turns_of_both_strides():
    found = of_both_strides(64, 3, 4, limit_ms=4.0, count=5, seed=0)
    assert [one.cells[0].stride for one in found] == [2, 4, 2, 4, 2]
    assert len(set(found)) == 5
    for one in found:
        assert 3.2 <= estimate_graph(one.graph(), "nucleo_f446re").latency_ms <= 4.0


def test_a_space_that_is_smaller_than_asked_gives_what_it_has():
    tiny = SpaceConfig(time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0)
    found = drawn(tiny, 64, 3, 4, Limits(max_latency_ms=100.0), count=3, rng=np.random.default_rng(0))
    assert found == []


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
        described = features(one)
        assert described["share of them with a skip"] == 1
        assert described["log2 of the largest drop of filters"] == 0
        assert described["log2 of the narrowest middle"] <= 1
        assert len({cell.kernel for cell in one.cells if isinstance(cell, TimeReduce)}) == 1


def test_a_net_made_by_hand_is_described_as_it_is():
    net = Architecture(128, 9, 6, nets(9)["4, 8, 8 | 32, 48 | 48"])
    found = features(net)
    assert found["first stride of 4"] == 0
    assert found["cells after that"] == 2
    assert found["share of them with a skip"] == 1
    assert found["branches of each"] == 1.5
    assert found["mean kernel over time, each sensor alone"] == 5
    assert found["log2 of the largest drop of filters"] == 0
    assert found["log2 of the narrowest middle"] == pytest.approx(np.log2(48 / 32))
    assert found["log2 of the last filters"] == pytest.approx(np.log2(48))
    assert found["log2 of latency"] == pytest.approx(np.log2(21.607), abs=0.01)
    assert 0 < found["share of latency before all sensors meet"] < 1


def test_a_drop_of_filters_and_a_cell_without_branches_are_seen():
    cells = (TimeReduce(3, 4, 4), SensorFusion(64, (3,), 16, True, 9), SensorFusion(16, (), 0, True, 1))
    found = features(Architecture(64, 9, 6, cells))
    assert found["log2 of the largest drop of filters"] == 2
    assert found["shortest kernel over time, each sensor alone"] == 3
    assert found["log2 of the narrowest middle"] == 2
    assert found["mean kernel of the branches"] == 3


def test_what_makes_them_good_is_found_again():
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(300):
        values = {"good": rng.normal(0, 2.0), "bad": rng.normal(), "neither": rng.normal(), "constant": 1.0}
        score = 0.9 + 0.01 * values["good"] - 0.005 * values["bad"]
        rows.append({"features": values, "macro_f1": [score + rng.normal(0, 0.01), score + rng.normal(0, 0.01)]})
    found = {name: rest for name, *rest in explained(rows)}
    assert list(found) == ["good", "bad", "neither"]
    for name, each in (("good", 0.01), ("bad", -0.005), ("neither", 0.0)):
        spread, gain, error = found[name]
        assert abs(gain - each * spread) < 3 * error < 0.002
    assert found["good"][0] == pytest.approx(2.0, rel=0.1)


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

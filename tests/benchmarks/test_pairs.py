"""What is compared in pairs: the same network with one change, its score where it was judged, and the mean gain."""

import json

from benchmarks.pairs import CHANGES, changed, judged, latency_ms, table
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce

NET = Architecture(32, 3, 2, (TimeReduce(3, 4), SensorFusion(8, (3,), 8, False, 3), SensorFusion(8, (5,), 8, True, 1)))
SETTINGS = {"data": "small", "steps": 10, "seed": 0}


def test_a_change_is_that_change_alone_and_costs_what_it_costs():
    skips, kernels = (changed(NET, change) for change in CHANGES)
    assert skips.cells == (NET.cells[0], SensorFusion(8, (3,), 8, True, 3), NET.cells[2])
    assert kernels.cells == (TimeReduce(5, 4), *NET.cells[1:])
    assert latency_ms(NET) < min(latency_ms(skips), latency_ms(kernels))
    for change in CHANGES:
        once = changed(NET, change)
        assert changed(once, change) == once


def test_scores_are_those_of_the_same_data_steps_seed_and_limits(tmp_path):
    other = changed(NET, "a skip in every fusion cell")

    def write(name, rows, **differs):
        rows = [{"max_latency_ms": 12.0, "architecture": one.to_json()} | row for one, row in rows]
        (tmp_path / name).write_text(json.dumps(SETTINGS | differs | {"rows": rows}))

    write("full_length_small.json", [(NET, {"split": 1, "macro_f1": 0.5}), (other, {"split": 0, "macro_f1": 0.6})])
    write("spaces_small_12.json", [(other, {"macro_f1": [0.7, 0.8]}), (NET, {"max_latency_ms": 4.0, "macro_f1": [0]})])
    write("spaces_small_20.json", [(NET, {"macro_f1": [0.9]})], steps=600)
    write("spaces_others.json", [(NET, {"macro_f1": [0.9]})])
    assert judged(tmp_path, "small", [12.0], SETTINGS) == {(NET, 1): 0.5, (other, 0): 0.7, (other, 1): 0.8}


def test_gains_are_averaged_over_networks():
    nets = [Architecture(32, 3, 2, (TimeReduce(3, n), *NET.cells[1:])).to_json() for n in (4, 8)]
    rows = [
        {"split": split, "macro_f1": [0.9, 0.9 + gain], "latency_ms": [10.0, 11.0], "architecture": net}
        for split, net, gain in ((0, nets[0], 0.02), (1, nets[0], 0.04), (0, nets[1], 0.01), (1, nets[1], 0.01))
    ]
    *pairs, first, second, every = table(rows).splitlines()[2:]
    assert len(pairs) == 4
    assert "+0.0150 ± 0.0050" in first
    assert "+0.0250 ± 0.0150" in second
    assert every.split() == ["2", "networks,", "+10.0%", "all", "0.9000", "0.9200", "+0.0200", "±", "0.0100"]

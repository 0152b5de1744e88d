"""The study of few windows: which are kept, and what its table compares."""

import numpy as np
import pytest

from benchmarks.few_windows_table import table
from benchmarks.series_sets import keep_few


@pytest.mark.parametrize(("classes", "each"), [(2, 16), (3, 10), (15, 4)])
def test_as_many_windows_of_each_class_are_kept_and_all_others_judge(classes, each):
    codes = np.arange(40 * classes) % classes
    kept, judges = keep_few(codes, seed=0)
    assert np.bincount(codes[kept]).tolist() == [each] * classes
    assert sorted([*kept, *judges]) == list(range(len(codes)))
    assert set(keep_few(codes, seed=1)[0]) != set(kept)


def test_gains_are_over_the_first_way_on_the_same_set_and_seed():
    def row(way, name, accuracy):
        return {"way": way, "set": name, "seed": 0, "accuracy": accuracy, "together": accuracy, "seconds": 1.0}

    rows = [row("a", "one", 0.5), row("b", "one", 0.6), row("a", "two", 0.9), row("b", "two", 0.92), row("b", "x", 0.1)]
    lines = table(rows).splitlines()[2:]
    assert lines[0].split()[:3] == ["a", "0.700", "0.000"]
    assert lines[1].split()[:4] == ["b", "0.540", "0.060", "0.040"]

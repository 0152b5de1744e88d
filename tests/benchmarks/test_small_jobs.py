"""Study of small jobs: its table compares each way with the first one, on the cases that both have."""

import pytest

from benchmarks.small_jobs_table import table


def test_ways_are_compared_on_the_cases_that_both_have():
    def row(seed, way, accuracy, loss, seconds):
        case = {"set": "one", "seed": seed, "max_latency_ms": 40.0}
        return case | {"way": way, "accuracy": accuracy, "loss": loss, "seconds": seconds}

    first, second = "none wrong", "at most 3 wrong"
    rows = [
        row(0, first, 0.8, 0.5, 2.0),
        row(1, first, 0.6, 0.9, 2.0),
        row(0, second, 0.9, 0.4, 1.0),
        row(1, second, 0.5, 1.2, 1.0),
        row(2, second, 0.1, 9.0, 9.0),
    ]
    *_, line = table(rows).splitlines()
    assert line.startswith(second)
    numbers = [float(number) for number in line.removeprefix(second).split()]
    assert numbers == pytest.approx([2, 0.7, 0, 0.1, 0.1, 0.8, 0.1, 0.2, 0.2, 0.5])

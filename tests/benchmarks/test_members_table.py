"""The table of the study of members."""

from benchmarks.members_table import table


def row(name, members, accuracy, **further):
    common = {"seed": 0, "few": False, "max_latency_ms": 40.0, "by_probability": 0.5, "alone": 0.5, "loss": 1.0}
    return {"set": name, "members": members, "accuracy": accuracy, "seconds": 2.0} | common | further


def test_gains_are_those_over_a_single_network_of_the_same_case():
    rows = [row("a", 1, 0.6), row("b", 1, 0.8), row("a", 2, 0.7), row("b", 2, 0.9), row("c", 2, 0.0), row("a", 2, 0.9)]
    lines = table(rows).splitlines()
    assert lines[2].split() == ["1", "0.700", "0.000", "0.000", "0.500", "0.500", "1.000", "2.0", "2"]
    # Two networks of a case are one mean; a case without a single network counts for nothing.
    assert lines[3].split() == ["2", "0.850", "0.150", "0.050", "0.500", "0.500", "1.000", "2.0", "2"]

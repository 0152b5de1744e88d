"""What contests say is found again where it was put in, and each contest counts once."""

import numpy as np
import pytest

from benchmarks.finalist_scores import contests_of, first_round, gain_of_doubling, summary
from benchmarks.least_squares import least_squares


def contest(rng, gain, told, networks=6):
    """Scores that rise by `gain` with each doubling of the latency; the second round tells `told` of the first."""
    latency = rng.uniform(4.0, 60.0, networks)
    chance = rng.normal(0, 0.01, networks)
    first = 0.9 + gain * np.log2(latency) + chance
    places = [0, 1, 2]
    second = told * first
    return {
        "latency_ms": latency.tolist(),
        "macro_f1": first.tolist(),
        "second_round": [float(place) for place in places],
        "second_macro_f1": second[places].tolist(),
    }


def test_what_was_put_in_is_found_again():
    rng = np.random.default_rng(0)
    rows = summary([contest(rng, gain=0.02, told=0.5) for _ in range(400)])
    everything = rows[-1]
    assert everything["latency_ms"] == "all"
    assert (everything["networks"], everything["pairs"]) == (2400, 1200)
    value, error = everything["gain_of_doubling"]
    assert abs(value - 0.02) < 3 * error < 0.002
    assert everything["second_per_first"][0] == pytest.approx(0.5)
    assert everything["further_gain_of_doubling"][0] == pytest.approx(0.0, abs=1e-4)
    assert sum(row["networks"] for row in rows[:-1]) == 2400


def test_errors_are_those_of_least_squares():
    """Beside the spread of the coefficient over many draws."""
    rng = np.random.default_rng(0)
    causes = rng.normal(size=(50, 2))
    found = [least_squares(causes, causes @ [1.0, -2.0] + rng.normal(0, 0.3, 50)) for _ in range(500)]
    for column, true in enumerate((1.0, -2.0)):
        values, errors = np.array(found)[:, column].T
        assert values.mean() == pytest.approx(true, abs=0.01)
        assert errors.mean() == pytest.approx(values.std(), rel=0.1)


def test_a_contest_of_two_jobs_counts_once_and_other_protocols_not_at_all():
    one, other = (contest(np.random.default_rng(seed), 0.0, 1.0) for seed in (0, 1))

    def job(held, protocol="users", strategy="evolution"):
        return {"protocol": protocol, "strategy": strategy, "contest": held}

    jobs = [job(one), job(one), job(other, strategy="random"), job(other, protocol="random windows")]
    jobs.append(job({"latency_ms": [], "macro_f1": [], "second_round": [], "second_macro_f1": []}))
    assert contests_of(jobs) == [one, other]


def test_only_those_near_the_limit_are_asked():
    far = {"latency_ms": [10.0, 40.0, 80.0], "macro_f1": [0.1, 0.90, 0.92]}
    jobs = [
        {"protocol": "users", "strategy": "random", "contest": far, "max_latency_ms": limit} for limit in (80.0, None)
    ]
    assert contests_of(jobs[:1], 0.5) == [{"latency_ms": [40.0, 80.0], "macro_f1": [0.90, 0.92]}]
    assert contests_of(jobs[1:], 0.5) == []
    found = gain_of_doubling(first_round(contests_of(jobs, 0.5)))
    assert (found["networks"], found["gain_of_doubling"][0]) == (2, 0.02)

"""Scores beside plain models: against scikit-learn and a plain bootstrap, and the sentences that follow."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from tsnas.cost.estimate import estimate_graph
from tsnas.cost.limits import Limits
from tsnas.data import check_sample_weight
from tsnas.model.plain_scores import CONTEST, INT8, advice, best_rival, compare, is_behind, outcome
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce

RNG = np.random.default_rng(0)
CODES = RNG.integers(0, 3, 120)


def wrong(codes, share, seed):
    """Predictions of which a share are drawn at random."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(len(codes)) < share, rng.integers(0, 3, len(codes)), codes)


NETWORK, FOREST, RIDGE = wrong(CODES, 0.5, 1), wrong(CODES, 0.45, 2), wrong(CODES, 0.05, 3)


def test_scores_are_scikit_learns():
    plain = compare(CODES, NETWORK, {"forest": FOREST, "ridge": RIDGE})
    for name, predicted in (("model", NETWORK), ("forest", FOREST), ("ridge", RIDGE)):
        assert plain[name]["accuracy"] == pytest.approx(accuracy_score(CODES, predicted))
        assert plain[name]["macro_f1"] == pytest.approx(f1_score(CODES, predicted, average="macro"))
    assert plain["ridge"]["ahead"] == plain["ridge"]["macro_f1"] - plain["model"]["macro_f1"]
    assert (plain["windows"], plain["groups"], plain["judged"]) == (120, None, CONTEST)
    assert best_rival(plain) == "ridge"


def counted_f1(codes, predicted):
    """Macro-F1 by counting; `f1_score` takes too long for thousands."""
    pairs = [(codes == label, predicted == label) for label in range(3)]
    return sum(2 * (true & guessed).sum() / (true.sum() + guessed.sum()) for true, guessed in pairs) / 3


def test_the_spread_is_that_of_a_plain_bootstrap():
    rng = np.random.default_rng(5)
    differences = []
    for _ in range(1_000):
        rows = rng.integers(0, 120, 120)
        one, other = (counted_f1(CODES[rows], predicted[rows]) for predicted in (RIDGE, NETWORK))
        differences.append(one - other)
    spread = compare(CODES, NETWORK, {"ridge": RIDGE})["ridge"]["spread"]
    assert spread == pytest.approx(1.98 * np.std(differences), rel=0.1)  # Student's t with 119 degrees of freedom


def test_windows_of_a_group_that_are_alike_widen_the_spread():
    codes, network, ridge = (np.repeat(one[:12], 10) for one in (CODES, NETWORK, RIDGE))
    groups = np.repeat(np.arange(12), 10)
    alone = compare(codes, network, {"ridge": ridge})
    grouped = compare(codes, network, {"ridge": ridge}, groups)
    assert grouped["ridge"]["spread"] > 2 * alone["ridge"]["spread"]
    assert grouped["groups"] == 12


def test_groups_that_agree_prove_more_than_groups_that_do_not():
    """Two groups of 60 windows: the plain model is right everywhere, the network wrong in 30 of 120."""
    groups, codes = np.repeat([0, 1], 60), np.arange(120) % 3
    places = np.arange(120)
    agreeing = np.where(places % 4 == 0, (codes + 1) % 3, codes)
    opposed = np.where((places < 60) & (places % 2 == 0), (codes + 1) % 3, codes)
    found = [compare(codes, network, {"ridge": codes}, groups) for network in (agreeing, opposed)]
    assert found[0]["ridge"]["ahead"] == pytest.approx(found[1]["ridge"]["ahead"], abs=0.02)
    assert is_behind(found[0])
    assert not is_behind(found[1])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e300, 2.0**1000, 2.0**-1000])
def test_the_scale_of_weights_makes_no_difference(scale):
    weights = np.linspace(1, 2, 120)
    one, other = (
        compare(CODES, NETWORK, {"ridge": RIDGE}, weights=check_sample_weight(factor * weights, 120))
        for factor in (1.0, scale)
    )
    for key, value in one["ridge"].items():
        assert other["ridge"][key] == (value if np.log2(scale).is_integer() else pytest.approx(value, rel=1e-6))


def test_a_single_group_proves_nothing():
    plain = compare(CODES, NETWORK, {"ridge": RIDGE}, np.zeros(120))
    assert plain["groups"] == 1
    assert plain["ridge"]["spread"] is None
    assert not is_behind(plain)
    assert outcome(plain).endswith("Of a single window or group, this says little about others.")


def test_many_windows_are_resampled_in_parts(monkeypatch):
    whole = compare(CODES, NETWORK, {"ridge": RIDGE})
    monkeypatch.setattr("tsnas.model.plain_scores.VALUES_AT_ONCE", 5_000)
    assert compare(CODES, NETWORK, {"ridge": RIDGE}) == whole


def test_a_single_validation_window_proves_nothing_either():
    plain = compare(np.array([1]), np.array([0]), {"forest": np.array([1]), "ridge": np.array([1])})
    assert plain["ridge"]["macro_f1"] == 1
    assert plain["ridge"]["spread"] is None
    assert not is_behind(plain)


FOREST_F1 = f1_score(CODES, FOREST, average="macro")
ARCHITECTURE = Architecture(32, 3, 3, (TimeReduce(3, 8), SensorFusion(16, (3, 5), 8, True, stride=3)))
ESTIMATE = estimate_graph(ARCHITECTURE.graph(), "nucleo_f446re")
BEHIND = compare(CODES, NETWORK, {"forest": FOREST, "ridge": RIDGE})
LEVEL = compare(CODES, NETWORK, {"forest": FOREST})


def summary(groups=None, fewest=500):
    return {"groups": groups, "class_counts": [900, fewest, 700]}


def test_only_a_clear_difference_is_behind():
    assert is_behind(BEHIND)
    assert BEHIND["ridge"]["ahead"] > BEHIND["ridge"]["spread"]
    assert 0 < LEVEL["forest"]["ahead"] < LEVEL["forest"]["spread"]
    assert not is_behind(LEVEL)
    assert "behind" not in outcome(LEVEL)
    by = f"by {LEVEL['forest']['ahead']:.3f}, within the spread of {LEVEL['forest']['spread']:.3f}."
    assert outcome(LEVEL).endswith(f"The forest is ahead {by}")
    assert outcome(compare(CODES, RIDGE, {"forest": FOREST})).endswith(f"{FOREST_F1:.3f}.")
    assert advice(LEVEL, Limits().on("nucleo_f446re"), ESTIMATE, summary()) is None


def test_the_outcome_names_scores_and_the_one_ahead():
    text = outcome(BEHIND)
    assert "On 120 validation windows, the network after brief training reaches a macro-F1 of 0." in text
    assert f"a ridge classifier on a kernel bank {BEHIND['ridge']['macro_f1']:.3f}" in text
    assert f"behind the ridge by {BEHIND['ridge']['ahead']:.3f}, more than the spread of" in text
    assert "the int8 model reaches" in outcome(BEHIND | {"judged": INT8})


@pytest.mark.parametrize(
    ("limits", "data", "said"),
    [
        (Limits(max_latency_ms=ESTIMATE.latency_upper_ms / 0.95), summary(), "It uses 95 % of the limit of"),
        (Limits(max_ram_kb=ESTIMATE.ram_bytes / 1024), summary(5, 9), "It uses 100 % of the limit of"),
        (Limits(max_latency_ms=ESTIMATE.latency_ms * 4), summary(5, 9), "it uses 25 %), but windows of more groups"),
        (Limits(), summary(5), "windows of more groups may (there are 5)"),
        (Limits(), summary(None, 9), "more windows may (the rarest class has 9)"),
        (Limits(), summary(50, 9), "more windows may (the rarest class has 9)"),
        (Limits(), summary(50), "more epochs or finalists may"),
        (Limits(), None, "more epochs or finalists may"),
    ],
)
def test_the_tightest_limit_or_the_data_that_would_help_is_named(limits, data, said):
    assert said in advice(BEHIND, limits.on("nucleo_f446re"), ESTIMATE, data)


def test_the_memory_of_the_board_is_a_limit_too():
    class Full:
        def costs_at(self, margin):
            return ESTIMATE.costs_at(margin)._replace(ram_bytes=128 * 1024 - 1)

        def energy_mj_at(self, margin):
            return None

    text = advice(BEHIND, Limits().on("nucleo_f446re"), Full(), summary())
    assert text == "It uses 100 % of the board's 128 KB of RAM: a board with more has room for a larger network."

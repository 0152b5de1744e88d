"""Ranks, wins and losses, and the signed-rank test, beside what is counted by hand."""

import itertools

import numpy as np
import pytest

from benchmarks.archive import tables


def row(name, method, seed, accuracy, macro_f1=0.5, **more):
    scores = {"accuracy": accuracy, "macro_f1": macro_f1}
    return {"set": name, "method": method, "seed": seed, "test": {"float": scores}} | more


def means(**of_set):
    """Means of methods named a, b, ... on each set."""
    return {name: dict(zip("abcdef", values, strict=False)) for name, values in of_set.items()}


def test_scores_are_of_the_int8_model_where_there_is_one():
    both = {"int8": {"accuracy": 0.7, "macro_f1": 0.6}, "float": {"accuracy": 0.8, "macro_f1": 0.9}}
    assert tables.score({"test": both}) == 0.7
    assert tables.score({"test": both}, "macro_f1") == 0.6
    assert tables.score({"test": {"float": both["float"]}}) == 0.8


def test_scores_of_seeds_are_gathered_in_their_order():
    rows = [row("s", "a", 1, 0.9), row("s", "b", 0, 0.5), row("s", "a", 0, 0.7), row("t", "a", 0, 0.2)]
    found = tables.scores_by_set(rows)
    assert found == {"s": {"b": [0.5], "a": [0.7, 0.9]}, "t": {"a": [0.2]}}
    assert tables.means_of(found) == {"s": {"b": 0.5, "a": pytest.approx(0.8)}, "t": {"a": 0.2}}


def test_equal_methods_share_a_rank():
    found = tables.mean_ranks(means(s=(0.9, 0.8, 0.8), t=(0.5, 0.7, 0.6), u=(0.4, 0.4, 0.4)), "abc")
    assert found == pytest.approx({"a": (1 + 3 + 2) / 3, "b": (2.5 + 1 + 2) / 3, "c": (2.5 + 2 + 2) / 3})


def test_means_that_differ_in_their_last_digit_are_equal():
    one, other = float(np.mean([0.1, 0.2, 0.3])), float(np.mean([0.3, 0.2, 0.1])) + 1e-16
    assert tables.mean_ranks(means(s=(one, other)), "ab") == {"a": 1.5, "b": 1.5}


def test_ranks_of_many_methods_are_those_of_a_slow_count():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 6, (40, 5)) / 10
    found = tables.mean_ranks({str(i): dict(zip("abcde", line, strict=True)) for i, line in enumerate(values)}, "abcde")
    for place, method in enumerate("abcde"):
        ranks = [1 + (line > line[place]).sum() + ((line == line[place]).sum() - 1) / 2 for line in values]
        assert found[method] == pytest.approx(np.mean(ranks))


def test_a_set_that_a_method_lacks_is_no_part_of_ranks():
    of = {"s": {"a": 0.9, "b": 0.8}, "t": {"b": 0.9}}
    assert tables.complete_sets(of, "ab") == ["s"]
    assert tables.mean_ranks(of, "ab") == {"a": 1.0, "b": 2.0}
    assert tables.mean_ranks({"t": {"b": 0.9}}, "ab") == {}
    assert tables.differences(of, "a", "b") == {"s": pytest.approx(0.1)}


def test_differences_up_to_the_margin_are_draws():
    ahead = tables.differences(means(s=(0.905, 0.9), t=(0.906, 0.9), u=(0.8, 0.9), v=(0.895, 0.9)), "a", "b").values()
    assert tables.win_draw_loss(ahead, 0.005) == (1, 2, 1)
    assert tables.win_draw_loss(ahead, 0.0) == (2, 0, 2)
    assert tables.win_draw_loss([]) == (0, 0, 0)


def test_signed_rank_test_is_the_count_over_all_signs():
    """The share of all signs of the ranks whose sum is as far from the middle."""
    ahead = [0.08, -0.01, 0.03, 0.05, 0.02, -0.04, 0.07, 0.06]
    ranks = np.argsort(np.argsort(np.abs(ahead))) + 1
    middle = ranks.sum() / 2
    seen = abs(ranks[np.array(ahead) > 0].sum() - middle)
    sums = [np.dot(signs, ranks) for signs in itertools.product((0, 1), repeat=len(ahead))]
    assert tables.signed_rank_p(ahead) == pytest.approx(np.mean([abs(one - middle) >= seen for one in sums]))


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        ([0.0] * 8, "No difference between tsnas and random draws on 8 sets"),
        ([0.1, 0.2, 0.3, 0.0], "so few differences cannot give a p below 0.05"),
        ([0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07], "tsnas is better by more than chance explains"),
        ([-0.01, -0.02, -0.03, -0.04, -0.05, -0.06, -0.07], "random draws is better by more than chance explains"),
        ([0.01, -0.02, 0.03, -0.04, 0.05, -0.06, 0.07], "within what chance gives"),
    ],
)
def test_signed_rank_test_in_words(ahead, expected):
    named = {str(place): value for place, value in enumerate(ahead)}
    words = tables.signed_rank_words(named, "tsnas", "random draws")
    assert expected in words
    p = tables.signed_rank_p(ahead)
    assert p is None or f"on {len(ahead)} sets gives p = {p:.3f}" in words


def test_largest_loss_of_int8_names_its_row():
    def both(name, of_float, of_int8):
        return {"set": name, "test": {"float": {"accuracy": of_float}, "int8": {"accuracy": of_int8}}}

    rows = [both("s", 0.9, 0.91), both("t", 0.8, 0.79), row("u", "a", 0, 0.5)]
    loss, worst = tables.largest_int8_loss(rows)
    assert (round(loss, 9), worst["set"]) == (0.01, "t")
    assert tables.largest_int8_loss(rows[:1])[0] == pytest.approx(-0.01)
    assert tables.largest_int8_loss(rows[2:]) is None

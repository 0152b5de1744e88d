"""Plain models in the report: the picture has the scores in place, and page and card say who is behind."""

import copy
import re

import pytest
from fitted import PLAIN, fitted

from tsnas.report.facts import collect
from tsnas.report.model_card import render_card
from tsnas.report.page import render_page
from tsnas.report.plain_chart import draw_plain


def facts_of(plain=PLAIN, **params):
    clf = fitted(plain=plain, **params)
    return collect(clf.model_, clf)


def circles(picture):
    """Places (x, y) of the scores, in the order of the rows."""
    found = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', str(picture))
    return [(float(x), float(y)) for x, y in found]


def whiskers(picture):
    """Ends (left, right) of the spreads, in the order of the rows."""
    found = re.findall(r'<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)" class="whisker"', str(picture))
    return [(float(x1), float(x2)) for x1, y1, x2, y2 in found if y1 == y2]


def test_scores_are_in_place():
    picture = draw_plain(PLAIN)
    (network, forest, ridge), (forest_ends, ridge_ends) = circles(picture), whiskers(picture)
    assert forest[0] < network[0] < ridge[0]
    assert network[1] < forest[1] < ridge[1]
    pixels = (ridge[0] - network[0]) / 0.12
    assert (network[0] - forest[0]) / 0.11 == pytest.approx(pixels, rel=0.02)
    for (left, right), spread in ((forest_ends, 0.09), (ridge_ends, 0.08)):
        assert (right - left) / (2 * spread) == pytest.approx(pixels, rel=0.02)
    # It does not reach the network: that is what being behind looks like.
    assert network[0] < ridge_ends[0]
    assert "ridge: 0.910, spread 0.080" in picture


@pytest.mark.parametrize(("score", "spread"), [(1.0, 0.0), (0.0, 0.0), (0.98, 0.5), (0.02, 0.5), (0.5, None)])
def test_extreme_scores_stay_inside(score, spread):
    plain = copy.deepcopy(PLAIN)
    for name in ("model", "forest", "ridge"):
        plain[name]["macro_f1"] = score
        if name != "model":
            plain[name]["spread"] = spread
    picture = draw_plain(plain)
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', str(picture))[1])
    places = [x for x, _ in circles(picture)] + [x for ends in whiskers(picture) for x in ends]
    assert all(60 < place < width - 10 for place in places)
    assert len(circles(picture)) == 3
    assert len(whiskers(picture)) == (0 if spread is None else 2)


def test_page_and_card_say_that_the_network_is_behind_and_what_would_help():
    facts = facts_of(max_latency_ms=None)
    assert facts["plain"]["behind"]
    said = "The network is behind the ridge by 0.120, more than the spread of 0.080."
    for text in (render_page(facts), render_card(facts)):
        assert said in text
        assert "windows of more groups may (there are 5)" in text
        assert "bootstrap over windows and groups, whichever is larger." in text
        assert "trained only briefly" in text
    assert "| ridge | 0.920 | 0.910 |" in render_card(facts)


def test_a_network_that_is_level_needs_no_advice():
    plain = copy.deepcopy(PLAIN) | {"judged": "int8", "groups": None}
    plain["ridge"] |= {"spread": 0.13}
    facts = facts_of(plain)
    assert not facts["plain"]["behind"]
    for text in (render_page(facts), render_card(facts)):
        assert "the int8 model reaches a macro-F1 of 0.790" in text
        assert "behind" not in text
        assert "bootstrap over windows." in text
        assert "trained only briefly" not in text


def test_what_was_not_compared_is_not_mentioned():
    facts = facts_of(None)
    assert facts["plain"] is None
    for text in (render_page(facts), render_card(facts)):
        assert "lain model" not in text
        assert "forest" not in text

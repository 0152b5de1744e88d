"""Verdicts: kept only if the upper end of the margin is within the limit, and the words for all other cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.cost.bounds import Limit
from tsnas.cost.verdicts import KEPT, NOT_CERTAIN, NOT_JUDGED, OVER, Judged


@given(st.floats(0.01, 1e4), st.floats(0.0, 1e4), st.floats(0.01, 1e4))
def test_the_verdict_follows_from_value_margin_and_limit(value, margin, limit):
    verdict = Judged(Limit("latency_ms", limit), value, margin).verdict
    assert verdict == (OVER if value > limit else NOT_CERTAIN if value + margin > limit else KEPT)


@pytest.mark.parametrize(
    ("value", "margin", "verdict", "text"),
    [
        (18.9, 3.3, NOT_CERTAIN, "18.9 ms (± 3.3): up to 22.2 ms, and only the predicted value is within the limit"),
        (18.9, 0.5, KEPT, "18.90 ms (± 0.50): at most 19.40 ms"),
        (20.1, 0.5, OVER, "20.10 ms (± 0.50): the predicted value is over the limit"),
        (None, 0.0, NOT_JUDGED, "no active_power_mw"),
        (18.9, 0.0, KEPT, ""),
    ],
)
def test_the_text_names_value_margin_and_upper_end(value, margin, verdict, text):
    judged = Judged(Limit("latency_ms", 20.0), value, margin)
    assert judged.verdict == verdict
    assert text in judged.explained()

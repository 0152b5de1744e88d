"""Times of lines: even steps for packets and late lines, gaps only where lines were lost."""

import numpy as np
import pytest

from tsnas.data.recorder.arrivals import clock_lines, measure_rate


def packed(sent, packet_s):
    """Returns arrivals of lines that wait for the end of their packet."""
    return np.ceil(np.asarray(sent) / packet_s) * packet_s


@pytest.mark.parametrize("packet_s", [0.001, 0.016, 0.1])
def test_packets_are_spread_evenly(packet_s):
    sent = np.arange(1000) / 100
    found = clock_lines(packed(sent, packet_s), 100)
    assert len(found.gaps) == 0
    np.testing.assert_allclose(found.times, sent, atol=1e-9)
    assert found.rate_hz == pytest.approx(100, rel=0.02)


def test_lines_that_are_only_late_are_no_gap():
    sent = np.arange(1000) / 100
    arrivals = packed(sent, 0.016)
    arrivals[(sent > 4) & (sent < 4.8)] = 4.8
    found = clock_lines(arrivals, 100)
    assert len(found.gaps) == 0
    np.testing.assert_allclose(found.times, sent, atol=1e-9)


def test_a_gap_has_lost_something():
    # A board that stumbles now and then, and sends a little more slowly than it says.
    rng = np.random.default_rng(0)
    arrivals = np.sort(np.arange(500) / 45 + 0.1 * (rng.random(500) < 0.05))
    found = clock_lines(arrivals, 50)
    assert (len(found.gaps) > 0) == (found.lost_s > 0)


def test_lost_lines_are_gaps():
    sent = np.arange(1000) / 100
    kept = np.flatnonzero(~(((sent > 3) & (sent < 3.5)) | ((sent > 6) & (sent < 6.2))))
    found = clock_lines(packed(sent, 0.016)[kept], 100)
    assert found.gaps.tolist() == [301, 552]
    assert found.lost_s == pytest.approx(0.68, abs=0.05)
    np.testing.assert_allclose(found.times, sent[kept], atol=0.04)
    assert found.rate_hz == pytest.approx(100, rel=0.02)


def test_another_rate_is_measured():
    found = clock_lines(packed(np.arange(1000) / 93, 0.016), 100)
    assert found.rate_hz == pytest.approx(93, rel=0.01)
    np.testing.assert_allclose(np.diff(found.times), 1 / 93, rtol=0.01)


def test_what_had_waited_before_does_not_count():
    arrivals = np.concatenate([np.zeros(300), np.arange(1, 1000) / 100])
    assert measure_rate(arrivals) == pytest.approx(100, rel=0.02)
    found = clock_lines(arrivals, 100)
    assert len(found.gaps) == 0
    np.testing.assert_allclose(np.diff(found.times), 0.01)


def test_few_lines_have_no_rate():
    assert np.isnan(measure_rate(np.array([1.0])))
    assert np.isnan(measure_rate(np.array([1.0, 1.0])))
    assert clock_lines(np.array([1.0, 1.0]), 10).times.tolist() == [0, pytest.approx(0.1)]


def test_slow_lines():
    found = clock_lines(np.arange(30) / 2.0, 2)
    assert (len(found.gaps), found.rate_hz) == (0, pytest.approx(2))

"""Rows to pieces: order, doubled stamps, gaps and missing values, each with a note."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scale import scaled

from tsnas.data.tables.notes import Notes
from tsnas.data.tables.pieces import Piece, cut_pieces
from tsnas.errors import SettingError, TableTimeError


def cut(times, values=None, max_gap_s=None, labels=None):
    times = np.array(times, float)
    values = times * 10 if values is None else np.array(values, float)
    notes = Notes()
    found = cut_pieces(
        Piece(times, values[:, np.newaxis] if values.ndim == 1 else values, labels), max_gap_s, "a.csv", notes
    )
    return [(piece.times.tolist(), piece.values[:, 0].tolist()) for piece in found], notes.sentences()


def test_even_rows_stay():
    found, notes = cut([0, 1, 2, 3])
    assert found == [([0, 1, 2, 3], [0, 10, 20, 30])]
    assert notes == []


def test_a_gap_divides_and_a_short_one_does_not():
    found, notes = cut([0, 1, 2, 7, 8, 14, 15])
    assert [times for times, _ in found] == [[0, 1, 2, 7, 8], [14, 15]]
    assert notes == ["Gaps of more than 5 s, at which recordings were divided: 1 (a.csv)."]
    assert len(cut([0, 1, 2, 7, 8, 14, 15], max_gap_s=4)[0]) == 3
    assert len(cut([0, 1, 2, 7, 8, 14, 15], max_gap_s=6)[0]) == 1


def test_rows_are_sorted_and_doubled_stamps_keep_the_first():
    found, notes = cut([0, 2, 1, 3, 3, 4], [0, 2, 1, 3, 99, 4])
    assert found == [([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])]
    assert notes == [
        "Rows out of order, sorted by their time stamps: 1 (a.csv).",
        "Rows with the same time stamp as the row before, left out: 1 (a.csv).",
    ]


def test_a_clock_that_starts_anew_begins_a_recording():
    found, notes = cut([*range(20), *range(15)])
    assert [len(times) for times, _ in found] == [20, 15]
    assert notes == ["Clock restarts, at each of which a new recording begins: 1 (a.csv)."]


def test_rows_in_no_order_are_sorted():
    order = np.random.default_rng(0).permutation(50)
    found, notes = cut(order)
    assert found[0][0] == list(range(50))
    assert "Rows out of order, sorted" in notes[0]


def test_missing_values_lie_on_the_line_between_their_neighbours():
    nan = np.nan
    found, notes = cut([0, 1, 2, 3, 4], [0, nan, nan, 30, 40])
    assert found == [([0, 1, 2, 3, 4], [0, 10, 20, 30, 40])]
    assert notes == ["Missing values, interpolated: 2 (a.csv)."]
    found, notes = cut(range(14), [0, 1, *[nan] * 8, 10, 11, nan, 13])
    assert [times for times, _ in found] == [[0, 1], [10, 11, 12, 13]]
    assert "Rows with values missing for too long, left out: 8 (a.csv)." in notes
    # Nothing stands before the first and after the last value.
    assert cut([0, 1, 2, 3], [nan, 1, 2, nan])[0] == [([1, 2], [1, 2])]


def test_a_channel_with_values_in_every_other_row():
    values = np.stack([np.arange(10.0), np.where(np.arange(10) % 2, np.nan, np.arange(10.0))], axis=1)
    notes = Notes()
    (piece,) = cut_pieces(Piece(np.arange(10.0), values, None), None, "a.csv", notes)
    np.testing.assert_array_equal(piece.values[:, 1], np.arange(9))


@settings(deadline=None, max_examples=scaled(80))
@given(st.lists(st.integers(0, 60), min_size=2, max_size=40), st.integers(1, 8), st.integers(0, 3))
def test_pieces_are_whole_in_order_and_lose_nothing_unsaid(stamps, gap, seed):
    rng = np.random.default_rng(seed)
    times = np.array(stamps, float)
    values = np.where(rng.random(len(times)) < 0.2, np.nan, times)[:, np.newaxis]
    notes = Notes()
    try:
        found = cut_pieces(Piece(times, values, np.array(stamps)), float(gap), "a.csv", notes)
    except (TableTimeError, SettingError):
        return
    for piece in found:
        assert len(piece.times) >= 2
        assert np.isfinite(piece.values).all()
        steps = np.diff(piece.times)
        assert (steps > 0).all()
        assert (steps <= gap * (1 + 1e-6)).all()
        # Here the value is the time, also where it was interpolated.
        np.testing.assert_allclose(piece.values[:, 0], piece.times)
        np.testing.assert_array_equal(piece.labels, piece.times)
    lost = len(times) - sum(len(piece.times) for piece in found)
    said = sum(int(note.split(": ")[1].split()[0]) for note in notes.sentences() if "left out" in note)
    assert lost == said


def test_stamps_that_are_too_coarse_are_refused():
    with pytest.raises(TableTimeError, match=r"a.csv has 40 samples, but 36 of them share .* give rate_hz"):
        cut(np.arange(40) // 10)
    with pytest.raises(TableTimeError, match="never increase"):
        cut([5, 5, 5])


def test_a_bridge_shorter_than_a_step_is_refused():
    with pytest.raises(SettingError, match=r"max_gap_s=0\.5 is shorter than the step from one sample to the next, 1 s"):
        cut([0, 1, 2, 3], max_gap_s=0.5)

"""The choice of smoothing: as few windows as it takes, by validation windows whose order is known, else none."""

import dataclasses
import json

import numpy as np
import pytest
from stand_ins import one_by_one
from toy_data import QUICK_RANDOM, sines

import tsnas
from tsnas.data import smooth_answers
from tsnas.errors import SettingError
from tsnas.job.settings import check_settings
from tsnas.job.smoothing_choice import CANDIDATES, Stream, choose, score_candidates
from tsnas.search.rounds import Score

SIGNAL = tsnas.Signal(window=32, stride=16, rate_hz=3200.0)


def flickering(codes, classes, every):
    """Probabilities of which every so many are wrong, though not as sure as the others are right."""
    levels = np.full((len(codes), classes), 20, np.uint8)
    levels[np.arange(len(codes)), codes] = 200
    levels[::every] = 60
    levels[np.arange(0, len(codes), every), (codes[::every] + 1) % classes] = 130
    return levels


def test_answers_that_flicker_are_smoothed_and_quick_changes_are_not():
    slow, quick = np.repeat(np.arange(12) % 3, 40), np.repeat(np.arange(200) % 3, 2)
    scores = score_candidates([Stream(slow, flickering(slow, 3, 4), None)])
    assert list(scores) == list(CANDIDATES)
    assert scores[1] == pytest.approx(0.75, abs=0.02)
    assert scores[2] > 0.95
    assert choose(scores) == 2
    assert choose(score_candidates([Stream(quick, flickering(quick, 3, 10), None)])) == 1
    assert choose(score_candidates([Stream(slow, np.eye(3)[slow], None)])) == 1


def test_the_delay_counts_where_another_recording_begins():
    codes = np.repeat([0, 1], 10)
    scores = score_candidates([Stream(codes, np.eye(2)[codes], None)])
    assert scores[1] == 1.0
    assert scores[8] < 0.85
    weights = np.where(np.arange(20) // 5 == 2, 1e-9, 1.0)
    assert score_candidates([Stream(codes, np.eye(2)[codes], weights)])[8] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("scores", "k"), [({1: 0.9, 2: 0.92, 3: 0.925}, 2), ({1: 0.9, 2: 0.905}, 1), ({1: 0.9, 2: 0.8, 5: 0.99}, 5)]
)
def test_the_smallest_that_is_about_as_good_is_taken(scores, k):
    assert choose(scores) == k


@pytest.mark.parametrize("smooth", [0, 65, 2.5, "some", None, True])
def test_other_settings_are_refused(smooth):
    with pytest.raises(SettingError, match=r"smooth=.* must be 'auto' or a whole number of windows from 1"):
        check_settings(tsnas.AutoClassifier(smooth=smooth))


def test_a_job_chooses_for_its_recordings_and_leaves_the_file_as_it_is(untrained, monkeypatch, tmp_path, capsys):
    def guessed(architecture, split, *_):
        codes = split[1][1]
        levels = flickering(codes, 3, 4)
        return Score(0.5, 0.1, 0.0, levels.argmax(axis=1), levels)

    monkeypatch.setattr("tsnas.search.rounds.short_scores", one_by_one(guessed))
    x, y = sines(300)
    order = np.argsort(y, kind="stable").reshape(-1, 10)
    recordings, labels = [x[rows].reshape(-1, 3) for rows in order], y[order[:, 0]]
    settings = QUICK_RANDOM | {"finalists": 2, "plain_rivals": False}
    clf = tsnas.AutoClassifier(**settings | {"smooth": "auto", "verbose": 1}).fit_recordings(recordings, labels, SIGNAL)
    assert clf.smooth_ == 2
    note = "answers are the mean of 2 windows, which delays a change by 2.5 ms in the mean and 5 ms at most"
    said = " ".join(capsys.readouterr().out.split())
    assert f"smoothing: {note}; macro-F1" in said
    assert clf.history_["smoothing"]["windows"] == list(CANDIDATES)
    printed = []
    clf.summary(printed.append)
    assert f"smoothing: {note}" in printed[0]

    windows = tsnas.data.cut_windows(recordings[:1], [0], SIGNAL)[0]
    means = smooth_answers(clf.predict_proba(windows), 2)
    clear = np.ptp(np.sort(means, axis=1)[:, -2:], axis=1) > 0.01
    found = clf.predict_recordings(recordings[:1])[0]
    np.testing.assert_array_equal(found[clear], clf.classes_[means.argmax(axis=1)][clear])

    clf.report(tmp_path)
    facts = json.loads((tmp_path / "report.json").read_text())["smoothing"]
    assert (facts["windows"], facts["delay_ms"]) == (2, {"mean": 2.5, "worst": 5.0})
    for name in ("report.html", "MODEL_CARD.md"):
        assert f"In a stream, {note}." in " ".join((tmp_path / name).read_text().split())
    clf.save(tmp_path)
    again = tsnas.load(tmp_path)
    assert (again.smooth, again.smooth_) == ("auto", 2)
    assert again.predict_recordings(recordings[:1])[0].tolist() == found.tolist()

    single = tsnas.AutoClassifier(**settings).fit_recordings(recordings, labels, SIGNAL)
    assert single.smooth_ == 1
    assert single.tflite_model_ == clf.tflite_model_
    assert "smoothing" not in single.history_
    model = dataclasses.replace(single.model_, firmware=clf.model_.firmware)
    assert model.predict_recordings(recordings[:1])[0].tolist() == found.tolist()

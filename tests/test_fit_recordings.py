"""Recordings all the way: cut, searched within the time to the next window, saved, and exported."""

import json

import numpy as np
import pytest
from toy_data import QUICK_RANDOM, sines

import tsnas
from tsnas.errors import InfeasibleError, SettingError
from tsnas.tflite.metadata import read_metadata

QUICK = QUICK_RANDOM | {"epochs": 16}
SIGNAL = tsnas.Signal(window=32, stride=16, decimation=2, channels=(3, 0, 2), rate_hz=6400.0)


def recordings(count=24):
    """Each of 4 windows of sines at twice the rate, with a channel of no use among the others."""
    x, y = sines(count * 4, length=32, seed=1)
    order = np.argsort(y, kind="stable").reshape(-1, 4)
    found = []
    for rows in order:
        slow = np.repeat(x[rows].reshape(-1, 3), 2, axis=0)
        useless = np.full((len(slow), 1), 7.0, np.float32)
        found.append(np.concatenate([slow[:, :1], useless, slow[:, 1:]], axis=1))
    return found, y[order[:, 0]]


@pytest.fixture(scope="module")
def fitted():
    x, y = recordings()
    return tsnas.AutoClassifier("nucleo_f446re", max_ram_kb=32, **QUICK).fit_recordings(x, y, SIGNAL)


def test_the_next_window_is_a_limit(fitted):
    assert SIGNAL.deadline_ms == 5.0
    assert fitted.latency_ms_ <= 5.0
    printed = []
    fitted.summary(printed.append)
    assert "limit    5.0 ms of latency: kept" in printed[0]
    x, y = recordings()
    hurried = tsnas.Signal(window=32, stride=16, rate_hz=1e6)
    with pytest.raises(InfeasibleError, match="max_latency_ms too low"):
        tsnas.AutoClassifier("nucleo_f446re", **QUICK).fit_recordings(x, y, hurried)


def test_it_learns_and_answers_for_recordings(fitted):
    x, y = recordings()
    found = fitted.predict_recordings([*x, x[0][:63]])
    assert [len(labels) for labels in found] == [7] * len(x) + [0]
    assert np.mean([np.mean(labels == label) for labels, label in zip(found, y, strict=False)]) > 0.6


def test_the_signal_travels_with_the_model(fitted, tmp_path):
    assert read_metadata(fitted.tflite_model_)["signal"] == SIGNAL.to_json()
    fitted.save(tmp_path)
    again = tsnas.load(tmp_path)
    assert again.signal_ == SIGNAL
    x, _ = recordings()
    assert again.predict_recordings(x[:1])[0].tolist() == fitted.predict_recordings(x[:1])[0].tolist()
    again.report(tmp_path)
    for name in ("report.html", "MODEL_CARD.md"):
        text = " ".join((tmp_path / name).read_text().split())
        assert "Windows of 32 samples, one every 16, with 2 raw samples averaged into one, of channels 3, 0 and" in text
        assert "at 6400 Hz the next window is due after 5 ms" in text
    reproduced = json.loads((tmp_path / "report.json").read_text())["reproduce"]["python"]
    assert reproduced.endswith(f"clf.fit_recordings(recordings, labels, tsnas.{SIGNAL!r})")
    fitted.export(tmp_path / "c", format="c")
    header = (tmp_path / "c/tsnas/tsnas.h").read_text()
    assert "#define TSNAS_RAW_CHANNELS 4 " in header
    assert "#define TSNAS_DECIMATION 2 " in header


def test_what_is_no_signal():
    x, y = recordings()
    with pytest.raises(SettingError, match=r"signal=64 must be a tsnas.Signal"):
        tsnas.AutoClassifier(**QUICK).fit_recordings(x, y, 64)


def test_one_that_was_fitted_on_windows_cuts_none(untrained):
    x, y = sines(96)
    clf = tsnas.AutoClassifier("nucleo_f446re", **QUICK).fit(x, y)
    assert clf.signal_ is None
    with pytest.raises(SettingError, match="fitted on windows"):
        clf.predict_recordings([x[0]])

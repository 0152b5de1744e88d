"""All estimators have their inputs checked in one place, and end in the same job."""

import numpy as np
import pytest
from toy_data import sines

import tsnas
from tsnas.errors import LengthMismatchError, SettingError, UnknownLabelError, WindowShapeError
from tsnas.job.inputs import checked

X, Y = sines(30)
NAMES = np.array(["c", "a", "b"])


def test_labels_are_codes_and_windows_are_read_as_float32():
    groups = np.arange(30) % 5
    job = checked(tsnas.AutoClassifier(max_latency_ms=3, epochs=np.int64(2)), X.astype(int), NAMES[Y], groups)
    assert job.x[:].dtype == job.x.dtype == np.float32
    np.testing.assert_array_equal(job.x[:], X.astype(int))
    assert job.classes.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(job.classes[job.y], NAMES[Y])
    np.testing.assert_array_equal(job.groups, groups)
    assert job.validation_data is None
    assert job.settings.limits == tsnas.Limits(max_latency_ms=3)
    assert type(job.settings.epochs) is int


def test_the_deadline_of_a_signal_is_a_limit():
    signal = tsnas.Signal(window=32, stride=8, rate_hz=32)
    for asked, kept in ((None, 250.0), (400, 250.0), (30, 30)):
        job = checked(tsnas.AutoClassifier(max_latency_ms=asked), X, Y, signal=signal)
        assert job.settings.limits.max_latency_ms == kept
        assert job.settings.signal == signal


def test_names_of_channels_are_those_of_raw_samples():
    job = checked(tsnas.AutoClassifier(), X, Y, channels=["ax", "ay", "az"])
    assert job.channels == tsnas.data.Channels(("ax", "ay", "az"))
    signal = tsnas.Signal(window=32, channels=(2, 0, 1))
    job = checked(tsnas.AutoClassifier(), X, Y, signal=signal, channels=list("abcde"), raw_channels=5)
    assert job.channels.names == ("a", "b", "c", "d", "e")
    assert checked(tsnas.AutoClassifier(), X, Y).channels is None
    with pytest.raises(LengthMismatchError, match="channels has 2 names, but the data have 3 channels"):
        checked(tsnas.AutoClassifier(), X, Y, channels=["ax", "ay"])


def test_validation_data_has_the_classes_of_the_training_data():
    job = checked(tsnas.AutoClassifier(), X, NAMES[Y], validation_data=(X[:2], ["b", "c"]))
    x, codes = job.validation_data
    assert (len(x), codes.tolist()) == (2, [1, 2])


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"validation_data": (X[:2, :20], Y[:2])}, WindowShapeError, r"\(20, 3\), training windows \(32, 3\)"),
        ({"validation_data": (X[:2], [0, 7])}, UnknownLabelError, "7"),
        ({"validation_data": X[:2]}, LengthMismatchError, "validation_data has no labels"),
        ({"groups": [1, 2]}, LengthMismatchError, "groups has 2"),
        ({"distribute": "all"}, SettingError, "distribute='all'"),
    ],
)
def test_bad_input_is_named(given, error, message):
    with pytest.raises(error, match=message):
        checked(tsnas.AutoClassifier(), X, Y, **given)


def test_settings_come_before_arrays():
    """A setting out of range is said first: it is the quicker to mend."""
    with pytest.raises(SettingError, match="seed=-1"):
        checked(tsnas.AutoClassifier(seed=-1), "no windows", None)


def test_two_jobs_are_told_apart_by_what_is_added_to_their_fingerprint(tmp_path):
    job = checked(tsnas.AutoClassifier(), X, Y)
    alike = [job.checkpoints(tmp_path, further).fingerprint for further in (None, [1], [2], None)]
    assert alike[0] == alike[3]
    assert len(set(alike)) == 3

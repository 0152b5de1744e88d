"""All estimators have their inputs checked in one place, and end in the same job."""

import warnings

import numpy as np
import pytest
from toy_data import sines

import tsnas
from tsnas.errors import (
    FewWindowsWarning,
    LabelValueError,
    LengthMismatchError,
    NonFiniteError,
    RejectionError,
    SampleWeightError,
    SettingError,
    UnknownLabelError,
    WindowShapeError,
)
from tsnas.job.inputs import checked
from tsnas.job.preparation import prepare

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


def test_windows_without_weight_are_left_out():
    weights = np.where(np.arange(30) < 3, 0.0, 2.0)
    groups = np.arange(30) % 5
    job = checked(tsnas.AutoClassifier(), X, NAMES[Y], groups, sample_weight=weights)
    rest = checked(tsnas.AutoClassifier(), X[3:], NAMES[Y[3:]], groups[3:])
    np.testing.assert_array_equal(job.x[:], rest.x[:])
    np.testing.assert_array_equal(job.y, rest.y)
    np.testing.assert_array_equal(job.groups, rest.groups)
    assert job.sample_weight.tolist() == [2.0] * 27
    assert checked(tsnas.AutoClassifier(), X, Y, sample_weight=np.where(Y, 1, 0)).classes.tolist() == [1, 2]


def test_weights_belong_to_the_job(tmp_path):
    weights = np.linspace(1, 2, 30)
    given = [{}, {"sample_weight": weights}, {"sample_weight": 2 * weights}]
    prints = [checked(tsnas.AutoClassifier(), X, Y, **one).checkpoints(tmp_path).fingerprint for one in given]
    for class_weight in ("balanced", {0: 2.0}):
        job = checked(tsnas.AutoClassifier(class_weight=class_weight), X, Y)
        prints.append(job.checkpoints(tmp_path).fingerprint)
    assert len(set(prints[1:])) == 4
    assert prints[0] not in prints[1:4] + prints[4:]


def test_validation_windows_weigh_as_given_and_training_windows_by_class_too():
    settings = {"class_weight": {0: 4.0}, "axes": None, "verbose": 0}
    weights = np.linspace(1, 2, 30)
    job = checked(tsnas.AutoClassifier(**settings), X, Y, sample_weight=weights)
    data = prepare(job, 0)
    ((_, y, of_train), (_, _, of_val)), (train, val) = data.splits[0], data.rows[0]
    np.testing.assert_allclose(of_train, weights[train] * np.where(y == 0, 4, 1))
    np.testing.assert_array_equal(of_val, weights[val])
    given = checked(tsnas.AutoClassifier(**settings), X, Y, validation_data=(X[:2], Y[:2], [1, 3]))
    assert prepare(given, 0).splits[0][1][2].tolist() == [1, 3]
    assert len(prepare(checked(tsnas.AutoClassifier(axes=None, verbose=0), X, Y), 0).splits[0][0]) == 2


def test_classes_of_few_windows_are_named_once():
    x, y = sines(150)
    names = np.where(np.arange(150) < 144, NAMES[y], "d")
    with pytest.warns(FewWindowsWarning) as told:
        checked(tsnas.AutoClassifier(), x, names)
    (message,) = (str(one.message) for one in told if one.category is FewWindowsWarning)
    assert "class 'd' (6): fewer than 10" in message
    with warnings.catch_warnings():
        warnings.simplefilter("error", FewWindowsWarning)
        checked(tsnas.AutoClassifier(), x, y)
        with pytest.raises(FewWindowsWarning, match=r"class 2 \(9\): fewer than 10"):
            checked(tsnas.AutoClassifier(), x[:29], y[:29])


def test_windows_of_no_class_are_kept_apart():
    names = NAMES[Y]
    job = checked(tsnas.AutoClassifier(reject="auto", other_class="a"), X, names, validation_data=(X, names))
    assert job.classes.tolist() == ["b", "c"]
    np.testing.assert_array_equal(job.other[:], X[names == "a"])
    np.testing.assert_array_equal(job.x[:], X[names != "a"])
    assert len(job.validation_data[0]) == len(job.validation_data[1]) == 20


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"reject": True}, "reject=True must be None or 'auto'"),
        ({"other_class": "a"}, "other_class='a' only places"),
        ({"reject": "auto", "other_class": ["a"]}, r"other_class=\['a'\] must be a label"),
        ({"reject": "auto", "other_class": "d"}, r"other_class='d' is no label of y, which has \['a', 'b', 'c'\]"),
        ({"reject": "auto", "reject_label": 3}, "reject_label=3 must be of the type"),
        ({"reject": "auto", "reject_label": "b"}, "reject_label='b' is a class itself"),
    ],
)
def test_settings_of_the_rejection_are_checked(settings, message):
    with pytest.raises(RejectionError, match=message):
        checked(tsnas.AutoClassifier(**settings), X, NAMES[Y])


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
        ({"validation_data": (X, Y, Y, Y)}, LengthMismatchError, r"validation_data is a tuple of 4; give \(x, y\)"),
        ({"validation_data": [X]}, LengthMismatchError, "validation_data is a list of 1; give"),
        ({"validation_data": (np.nan * X, Y)}, NonFiniteError, "^x of validation_data holds"),
        ({"validation_data": (np.ma.array(X, mask=X > 0), Y)}, NonFiniteError, "^x of validation_data holds .* masked"),
        ({"validation_data": (X[:2], [0, None])}, LabelValueError, "^y of validation_data has 1 missing"),
        ({"validation_data": (X[:2], [0, 7])}, UnknownLabelError, "^y of validation_data holds labels 7"),
        ({"groups": [1, 2]}, LengthMismatchError, "groups has 2"),
        ({"sample_weight": [1, 2]}, LengthMismatchError, r"sample_weight has shape \(2,\) for 30 windows"),
        ({"sample_weight": -np.ones(30)}, SampleWeightError, "holds 30 values that are negative"),
        ({"validation_data": (X[:2], Y[:2], [0, 0])}, SampleWeightError, "All 2 values of sample_weight of valid"),
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

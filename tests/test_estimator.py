"""The habits of scikit-learn: its checks of estimators, cross-validation by groups, pipelines, searches over limits."""

import functools
import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator
from toy_data import QUICK_RANDOM, sines

import tsnas
from tsnas.cost.estimate import estimate_tflite
from tsnas.data import Standardizer
from tsnas.deploy.convert import untrained_int8
from tsnas.export import Firmware
from tsnas.job import pipeline
from tsnas.model.data_summary import versions
from tsnas.model.model import Model, raw_network
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.tflite.metadata import embed_metadata

SAID_OTHERWISE = "it is refused, with a message of its own that names the shape"
EXPECTED_FAILURES = {
    "check_array_api_input": "arrays of other libraries are converted by NumPy",
    "check_classifiers_train": "a network of random weights stands in for the training here, and learns nothing",
    "check_classifiers_regression_target": "labels such as 0.5 are refused, with a message of its own",
    "check_supervised_y_2d": "labels in a column are refused: they could as well be one-hot rows",
    "check_dtype_object": "an object that is no number is refused, with a message of its own that names it",
    "check_estimators_empty_data_messages": SAID_OTHERWISE,
    "check_fit2d_1sample": SAID_OTHERWISE,
    "check_fit2d_predict1d": SAID_OTHERWISE,
    "check_n_features_in_after_fitting": "windows of another shape are refused, with a message of its own",
    "check_classifier_data_not_an_array": "lists of rows do not reach the stand-in as windows",
    "check_sample_weights_not_an_array": "lists of rows do not reach the stand-in as windows",
    "check_class_weight_classifiers": "a network of random weights stands in for the training here, and learns nothing",
}
QUICK = QUICK_RANDOM | {"epochs": 8, "search_epochs": 1, "qat_epochs": 1}


def windows_of(rows):
    """Each row as a window of 16 time steps, its features as channels."""
    rows = np.asarray(rows) if hasattr(rows, "iloc") else rows
    is_numeric = isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.dtype.kind in "biuf"
    return np.repeat(rows[:, np.newaxis, :], 16, axis=1) if is_numeric else rows


class OfRows(tsnas.AutoClassifier):
    """Takes the two-dimensional data of scikit-learn's checks as windows of three dimensions."""

    def fit(self, x, y=None, groups=None, sample_weight=None):
        return super().fit(windows_of(x), y, groups, sample_weight=sample_weight)

    def predict_proba(self, x):
        return super().predict_proba(windows_of(x))


@functools.cache
def random_network(time, channels, classes):
    architecture = Architecture(time, channels, classes, (TimeReduce(3, 4), SensorFusion(8, (), 0, True, channels)))
    model = architecture.build(seed=0)
    return architecture, model, untrained_int8(model)


def of_random_weights(job, callbacks):
    """What a job ends with, but for training: a network of random weights."""
    time, channels = job.x.shape[1:]
    architecture, network, tflite = random_network(time, channels, len(job.classes))
    standardizer = Standardizer.fit(job.x)
    labels = [str(label) for label in job.classes]
    tflite = embed_metadata(tflite, {"classes": labels, "standardization": standardizer.to_json()})
    return Model(
        firmware=Firmware(tflite, job.settings.board),
        float_network=raw_network(network, standardizer),
        limits=job.settings.limits,
        estimate=estimate_tflite(tflite, job.settings.board),
        architecture=architecture,
        standardizer=standardizer,
        classes=job.classes,
        axes=job.settings.axes,
        signal=None,
        seed=0,
        history={},
        data_summary=None,
        versions=versions(),
    )


CHECKS = list(estimator_checks_generator(OfRows(seed=0, verbose=0), mark="xfail", expected_failed_checks={}))


def name_of(check):
    return check.func.__name__ if isinstance(check, functools.partial) else check.__name__


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(len(CHECKS)), ids=[name_of(check) for _, check in CHECKS])
def test_checks_of_scikit_learn(number, monkeypatch):
    monkeypatch.setattr(pipeline, "run", of_random_weights)
    estimator, check = CHECKS[number]
    if name_of(check) not in EXPECTED_FAILURES:
        check(estimator)
        return
    # A failure that is expected no more must leave the list.
    if name_of(check) != "check_array_api_input":
        with pytest.raises((AssertionError, ValueError)):
            check(estimator)


def test_tags_say_what_it_takes():
    tags = sklearn.utils.get_tags(tsnas.AutoClassifier(seed=0))
    assert tags.input_tags.three_d_array
    assert tags.target_tags.required
    assert not tags.non_deterministic
    assert sklearn.utils.get_tags(tsnas.AutoClassifier()).non_deterministic


X, Y = sines(120)
USERS = np.arange(120) // 20


@pytest.mark.long
def test_cross_validation_by_groups_hands_them_to_the_search_too(monkeypatch):
    seen = []
    real = pipeline.run

    def noted(job, callbacks):
        seen.append(set(job.groups.tolist()))
        return real(job, callbacks)

    monkeypatch.setattr(pipeline, "run", noted)
    with sklearn.config_context(enable_metadata_routing=True):
        clf = tsnas.AutoClassifier(max_latency_ms=3, **QUICK | {"epochs": 30}).set_fit_request(groups=True)
        scores = cross_val_score(clf, X, Y, cv=GroupKFold(2), params={"groups": USERS})
    assert scores.shape == (2,)
    assert scores.mean() > 0.5
    assert sorted(map(len, seen)) == [3, 3]
    assert seen[0].isdisjoint(seen[1])


@pytest.mark.filterwarnings("ignore::tsnas.errors.FewWindowsWarning")
def test_weights_are_routed_and_a_point_that_cannot_be_is_told_in_a_few_lines(untrained, monkeypatch):
    seen = []
    real = pipeline.run

    def noted(job, callbacks):
        seen.append((job.sample_weight, job.settings.class_weight))
        return real(job, callbacks)

    monkeypatch.setattr(pipeline, "run", noted)
    weights = np.linspace(1, 2, len(Y))
    with sklearn.config_context(enable_metadata_routing=True):
        clf = tsnas.AutoClassifier(**QUICK | {"class_weight": "balanced"})
        clf.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        grid = GridSearchCV(
            clf, {"max_latency_ms": [0.01, 4.0]}, cv=StratifiedShuffleSplit(1, random_state=0), refit=False
        )
        with pytest.warns(FitFailedWarning) as told:
            grid.fit(X, Y, sample_weight=weights)
    assert np.isnan(grid.cv_results_["mean_test_score"]).tolist() == [True, False]
    assert [len(own) for own, _ in seen] == [108, 108]
    assert set(seen[0][0]) < set(weights)
    assert seen[0][1] == pytest.approx((1.0, 1.0, 1.0), abs=0.1)
    (text,) = (str(one.message) for one in told if one.category is FitFailedWarning)
    assert "max_latency_ms too low: the smallest that the search space can reach" in text
    own = [line for line in text.splitlines() if "tsnas" in line and line.lstrip().startswith("File")]
    assert len(own) == 2, text


def test_windows_like_none_of_the_classes_are_rejected(untrained, tmp_path):
    strange = 5 + 3 * np.random.default_rng(0).normal(size=(40, *X.shape[1:])).astype(np.float32)
    x, y = np.concatenate([X, strange[:20]]), np.concatenate([np.array(["a", "b", "c"])[Y], ["null"] * 20])
    clf = tsnas.AutoClassifier(max_latency_ms=3, **QUICK, reject="auto", other_class="null").fit(x, y)
    assert clf.classes_.tolist() == ["a", "b", "c"]
    assert set(clf.predict(strange[20:])) == {None}
    assert clf.predict_proba(strange).shape == (40, 3)
    known = clf.predict(X)
    assert np.mean(known == None) < 0.1  # noqa: E711 (element by element)
    scores = clf.evaluate(x, y)
    assert scores["int8"]["other_rejected"] == 1
    assert scores["int8"]["rejected"] == np.mean(known == None)  # noqa: E711
    assert clf.score(X, y[:120]) == np.mean(known == y[:120])
    clf.save(tmp_path)
    loaded = tsnas.load(tmp_path).set_params(reject_label="?")
    assert set(loaded.predict(strange)) == {"?"}
    np.testing.assert_array_equal(loaded.predict(X), np.where(known == None, "?", known))  # noqa: E711
    card = (clf.report(tmp_path, x, y), (tmp_path / "MODEL_CARD.md").read_text())[1]
    assert "Windows whose channels have means, spreads and speeds unlike those of every class are rejected" in card
    assert "100 % of those in the test" in card


def test_end_of_a_pipeline_and_a_grid_of_limits(untrained):
    centred = FunctionTransformer(lambda x: x - x.mean(axis=1, keepdims=True))
    model = Pipeline([("centre", centred), ("classify", tsnas.AutoClassifier(**QUICK))])
    grid = GridSearchCV(
        model,
        {"classify__max_latency_ms": [1.5, 4.0]},
        cv=StratifiedShuffleSplit(1, test_size=0.5, random_state=0),
        error_score="raise",
    ).fit(X, Y)
    limit = grid.best_params_["classify__max_latency_ms"]
    assert grid.best_estimator_["classify"].latency_ms_ <= limit
    assert grid.predict(X).shape == Y.shape
    assert clone(model)["classify"].get_params() == model["classify"].get_params()
    fitted = grid.best_estimator_["classify"]
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))

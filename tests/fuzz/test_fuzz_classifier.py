"""Whatever AutoClassifier is given, it says what is wrong with an error of its own, or goes on to the search."""

import contextlib
import os

import numpy as np
import pytest
from fitted import TINY, fitted
from fuzzing import ODD_VALUES, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tsnas
from tsnas.errors import TsnasError

PARAMS = sorted(tsnas.AutoClassifier().get_params())
GOOD_X = np.random.default_rng(0).normal(size=(12, 16, 3)).astype(np.float32)
GOOD_Y = np.arange(12) % 3


class Started(Exception):  # noqa: N818 (no error: what was given is good enough for a search)
    """The search would begin now."""


@pytest.fixture(scope="module", autouse=True)
def _no_search():
    def started(*args, **kwargs):
        raise Started

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tsnas.job.pipeline.parts_of", started)
        yield


def checked(call):
    """Runs the call up to the search; only errors of tsnas may come out of it."""
    with contextlib.suppress(TsnasError, Started):
        call()


DTYPES = st.one_of(hnp.scalar_dtypes(), st.sampled_from([np.dtype("U3"), np.dtype("S2")]))
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12)
ODD_ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, SHAPES))
VALUES = st.sampled_from([0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e300, -1e39, 1e-45, 2.0**24])


@st.composite
def windows(draw):
    """Windows of a plausible shape, of some type, with some values that no sensor gives."""
    shape = draw(st.tuples(st.integers(0, 14), st.integers(6, 20), st.integers(0, 7)))
    x = np.random.default_rng(draw(st.integers(0, 99))).normal(size=shape)
    if draw(st.booleans()):
        x = x[:, :, 0] if shape[2] else x
    for _ in range(draw(st.integers(0, 2)) if x.size else 0):
        x.flat[draw(st.integers(0, x.size - 1))] = draw(VALUES)
    with np.errstate(all="ignore"):
        x = x.astype(draw(st.sampled_from(["f4", "f8", "f2", "i1", "u2", "i8", "?", "O", "c8", "U8"])))
    kinds = [lambda a: a, np.asfortranarray, lambda a: a[::-1], np.ndarray.tolist, np.ma.masked_invalid]
    if x.dtype.kind in "fiu":
        return draw(st.sampled_from(kinds))(x)
    return x


LABELS = st.one_of(
    st.text(max_size=3), st.integers(-5, 5), st.booleans(), st.none(), st.floats(), st.binary(max_size=2), ODD_VALUES
)


@st.composite
def labels(draw, length):
    """Labels for so many windows, or nearly."""
    count = max(0, length + draw(st.sampled_from([0, 0, 0, 1, -1])))
    kind = draw(st.sampled_from([st.text("ab", max_size=2), st.integers(0, 3), st.sampled_from([0.0, 1.0]), LABELS]))
    y = draw(st.lists(kind, min_size=count, max_size=count))
    if draw(st.booleans()):
        try:
            return np.array(y)
        except (ValueError, OverflowError):
            return y
    return y


@fuzzed(60)
@given(st.data())
def test_windows_labels_and_groups(data):
    x = data.draw(st.one_of(windows(), windows(), windows(), ODD_ARRAYS, ODD_VALUES))
    try:
        length = len(x)
    except TypeError:
        length = 3
    y = data.draw(st.one_of(labels(min(length, 20)), labels(min(length, 20)), ODD_ARRAYS, ODD_VALUES))
    groups = data.draw(st.one_of(st.none(), labels(min(length, 20)), ODD_VALUES))
    validation_data = data.draw(st.one_of(st.none(), st.none(), ODD_VALUES, st.tuples(windows(), labels(5))))
    clf = tsnas.AutoClassifier(verbose=0, seed=0)
    checked(lambda: clf.fit(x, y, groups, validation_data))


@fuzzed(60)
@given(st.dictionaries(st.sampled_from(PARAMS), ODD_VALUES, min_size=1, max_size=3))
def test_settings(tmp_path_factory, params):
    if isinstance(params.get("directory"), str):
        params["directory"] = os.path.join(tmp_path_factory.getbasetemp(), "any", params["directory"].lstrip("/"))
    clf = tsnas.AutoClassifier(**({"verbose": 0, "seed": 0} | params))
    checked(lambda: clf.fit(GOOD_X, GOOD_Y))


@fuzzed(20)
@given(ODD_VALUES, ODD_VALUES)
def test_callbacks_and_devices(callbacks, distribute):
    clf = tsnas.AutoClassifier(verbose=0, seed=0)
    checked(lambda: clf.fit(GOOD_X, GOOD_Y, callbacks=callbacks))
    checked(lambda: clf.fit(GOOD_X, GOOD_Y, distribute=distribute))


@fuzzed(30)
@given(st.dictionaries(st.sampled_from(sorted(tsnas.SpaceConfig.__dataclass_fields__)), ODD_VALUES, min_size=1))
def test_search_spaces(fields):
    checked(lambda: tsnas.SpaceConfig(**fields))


@fuzzed(40)
@given(st.data())
def test_recordings(data):
    fields = {"window": st.integers(4, 20), "stride": ODD_VALUES, "decimation": ODD_VALUES}
    fields |= {"channels": st.one_of(st.none(), ODD_VALUES), "rate_hz": st.one_of(st.none(), ODD_VALUES)}
    usual = {"stride": st.integers(1, 9), "decimation": st.integers(1, 3)}
    chosen = data.draw(st.dictionaries(st.sampled_from(sorted(fields)), st.booleans(), max_size=2))
    given_fields = {"window": data.draw(st.one_of(fields["window"], ODD_VALUES))}
    for name in chosen:
        given_fields[name] = data.draw(st.one_of(fields[name], usual.get(name, fields[name])))
    try:
        signal = tsnas.Signal(**given_fields)
    except TsnasError:
        return
    recording = st.one_of(windows().map(lambda x: x[0] if len(x) else x), ODD_ARRAYS)
    recordings = data.draw(st.one_of(st.lists(recording, max_size=3), ODD_VALUES))
    per_recording = data.draw(st.one_of(labels(3), st.lists(labels(9), max_size=3), ODD_VALUES))
    groups = data.draw(st.one_of(st.none(), labels(3), ODD_VALUES))
    rule = data.draw(st.one_of(st.sampled_from(["majority", "strict"]), ODD_VALUES))
    clf = tsnas.AutoClassifier(verbose=0, seed=0)
    checked(lambda: clf.fit_recordings(recordings, per_recording, signal, groups, rule))


@fuzzed(30)
@given(st.data())
def test_windows_to_predict(data):
    clf = fitted(TINY, labels=["a", "b"])
    x = data.draw(st.one_of(windows(), ODD_ARRAYS, ODD_VALUES))
    y = data.draw(st.one_of(labels(12), ODD_VALUES))
    for call in (lambda: clf.predict(x), lambda: clf.evaluate(x, y), lambda: clf.predict_recordings(x)):
        checked(call)

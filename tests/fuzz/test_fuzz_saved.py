"""A saved folder with anything in it is loaded, or refused by a ModelFileError; nothing in it is ever run."""

import contextlib
import io
import json
import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest
import tf_keras as keras
from fitted import TINY, fitted, windows
from fuzzing import DAMAGE, JSON_VALUES, altered, damaged, fuzzed
from hypothesis import given
from hypothesis import strategies as st

import tsnas
from tsnas.errors import ModelFileError, TsnasError

FILES = ("classifier.json", "model.tflite", "model.keras")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder that `save` wrote."""
    folder = tmp_path_factory.mktemp("saved") / "good"
    fitted(TINY, labels=["a", "b"]).save(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of it, to be altered."""
    return shutil.copytree(saved, tmp_path / "copy")


def changed(saved, name, content):
    """A copy of the folder, with one file replaced."""
    copy = saved.parent / "changed"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(saved, copy)
    (copy / name).write_bytes(content)
    return copy


def used(folder):
    """Loads a folder and uses it; nothing but errors of tsnas may come out."""
    try:
        clf = tsnas.load(folder)
    except ModelFileError:
        return
    x, codes = windows(TINY)
    for call in (lambda: clf.predict(x), lambda: clf.evaluate(x, clf.classes_[codes]), lambda: clf.summary(str)):
        with contextlib.suppress(TsnasError):
            call()


@fuzzed(60)
@given(st.data())
def test_state(saved, data):
    state = json.loads((saved / "classifier.json").read_text())
    values = data.draw(st.one_of(altered(state), altered(state), altered(state, 6), JSON_VALUES))
    used(changed(saved, "classifier.json", json.dumps(values).encode()))


@pytest.mark.parametrize("kind", DAMAGE)
@fuzzed(7)
@given(st.data())
def test_bytes(saved, kind, data):
    name = data.draw(st.sampled_from(FILES))
    used(changed(saved, name, data.draw(damaged((saved / name).read_bytes(), kind))))


def with_member(archive, name, change):
    """A zip archive with one member changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(buffer, "w") as target:
        for member in source.namelist():
            content = source.read(member)
            target.writestr(member, change(content) if member == name else content)
    return buffer.getvalue()


@fuzzed(10)
@given(st.data())
def test_weights_in_the_archive(saved, data):
    """Behind the checksums of the archive."""
    archive = (saved / "model.keras").read_bytes()
    content = with_member(archive, "model.weights.h5", lambda weights: data.draw(damaged(weights)))
    used(changed(saved, "model.keras", content))


@pytest.mark.parametrize("name", FILES)
def test_missing_files(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=name):
        tsnas.load(folder)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"[" * 100_000, b"{}", b"null", b'{"format": 1}', pickle.dumps([1])]
)
def test_other_content(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(ModelFileError):
        tsnas.load(folder)


@pytest.mark.parametrize("version", [2, 10**30, -1, "1", None, [1], 1.5, True])
def test_other_formats(folder, version):
    path = folder / "classifier.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": version, "tsnas": "9.0", "news": {}}))
    with pytest.raises(ModelFileError, match=r"upgrade tsnas|format"):
        tsnas.load(folder)


@pytest.mark.parametrize("path", ["", "missing", "\0", "a" * 5000, "\ud800"])
def test_odd_paths(path):
    with pytest.raises(ModelFileError):
        tsnas.load(path)


@pytest.mark.parametrize("path", [None, 5, ["a"], np.array(3)])
def test_what_is_no_path(path):
    with pytest.raises(ModelFileError, match="path"):
        tsnas.load(path)


def test_links(folder, tmp_path):
    """Links are followed where they lead to files; circles, folders and devices are named."""
    shutil.move(folder / "model.tflite", tmp_path / "elsewhere")
    (folder / "model.tflite").symlink_to(tmp_path / "elsewhere")
    assert tsnas.load(folder).predict(windows(TINY)[0]).shape == (20,)
    for target in (folder / "model.tflite", folder, tmp_path / "nowhere", "/dev/null"):
        (folder / "model.tflite").unlink()
        (folder / "model.tflite").symlink_to(target)
        with pytest.raises(ModelFileError):
            tsnas.load(folder)


def test_saving_over_a_link_leaves_its_target_alone(folder, tmp_path):
    (tmp_path / "precious").write_text("mine")
    (folder / "model.json").unlink()
    (folder / "model.json").symlink_to(tmp_path / "precious")
    tsnas.load(folder).save(folder)
    assert (tmp_path / "precious").read_text() == "mine"


def test_an_architecture_of_billions_is_refused_before_it_is_built(folder):
    path = folder / "classifier.json"
    state = json.loads(path.read_text())
    for cell in state["architecture"]["cells"]:
        cell["filters"] = 2**31
    path.write_text(json.dumps(state))
    with pytest.raises(ModelFileError):
        tsnas.load(folder)


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_a_pickle_in_the_place_of_any_file_is_not_loaded(folder, tmp_path):
    for name in FILES:
        good = (folder / name).read_bytes()
        (folder / name).write_bytes(pickle.dumps(Touch(tmp_path / "touched")))
        with pytest.raises(ModelFileError):
            tsnas.load(folder)
        (folder / name).write_bytes(good)
    assert not (tmp_path / "touched").exists()


def test_a_lambda_in_the_keras_file_is_not_run(folder, tmp_path):
    """The network is built from the architecture; of the file only weights are read."""
    mark = tmp_path / "touched"
    inputs = keras.Input((16, 1))
    mean = keras.layers.GlobalAveragePooling1D()(inputs)
    evil = keras.Model(inputs, keras.layers.Lambda(_toucher(str(mark)))(mean))
    evil.save(folder / "model.keras")
    assert mark.exists()
    mark.unlink()
    keras.models.load_model(folder / "model.keras", safe_mode=False)(np.zeros((1, 16, 1), np.float32))
    assert mark.exists(), "the file would run code where it is trusted"
    mark.unlink()
    with pytest.raises(ModelFileError, match="does not hold the weights"):
        tsnas.load(folder)
    assert not mark.exists()


def _toucher(path):
    def touch(x):
        import pathlib

        pathlib.Path(path).touch()
        return x

    return touch


def test_a_config_with_code_beside_good_weights_is_not_read(saved, folder):
    """Weights as they should be, and a config that names a function to run."""
    config = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    archive = (saved / "model.keras").read_bytes()
    (folder / "model.keras").write_bytes(with_member(archive, "config.json", lambda _: json.dumps(config).encode()))
    x, _ = windows(TINY)
    expected = tsnas.load(saved).keras_model_.predict(x, verbose=0)
    np.testing.assert_array_equal(tsnas.load(folder).keras_model_.predict(x, verbose=0), expected)


def test_an_archive_that_unpacks_to_gigabytes_is_refused(folder):
    with (
        zipfile.ZipFile(folder / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("model.weights.h5", "w", force_zip64=True) as member,
    ):
        for _ in range(300):
            member.write(bytes(2**20))
    with pytest.raises(ModelFileError, match="unpacks to 314572800 bytes"):
        tsnas.load(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ["a", "b", "c"]},
        {"classes": ["a", None]},
        {"classes": [["a"], ["b"]]},
        {"classes_dtype": "<U999999999"},
        {"classes_dtype": "O"},
        {"classes_dtype": [["a", "<i8"]]},
        {"standardization": {"mean": [0.0, 0.0], "std": [1.0, 1.0]}},
        {"architecture": {"time": 16, "sensors": 1, "classes": 2, "cells": []}},
        {"signal": {"window": 9}},
        {"axes": [[0, 1]]},
        {"axes": 3},
        {"params": {"board": "nucleo_f446re"}},
        {"params": [1]},
    ],
)
def test_parts_that_do_not_belong_together(folder, change):
    path = folder / "classifier.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelFileError):
        tsnas.load(folder)


def test_archive_members_that_point_outside_write_nothing(folder, tmp_path):
    with zipfile.ZipFile(folder / "model.keras", "a") as archive:
        archive.writestr("../../outside", "x")
        archive.writestr(os.path.join(str(tmp_path), "absolute"), "x")
    before = sorted(tmp_path.rglob("*"))
    with contextlib.suppress(ModelFileError):
        tsnas.load(folder)
    assert sorted(tmp_path.rglob("*")) == before

"""SearchBoard writes what TensorBoard reads: a curve for each log, and a picture of the decisions."""

import builtins

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from test_callbacks import run

import tsnas
from tsnas.callbacks import SearchBoard
from tsnas.callbacks.search_board import decisions_picture
from tsnas.cost.board import load_board
from tsnas.errors import OutputDirError, SettingError
from tsnas.space.supernet import Supernet, build_cells

pytestmark = pytest.mark.usefixtures("eager")


def read(folder):
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return events


def test_curves_and_pictures_are_what_the_search_logged(tmp_path):
    _, history = run([SearchBoard(tmp_path / "board", pictures_every=2)])
    events = read(tmp_path / "board")
    written = set(events.Tags()["tensors"])
    assert written == {f"search/{name}" for name in history} | {"decisions"}
    for name in ("expected_latency_ms", "entropy", "temperature", "val_loss"):
        values = [float(tf.make_ndarray(event.tensor_proto)) for event in events.Tensors(f"search/{name}")]
        assert values == pytest.approx(history[name], rel=1e-6)
    # Epochs 0 and 2 of three.
    pictures = events.Tensors("decisions")
    assert [event.step for event in pictures] == [0, 2]
    width, height, png = tf.make_ndarray(pictures[0].tensor_proto)
    assert tf.io.decode_png(png).shape == (int(height), int(width), 3)


def test_a_search_of_the_classifier_can_be_watched(tmp_path, untrained):
    x = np.random.default_rng(0).normal(size=(40, 16, 2)).astype(np.float32)
    space = tsnas.SpaceConfig(time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0)
    quick = {"strategy": "evolution", "search_epochs": 2, "finalists": 1, "space": space, "seed": 0, "verbose": 0}
    tsnas.AutoClassifier(**quick).fit(x, np.arange(40) % 2, callbacks=SearchBoard(tmp_path, pictures_every=0))
    assert len(read(tmp_path).Tensors("search/expected_latency_ms")) == 2
    assert "decisions" not in read(tmp_path).Tags()["tensors"]


@pytest.mark.long
def test_a_further_search_gets_a_folder_of_its_own(tmp_path):
    board = SearchBoard(tmp_path, pictures_every=0)
    histories = [run([board])[1] for _ in range(2)]
    for folder, history in zip((tmp_path, tmp_path / "search_2"), histories, strict=True):
        (file,) = folder.glob("events*")
        values = [float(tf.make_ndarray(event.tensor_proto)) for event in read(file).Tensors("search/entropy")]
        assert values == pytest.approx(history["entropy"], rel=1e-6)


def test_picture_has_a_row_for_each_decision_and_darkens_what_is_likely():
    board = load_board("nucleo_f446re")
    supernet = Supernet(build_cells(board, 32, 3, 2, tsnas.SpaceConfig(extra_fusion_cells=0)), board)
    before = decisions_picture(supernet)
    assert before.dtype == np.uint8
    assert before.shape[2] == 3
    for alpha in supernet.alphas:
        alpha.assign(np.eye(1, alpha.shape[0])[0] * 50)
    after = decisions_picture(supernet)
    assert after.shape == before.shape

    def dark_blue(picture):
        return int(((picture[..., 2] > picture[..., 0] + 50) & (picture[..., 0] < 40)).sum())

    assert dark_blue(after) > dark_blue(before) + 1000


def test_what_cannot_be_had_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputDirError):
        SearchBoard(tmp_path / "file")
    with pytest.raises(SettingError, match=r"pictures_every=-1 must be a whole number of epochs"):
        SearchBoard(tmp_path, pictures_every=-1)
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
    model.compile(loss="mse")
    with pytest.raises(SettingError, match=r"SearchBoard follows a Supernet, but was given a Sequential"):
        model.fit(np.zeros((2, 1)), np.zeros(2), callbacks=[SearchBoard(tmp_path)], verbose=0)
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "tensorboard":
            raise ImportError(name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingError, match=r"SearchBoard needs tensorboard: pip install 'tsnas\[tensorboard\]'"):
        SearchBoard(tmp_path)

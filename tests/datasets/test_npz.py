"""Data files: what a .npz may hold, and what is said when it cannot be used."""

import numpy as np
import pytest

from tsnas.datasets import load_npz
from tsnas.errors import DatasetFileError

X = np.arange(4 * 16 * 2, dtype=np.int16).reshape(4, 16, 2)
Y = np.array(["a", "b", "a", "b"])


def test_training_arrays_alone_are_enough(tmp_path):
    np.savez(tmp_path / "d.npz", x_train=X, y_train=Y)
    data = load_npz(tmp_path / "d.npz")
    np.testing.assert_array_equal(data.x_train, X)
    np.testing.assert_array_equal(data.y_train, Y)
    assert data.groups_train is data.x_test is data.y_test is data.groups_test is None


@pytest.mark.parametrize("name", ["groups", "subject"])
def test_all_arrays_and_both_names_of_groups(tmp_path, name):
    arrays = {f"{name}_train": np.array([1, 1, 2, 2]), f"{name}_test": np.array([3, 3])}
    np.savez_compressed(tmp_path / "d.npz", x_train=X, y_train=Y, x_test=X[:2], y_test=Y[:2], **arrays)
    data = load_npz(str(tmp_path / "d.npz"))
    assert data.groups_train.tolist() == [1, 1, 2, 2]
    assert data.groups_test.tolist() == [3, 3]
    np.testing.assert_array_equal(data.x_test, X[:2])
    np.testing.assert_array_equal(data.y_test, Y[:2])


def test_integers_are_scaled_per_channel_and_floats_are_not(tmp_path):
    scale = np.array([0.5, 2.0], np.float32)
    np.savez(tmp_path / "d.npz", x_train=X, y_train=Y, x_test=X.astype(np.float32), y_test=Y, scale=scale)
    data = load_npz(tmp_path / "d.npz")
    np.testing.assert_array_equal(data.x_train[:, :, 1], X[:, :, 1] * 2.0)
    np.testing.assert_array_equal(data.x_train[:, :, 0], X[:, :, 0] * 0.5)
    np.testing.assert_array_equal(data.x_test, X)


def test_one_scale_for_all_channels(tmp_path):
    np.savez(tmp_path / "d.npz", x_train=X[:, :, 0], y_train=Y, scale=0.25)
    np.testing.assert_array_equal(load_npz(tmp_path / "d.npz").x_train, X[:, :, 0] * 0.25)


def test_a_scale_that_does_not_fit_is_refused(tmp_path):
    np.savez(tmp_path / "d.npz", x_train=X, y_train=Y, scale=np.ones(3))
    with pytest.raises(DatasetFileError, match=r"scale of shape \(3,\).*\(4, 16, 2\)"):
        load_npz(tmp_path / "d.npz")


def test_the_shared_reference_file_loads(shared_dir):
    data = load_npz(shared_dir / "data/uci_har.npz")
    assert data.x_train.shape == (7415, 128, 9)
    assert data.x_train.dtype == np.float32
    assert 0.9 < np.linalg.norm(data.x_train[:, :, 6:], axis=-1).mean() < 1.1  # gravity, in g
    assert len(set(data.groups_test.tolist())) == 9


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DatasetFileError, match=r"none\.npz does not exist"):
        load_npz(tmp_path / "none.npz")
    with pytest.raises(DatasetFileError, match="does not exist"):
        load_npz(tmp_path)


def test_other_and_truncated_files_are_refused(tmp_path):
    np.save(tmp_path / "d.npy", X)
    np.savez_compressed(tmp_path / "d.npz", x_train=X, y_train=Y)
    whole = (tmp_path / "d.npz").read_bytes()
    (tmp_path / "short.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("d.npy", "short.npz", "empty.npz"):
        with pytest.raises(DatasetFileError, match=f"{name} is not a .npz file or is truncated"):
            load_npz(tmp_path / name)


def test_damaged_files_are_refused(tmp_path):
    np.savez_compressed(tmp_path / "d.npz", x_train=X, y_train=Y)
    damaged = bytearray((tmp_path / "d.npz").read_bytes())
    damaged[60:90] = bytes(30)
    (tmp_path / "d.npz").write_bytes(damaged)
    with pytest.raises(DatasetFileError, match="cannot be read"):
        load_npz(tmp_path / "d.npz")


@pytest.mark.parametrize(
    ("arrays", "missing"),
    [
        ({"x_train": X}, "lacks y_train; it holds x_train"),
        ({"a": X}, "lacks x_train, y_train; it holds a"),
        ({}, "it holds nothing"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "lacks y_test"),
        ({"x_train": X, "y_train": Y, "y_test": Y}, "lacks x_test"),
    ],
)
def test_missing_arrays_are_named(tmp_path, arrays, missing):
    np.savez(tmp_path / "d.npz", **arrays)
    with pytest.raises(DatasetFileError, match=missing):
        load_npz(tmp_path / "d.npz")


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "d.npz", x_train=X, y_train=Y.astype(object))
    with pytest.raises(DatasetFileError, match="Python objects"):
        load_npz(tmp_path / "d.npz")

"""Checkpoints: what is kept, what is ignored, and a job that is killed in between."""

import numpy as np
import pytest
from toy_data import sines

import tsnas
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.inputs import Job

QUICK = {
    "epochs": 2,
    "search_epochs": 1,
    "qat_epochs": 1,
    "batch_size": 24,
    "finalists": 1,
    "space": tsnas.SpaceConfig(time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0),
    "verbose": 0,
}


def test_round_trip(tmp_path):
    job = [np.arange(3), None, {"seed": 1}]
    arrays = [np.ones((2, 3), np.float32), np.arange(4)]
    Checkpoints(tmp_path / "new", job).save("search", {"regret": 0.5}, arrays)
    values, loaded = Checkpoints(tmp_path / "new", job).load("search")
    assert values == {"regret": 0.5}
    for a, b in zip(arrays, loaded, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype


@pytest.mark.parametrize(
    "other", [[np.arange(4), {"seed": 1}], [np.arange(3), {"seed": 2}], [np.arange(3.0), {"seed": 1}]]
)
def test_phases_of_another_job_are_ignored(tmp_path, other):
    Checkpoints(tmp_path, [np.arange(3), {"seed": 1}]).save("search", {})
    assert Checkpoints(tmp_path, [np.arange(3), {"seed": 1}]).load("search") is not None
    assert Checkpoints(tmp_path, other).load("search") is None


def test_damaged_files_are_ignored(tmp_path):
    checkpoints = Checkpoints(tmp_path, [])
    checkpoints.save("search", {"a": 1}, [np.ones(9)])
    path = tmp_path / "phase_search.npz"
    path.write_bytes(path.read_bytes()[:-40])
    assert checkpoints.load("search") is None


def test_clear_leaves_what_is_not_its_own(tmp_path):
    checkpoints = Checkpoints(tmp_path, [])
    checkpoints.save("search", {})
    (tmp_path / "mine.txt").write_text("")
    checkpoints.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_another_process_has_removed_is_no_error(tmp_path):
    folder = tmp_path / "phases"
    checkpoints = Checkpoints(folder, [{"a": 1}])
    assert not folder.exists()
    checkpoints.clear()
    checkpoints.save("search", {"seed": 0})
    (folder / "other").write_text("")
    checkpoints.clear()
    assert [path.name for path in folder.iterdir()] == ["other"]


def test_no_folder_keeps_nothing():
    checkpoints = Checkpoints(None)
    checkpoints.save("search", {})
    assert checkpoints.load("search") is None
    checkpoints.clear()


@pytest.fixture(scope="module")
def undisturbed(eager_module):
    return tsnas.AutoClassifier(seed=0, **QUICK).fit(*sines(60))


@pytest.mark.parametrize("killed_in", ["training_of", pytest.param("train_quantised", marks=pytest.mark.long)])
def test_a_killed_job_goes_on_and_ends_as_an_undisturbed_one(undisturbed, tmp_path, monkeypatch, killed_in):
    x, y = sines(60)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    resumable = tsnas.AutoClassifier(seed=0, directory=tmp_path / "phases", **QUICK)
    with monkeypatch.context() as patch:
        patch.setattr(f"tsnas.job.training.{killed_in}", killed)
        with pytest.raises(KeyboardInterrupt):
            resumable.fit(x, y)
    with monkeypatch.context() as patch:
        patch.setattr("tsnas.job.selection.search", killed)
        if killed_in == "train_quantised":
            patch.setattr("tsnas.job.training.training_of", killed)
        resumable.fit(x, y)
    assert resumable.tflite_model_ == undisturbed.tflite_model_
    assert resumable.history_ == undisturbed.history_
    assert not (tmp_path / "phases").exists()


def test_names_of_channels_belong_to_the_job_of_a_classifier(tmp_path, monkeypatch):
    """They lengthen the file, whose length is checked in the search; what it found may be too long with others."""
    prints, real = [], Job.checkpoints

    def stop(self, *args):
        prints.append(real(self, *args).fingerprint)
        raise KeyboardInterrupt

    monkeypatch.setattr(Job, "checkpoints", stop)
    names = ["ax", "ay", "az"]
    for channels in (names, names, tsnas.data.Channels(names, ["g"] * 3), None):
        with pytest.raises(KeyboardInterrupt):
            tsnas.AutoClassifier(directory=tmp_path, **QUICK).fit(*sines(60), channels=channels)
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_job_without_a_seed_goes_on_with_the_seed_it_had(tmp_path, monkeypatch, eager_module):
    x, y = sines(60)
    clf = tsnas.AutoClassifier(directory=tmp_path, **QUICK)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tsnas.job.training.train_quantised", killed)
        with pytest.raises(KeyboardInterrupt):
            clf.fit(x, y)
    values, _ = _saved(tmp_path)
    clf.fit(x, y)
    assert clf.seed_ == values["seed"]


def _saved(folder):
    import json

    with np.load(folder / "phase_search.npz") as content:
        return json.loads(str(content["values"])), content.files

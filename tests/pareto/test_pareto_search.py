"""A front from one supernet: verified points on two boards, resumed after a kill, and shared out to workers."""

import dataclasses
import functools
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from processes import Process
from sklearn.base import clone
from stand_ins import guessed
from toy_data import sines

import tsnas
from tsnas.cost.estimate import estimate_tflite
from tsnas.errors import InfeasibleError, ModelFileError, SettingError
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.settings import check_settings
from tsnas.pareto import work
from tsnas.search import rounds
from tsnas.search.rounds import short_scores
from tsnas.space.config import SpaceConfig

SPACE = SpaceConfig(
    time_reduce_filters=8,
    fusion_filters=16,
    kernel_sizes=(3, 5),
    minimum_sensors=2,
    extra_fusion_cells=0,
    first_stride=2,
    collapse=True,
)
QUICK = {"epochs": 6, "search_epochs": 2, "qat_epochs": 1, "batch_size": 16, "finalists": 2, "space": SPACE}
ANSWERS = {"class_weight": {0: 2.0}, "reject": "auto", "reject_label": -1, "smooth": 3}
BOARDS = ["nucleo_f446re", "nucleo_l552ze_q"]
X, Y = sines(160)
CHANNELS = tsnas.data.Channels(("ax", "ay", "az"), ("g",) * 3, 50)
# Of short trainings, and a small evolution, here and in all processes: what they find out is tested elsewhere.
SMALL_EVOLUTION = functools.partial(work.EvolutionConfig, population=12, generations=2, last_generations=2)


def shorten(patch):
    patch.setattr(rounds, "short_scores", guessed)
    patch.setattr(work, "EvolutionConfig", SMALL_EVOLUTION)


@pytest.fixture(scope="module", autouse=True)
def short_work():
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        yield


def search(**params) -> tsnas.ParetoSearch:
    return tsnas.ParetoSearch(BOARDS, [1.6, 5.0], **(QUICK | ANSWERS | {"seed": 0, "verbose": 0} | params))


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    return search(directory=tmp_path_factory.mktemp("front")).fit(X, Y, channels=CHANNELS)


def test_every_point_is_a_file_within_its_limit_on_its_board(front):
    assert {point.board for point in front.points_} == set(BOARDS)
    for point in front.points_:
        content = (Path(front.directory_) / point.folder / "model.tflite").read_bytes()
        estimate = estimate_tflite(content, point.board)
        assert estimate.latency_ms == point.latency_ms <= point.max_latency_ms
        assert (estimate.ram_bytes, estimate.flash_bytes) == (point.ram_bytes, point.flash_bytes)


def test_one_training_serves_several_boards(front):
    boards_of = {}
    for point in front.points_:
        boards_of.setdefault(point.model, set()).add(point.board)
    assert any(len(boards) == 2 for boards in boards_of.values())


def test_best_is_a_fitted_classifier_within_the_limits_asked_for(front):
    assert any(point.latency_ms > 1.6 for point in front.points_)
    clf = front.best(max_latency_ms=1.6)
    assert clf.latency_ms_ <= 1.6
    assert clf.board_.name == BOARDS[0]
    assert (clf.predict(X) == Y).mean() > 0.6
    assert front.best(board=BOARDS[1]).board_.name == BOARDS[1]
    assert front.load(front.points_[0]).latency_ms_ == front.points_[0].latency_ms
    with pytest.raises(InfeasibleError, match="None of the"):
        front.best(max_latency_ms=0.01)
    with pytest.raises(
        SettingError, match=r"board='esp32' is not a board of this front, which has nucleo_f446re, nucleo_l552ze_q"
    ):
        front.front("esp32")


def test_a_point_has_a_report_that_says_how_to_get_the_front_again(front, tmp_path):
    clf = front.load(front.points_[-1])
    assert clf.max_latency_ms == front.points_[-1].max_latency_ms
    assert set(clf.history_) == {"search", "train", "quantise"}
    names = {path.name for path in clf.report(tmp_path, X, Y)}
    assert names == {"report.html", "report.json", "MODEL_CARD.md"}
    facts = json.loads((tmp_path / "report.json").read_text())
    assert clf.strategy == facts["settings"]["strategy"] == "evolution"
    assert facts["model"]["channel_names"] == CHANNELS.texts
    reproduced = facts["reproduce"]["python"]
    assert "front = tsnas.ParetoSearch(" in reproduced
    assert "max_latency_ms=[1.6, 5.0]," in reproduced


def test_points_answer_as_the_front_was_asked_to(front):
    clf = front.load(front.points_[0])
    assert {name: clf.get_params()[name] for name in ANSWERS} == ANSWERS
    assert clf.smooth_ == 3
    far = 1e3 * np.ones((1, *X.shape[1:]), np.float32)
    assert clf.predict(far).tolist() == [-1]
    assert (clf.predict(X) == -1).mean() < 0.2


def test_weights_reach_the_training(monkeypatch):
    seen = []
    monkeypatch.setattr(work.FrontWork, "run", lambda self: seen.append(self._data.everything) or 1 / 0)
    weights = np.where(np.arange(len(X)) < 40, 3.0, 1.0)
    with pytest.raises(ZeroDivisionError):
        search().fit(X, Y, sample_weight=weights)
    np.testing.assert_allclose(seen[0][2], weights * np.where(Y == 0, 2.0, 1.0))


def test_the_supernet_is_trained_for_as_many_steps_as_that_of_an_evolution(front):
    clf = tsnas.AutoClassifier(strategy="evolution", batch_size=QUICK["batch_size"])
    x = np.zeros((2000, 128, 6, 1), np.float32)
    own = check_settings(search(search_epochs=None)._template(front.best().board_))
    assert own.search_epochs_for(x) == check_settings(clf).search_epochs_for(x)


def test_read_back(front):
    again = tsnas.ParetoSearch.read(front.directory_)
    assert again.points_ == front.points_
    assert again.table() == front.table()
    with pytest.raises(ModelFileError, match=r"No finished front can be read from .*front.json"):
        tsnas.ParetoSearch.read(front.directory_ / "nowhere")


@pytest.fixture
def done(monkeypatch):
    """What a front does besides reading what was kept; it stops there."""
    found = []

    def stop(name):
        return lambda *_: found.append(name) or 1 / 0

    for name in ("_search", "_score", "_train"):
        monkeypatch.setattr(work.FrontWork, name, stop(name))
    return found


def test_called_again_it_does_nothing_and_with_other_data_everything(front, done):
    assert search(directory=front.directory_).fit(X, Y, channels=CHANNELS).points_ == front.points_
    assert done == []
    with pytest.raises(ZeroDivisionError):
        search(directory=front.directory_).fit(X[::-1].copy(), Y[::-1].copy(), channels=CHANNELS)
    assert done == ["_search"]


@pytest.mark.parametrize(
    ("params", "channels"),
    [
        ({"smooth": 2}, CHANNELS),
        ({"reject_label": -2}, CHANNELS),
        ({}, None),
        ({}, dataclasses.replace(CHANNELS, units=("m/s2",) * 3)),
    ],
    ids=["smooth", "reject_label", "no names", "units"],
)
def test_points_that_say_something_else_need_their_last_trainings_alone(front, done, params, channels):
    with pytest.raises(ZeroDivisionError):
        search(directory=front.directory_, **params).fit(X, Y, channels=channels)
    assert done == ["_train"]


def test_points_whose_folders_another_front_has_replaced_are_made_again(front, done):
    path = Path(front.directory_) / front.points_[0].folder / "classifier.json"
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"smooth": 3', b'"smooth": 4'))
    try:
        with pytest.raises(ZeroDivisionError):
            search(directory=front.directory_).fit(X, Y, channels=CHANNELS)
    finally:
        path.write_bytes(content)
    assert done == ["_train"]


def test_habits_of_scikit_learn():
    assert clone(search()).get_params() == search().get_params()
    with pytest.raises(SettingError, match=r"smooth='auto' chooses a number of windows for one model; give a front"):
        search(smooth="auto").fit(X, Y)
    with pytest.raises(SettingError, match=r"points=0 must be a whole number of at least 1"):
        search(points=0).fit(X, Y)
    with pytest.raises(SettingError, match=r"has a board twice; give each board once"):
        tsnas.ParetoSearch([BOARDS[0], BOARDS[0]]).fit(X, Y)
    with pytest.raises(InfeasibleError, match=r"too low for nucleo_f446re"):
        tsnas.ParetoSearch(BOARDS, 0.01, **QUICK).fit(X, Y)


def files_of(folder) -> dict[str, bytes]:
    points = json.loads((Path(folder) / "front.json").read_text())["points"]
    return {point["folder"]: (Path(folder) / point["folder"] / "model.tflite").read_bytes() for point in points}


def one_point(folder) -> tsnas.ParetoSearch:
    """The smallest front, with all kinds of jobs."""
    settings = QUICK | {"epochs": 2, "search_epochs": 1, "batch_size": 32, "max_latency_ms": [5.0]}
    return tsnas.ParetoSearch(BOARDS[:1], seed=0, verbose=0, directory=folder, **settings).fit(X, Y)


def killed_at(folder: Path, phase: str, kept: bool) -> None:
    """A process that is killed just before a phase is kept, or just after; one that has no such phase ends well."""
    tf.config.run_functions_eagerly(True)
    shorten(pytest.MonkeyPatch())
    save = Checkpoints.save

    def killing(self, name, *args):
        if name.startswith(phase) and not kept:
            os.kill(os.getpid(), signal.SIGKILL)
        save(self, name, *args)
        if name.startswith(phase):
            os.kill(os.getpid(), signal.SIGKILL)

    Checkpoints.save = killing
    one_point(folder)


@pytest.mark.long
def test_killed_at_any_job_the_same_call_ends_with_the_same_files(tmp_path, eager):
    front = one_point(tmp_path / "whole")
    for phase, kept, left in [
        ("search", False, set()),
        ("score-1", True, {"search", "score"}),
        ("train", True, {"search", "score", "train"}),  # The float weights of a training.
        ("train-", False, {"search", "score", "train"}),
    ]:
        process = Process(killed_at, tmp_path / "killed", phase, kept)
        assert process.end() == -signal.SIGKILL, process.said
        names = {path.stem.removeprefix("phase_") for path in (tmp_path / "killed").rglob("phase_*.npz")}
        assert {name.partition("-")[0] for name in names} == left
    one_point(tmp_path / "killed")
    assert files_of(tmp_path / "killed") == files_of(front.directory_)
    assert len(files_of(front.directory_)) == 1


@pytest.mark.long
def test_all_parts_of_a_space_have_entrants_where_they_fit(tmp_path, monkeypatch, eager, untrained):
    """With short trainings as they are, but for their length."""
    monkeypatch.setattr(rounds, "short_scores", short_scores)
    for name in ("FIRST_STEPS", "SECOND_STEPS"):
        monkeypatch.setattr(rounds, name, 1)
    slow = dataclasses.replace(SPACE, first_stride=2, collapse=False)
    x, y = sines(64, length=64, channels=6)
    entrants, real = [], work.finalists

    def watched(paths, *args):
        found = real(paths, *args)
        entrants.append((paths.bounds.upper.latency_ms, [one.architecture for one in found]))
        return found

    monkeypatch.setattr(work, "finalists", watched)
    front = tsnas.ParetoSearch(
        BOARDS[:1],
        [1.2, 12.0],
        **(QUICK | {"search_epochs": 1, "batch_size": 32, "space": [SPACE, slow]}),
        seed=0,
        verbose=0,
        directory=tmp_path,
    ).fit(x, y)
    assert front.history_["part"] == [0.0, 1.0]
    # The paper's part takes at least 2 ms.
    assert [(limit, [one.cells[0].stride for one in drawn]) for limit, drawn in entrants] == [
        (1.2, [4, 4]),
        (12.0, [4]),
        (12.0, [2]),
    ]
    assert front.load(front.points_[-1]).space == [SPACE, slow]

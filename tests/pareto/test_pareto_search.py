"""A front from one supernet: verified points on two boards, resumed after a kill, and shared out to workers."""

import dataclasses
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from toy_data import sines

import tsnas
from tsnas.cost.estimate import estimate_tflite
from tsnas.errors import InfeasibleError, ModelFileError, SettingError
from tsnas.pareto import work
from tsnas.pareto.work import FrontWork
from tsnas.search import contest
from tsnas.space.config import SpaceConfig
from tsnas.tuning import chief_client as client

SPACE = SpaceConfig(
    time_reduce_filters=8,
    fusion_filters=16,
    kernel_sizes=(3, 5),
    minimum_sensors=2,
    extra_fusion_cells=1,
    first_stride=4,
    collapse=True,
)
QUICK = {"epochs": 16, "search_epochs": 3, "qat_epochs": 2, "batch_size": 16, "finalists": 2, "space": SPACE}
BOARDS = ["nucleo_f446re", "nucleo_l552ze_q"]
X, Y = sines(160)
# Of short trainings, and a small evolution, here and in all processes: what they find out is tested elsewhere.
SMALL_EVOLUTION = functools.partial(work.EvolutionConfig, population=12, generations=2, last_generations=2)


def shorten(patch):
    for name in ("FIRST_STEPS", "SECOND_STEPS"):
        patch.setattr(contest, name, 40)
    patch.setattr(work, "EvolutionConfig", SMALL_EVOLUTION)


@pytest.fixture(scope="module", autouse=True)
def short_work():
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        yield


def search(**params) -> tsnas.ParetoSearch:
    return tsnas.ParetoSearch(BOARDS, [4.0, 9.0], **(QUICK | {"seed": 0, "verbose": 0} | params))


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    return search(directory=tmp_path_factory.mktemp("front")).fit(X, Y)


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
    assert any(point.latency_ms > 4.0 for point in front.points_)
    clf = front.best(max_latency_ms=4.0)
    assert clf.latency_ms_ <= 4.0
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
    reproduced = json.loads((tmp_path / "report.json").read_text())["reproduce"]["python"]
    assert "front = tsnas.ParetoSearch(" in reproduced
    assert "max_latency_ms=[4.0, 9.0]," in reproduced


def test_read_back(front):
    again = tsnas.ParetoSearch.read(front.directory_)
    assert again.points_ == front.points_
    assert again.table() == front.table()
    with pytest.raises(ModelFileError, match=r"No finished front can be read from .*front.json"):
        tsnas.ParetoSearch.read(front.directory_ / "nowhere")


def test_called_again_it_does_nothing_and_with_other_data_everything(front, monkeypatch):
    done = []
    monkeypatch.setattr(FrontWork, "run", lambda self, name: done.append(name) or 1 / 0)
    assert search(directory=front.directory_).fit(X, Y).points_ == front.points_
    with pytest.raises(ZeroDivisionError):
        search(directory=front.directory_).fit(X[::-1].copy(), Y[::-1].copy())
    assert done == ["search"]


def test_habits_of_scikit_learn():
    assert clone(search()).get_params() == search().get_params()
    with pytest.raises(SettingError, match=r"points=0 must be a whole number of at least 1"):
        search(points=0).fit(X, Y)
    with pytest.raises(SettingError, match=r"has a board twice; give each board once"):
        tsnas.ParetoSearch([BOARDS[0], BOARDS[0]]).fit(X, Y)
    with pytest.raises(InfeasibleError, match=r"too low for nucleo_f446re"):
        tsnas.ParetoSearch(BOARDS, 0.01, **QUICK).fit(X, Y)


def test_workers_need_a_seed_and_a_folder(monkeypatch):
    for name, value in ((client.CHIEF, "127.0.0.1"), (client.PORT, "8000"), (client.TUNER_ID, "chief")):
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=r"Several processes need one seed and one shared folder"):
        search(seed=None).fit(X, Y)


SCRIPT = """
import sys
sys.path[:0] = [{tests!r}, {here!r}]
import pytest
from test_pareto_search import X, Y, search, shorten
shorten(pytest.MonkeyPatch())
search(directory=sys.argv[1]).fit(X, Y)
"""


def process(folder, **environment) -> subprocess.Popen:
    here = Path(__file__).parent
    script = SCRIPT.format(tests=str(here.parent), here=str(here))
    command = [sys.executable, "-c", script, str(folder)]
    return subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE, text=True)


def files_of(folder) -> dict[str, bytes]:
    points = json.loads((Path(folder) / "front.json").read_text())["points"]
    return {point["folder"]: (Path(folder) / point["folder"] / "model.tflite").read_bytes() for point in points}


def test_killed_at_any_job_the_same_call_ends_with_the_same_files(front, tmp_path):
    for _ in range(3):
        running = process(tmp_path)
        before = set(tmp_path.rglob("phase_*.npz"))
        deadline = time.monotonic() + 120
        while running.poll() is None and not set(tmp_path.rglob("phase_*.npz")) - before:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        running.send_signal(signal.SIGKILL)
        running.communicate()
    last = process(tmp_path)
    _, said = last.communicate(timeout=300)
    assert last.returncode == 0, said
    assert files_of(tmp_path) == files_of(front.directory_)


def test_chief_and_workers_end_with_the_same_files(front, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {client.CHIEF: "127.0.0.1", client.PORT: port, "GRPC_VERBOSITY": "NONE"}
    team = {name: process(tmp_path, **shared, **{client.TUNER_ID: name}) for name in ("chief", "worker0", "worker1")}
    for name, one in team.items():
        _, said = one.communicate(timeout=300)
        assert one.returncode == 0, f"{name}: {said}"
    assert files_of(tmp_path) == files_of(front.directory_)
    np.testing.assert_array_equal(*(sorted(files_of(folder)) for folder in (tmp_path, front.directory_)))
    shutil.rmtree(tmp_path / "work")


def test_all_parts_of_a_space_have_entrants_where_they_fit(tmp_path, monkeypatch):
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
        **(QUICK | {"epochs": 1, "search_epochs": 1, "space": [SPACE, slow]}),
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

"""A seed that is drawn is drawn once; several processes need one that is given."""

import pytest

from tsnas.errors import SettingError, WorkerError
from tsnas.tuning.chief_client import CHIEF, PORT, TUNER_ID
from tsnas.tuning.team import check_team, resolve_seed


def test_a_drawn_seed_stays(tmp_path):
    drawn = resolve_seed(None, tmp_path / "work")
    assert resolve_seed(None, tmp_path / "work") == drawn
    assert resolve_seed(7, tmp_path / "work") == 7
    assert resolve_seed(None, tmp_path / "other") != drawn


def test_alone_nothing_is_needed():
    assert check_team(None, None) == "local"


def test_several_need_both(monkeypatch, tmp_path):
    monkeypatch.setenv(CHIEF, "127.0.0.1")
    with pytest.raises(WorkerError):
        check_team(0, tmp_path)
    monkeypatch.setenv(PORT, "8000")
    monkeypatch.setenv(TUNER_ID, "worker0")
    assert check_team(0, tmp_path) == "worker"
    for seed, directory in ((None, tmp_path), (0, None)):
        with pytest.raises(SettingError, match=r"Several processes need one seed and one shared folder"):
            check_team(seed, directory)

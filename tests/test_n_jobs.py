"""The number of processes makes no difference: the same seed gives the same bytes."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from processes import PATIENCE_S
from toy_data import sines

import tsnas

SETTINGS = {
    "board": "nucleo_f446re",
    "max_latency_ms": 2,
    "epochs": 2,
    "qat_epochs": 1,
    "finalists": 2,
    "space": tsnas.SpaceConfig(time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0),
    "seed": 0,
    "verbose": 0,
}


@pytest.mark.long
def test_a_job_gives_the_same_model_for_one_two_and_four_processes():
    x, y = sines(60)
    alone, *others = (tsnas.AutoClassifier(**SETTINGS, n_jobs=n_jobs).fit(x, y) for n_jobs in (1, 2, 4))
    for other in others:
        assert other.tflite_model_ == alone.tflite_model_
        assert other.history_ == alone.history_
        assert other.plain_scores_ == alone.plain_scores_
        for ours, theirs in zip(other.keras_model_.get_weights(), alone.keras_model_.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.long
def test_a_front_gives_the_same_files_for_one_and_two_processes(tmp_path):
    x, y = sines(64)
    settings = {name: value for name, value in SETTINGS.items() if name not in ("board", "max_latency_ms")}
    for n_jobs in (1, 2):
        front = tsnas.ParetoSearch(
            max_latency_ms=[1.0, 2.0], **settings, search_epochs=1, n_jobs=n_jobs, directory=tmp_path / str(n_jobs)
        )
        front.fit(x, y)
    models = [
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.tflite")}
        for name in ("1", "2")
    ]
    assert models[0] == models[1]
    assert len(models[0]) == len(front.points_) > 0


CODE = f"""
import numpy as np, tsnas
rng = np.random.default_rng(0)
settings = {json.dumps({name: value for name, value in SETTINGS.items() if name != "space"})}
tsnas.AutoClassifier(**settings | {{"finalists": 6}}, n_jobs=2).fit(rng.normal(size=(90, 64, 3)), np.arange(90) % 3)
"""


@pytest.mark.long
def test_ctrl_c_leaves_no_process_behind():
    with subprocess.Popen([sys.executable, "-c", CODE], start_new_session=True, stderr=subprocess.PIPE) as job:
        end = time.monotonic() + PATIENCE_S

        def members():
            """Returns the processes of the job's session, apart from those that have ended."""
            found = subprocess.run(["ps", "-o", "stat=", "-s", str(job.pid)], capture_output=True, text=True)
            return [line for line in found.stdout.split() if not line.startswith("Z")]

        while len(members()) < 4:  # The job, two workers, and the tracker of their resources.
            assert time.monotonic() < end
            time.sleep(0.2)
        time.sleep(5)
        os.killpg(job.pid, signal.SIGINT)
        said = job.communicate(timeout=PATIENCE_S)[1].decode()
        assert "KeyboardInterrupt" in said
        while members():
            assert time.monotonic() < end
            time.sleep(0.2)

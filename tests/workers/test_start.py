"""A worker does not outlive the process that it works for."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from processes import PATIENCE_S

FOLDERS = "from tsnas.workers import folders; import tempfile; tempfile.mkdtemp(prefix=folders.prefix())"
CHILD = (
    "import os, sys; from tsnas.workers import start; print(os.getpid(), flush=True); "
    "start._end_with(os.getppid(), sys.argv[1])"
)
PARENT = (
    f"{FOLDERS}; import subprocess, sys, time; "
    f"subprocess.Popen([sys.executable, '-c', {CHILD!r}, folders.prefix()]); time.sleep(600)"
)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_when_that_process_has_been_killed_and_leaves_no_files(how, tmp_path):
    (tmp_path / "of another one").mkdir()
    env = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=env) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        time.sleep(0.1)
        assert child.is_running()
        assert len(list(tmp_path.iterdir())) == 2
        parent.send_signal(how)
        child.wait(PATIENCE_S)
    assert [path.name for path in tmp_path.iterdir()] == ["of another one"]

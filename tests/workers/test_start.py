"""A worker does not outlive the process that it works for."""

import signal
import subprocess
import sys
import time

import psutil
import pytest
from processes import PATIENCE_S

CHILD = "import os; from tsnas.workers import start; print(os.getpid(), flush=True); start._end_with(os.getppid())"
PARENT = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {CHILD!r}]); time.sleep(600)"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_when_that_process_has_been_killed(how):
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        time.sleep(0.1)
        assert child.is_running()
        parent.send_signal(how)
        child.wait(PATIENCE_S)

"""What tests run in worker processes; nothing here imports TensorFlow, so that they start quickly."""

import os
import signal
import time

import numpy as np

# What should come soon is waited for at most so long.
PATIENCE_S = 120


def unprepared(parent, folders):
    """Stands in for the start of a worker."""


def described(value):
    return value, os.getpid(), os.environ.get("TF_NUM_INTRAOP_THREADS"), os.environ["CUDA_VISIBLE_DEVICES"]


def sum_of(shared):
    return float(np.asarray(shared).sum()), type(np.asarray(shared).base).__name__


def killed_once(flag, value):
    if not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return value


def killed(value):
    os.kill(os.getpid(), signal.SIGKILL)


def failed(value):
    raise ValueError(f"no {value}")


def busy(folder):
    (folder / str(os.getpid())).touch()
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        pass

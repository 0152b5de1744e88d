"""Start of a worker process of this machine; nothing is imported here that takes long."""

from __future__ import annotations

import os
import threading
import time

import psutil

from tsnas.system.quiet import import_tensorflow, open_standard_streams
from tsnas.workers.folders import remove_folders

THREADS = "TF_NUM_INTRAOP_THREADS"
# What a worker finds in its environment before it imports anything.
ENVIRONMENT = {
    THREADS: "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Networks of this size are no quicker on a GPU, which the first process would fill.
    "CUDA_VISIBLE_DEVICES": "-1",
    # TensorFlow would import the Keras that nothing here uses.
    "TF_USE_LEGACY_KERAS": "1",
}
PARENT_CHECK_S = 0.5


def start(parent: int, folders: str) -> None:
    """Prepares a worker process: it ends soon after its parent, and TensorFlow keeps quiet.

    Args:
        parent: int, ID of the process that has started it.
        folders: str, what the names of the parent's temporary folders begin with; none of them outlives it.
    """
    threading.Thread(target=_end_with, args=(parent, folders), daemon=True).start()
    open_standard_streams()
    import_tensorflow()


def _end_with(parent: int, folders: str) -> None:
    """Ends this process soon after another one, which may have been killed, and removes what that has left."""
    try:
        process = psutil.Process(parent)
        # One that nobody has waited for is still listed.
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(PARENT_CHECK_S)
    except psutil.NoSuchProcess:
        pass
    remove_folders(folders)
    os._exit(1)

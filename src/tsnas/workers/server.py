"""Server that worker processes are forked from, where that is possible: it has TensorFlow for all of them."""

from __future__ import annotations

import contextlib
import io
import multiprocessing.context
import os
import shutil
import sys
import unittest.mock
from collections.abc import Iterator
from multiprocessing import connection, forkserver, popen_forkserver, reduction, resource_tracker, spawn, util
from typing import Any

from tsnas.workers.branch import branch, may_branch
from tsnas.workers.folders import make_socket_folder
from tsnas.workers.process import PRELOADED
from tsnas.workers.start import ENVIRONMENT

# Name of the socket that the server listens to.
SOCKET = "server"


@contextlib.contextmanager
def _surroundings() -> Iterator[None]:
    """Context in which the server is started: what it finds in its environment, and where its socket is."""
    # Python of some versions does not tell the server where modules are, and it would import nothing.
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    with (
        unittest.mock.patch.dict(os.environ, ENVIRONMENT, PYTHONPATH=path, PYTHONWARNINGS="ignore"),
        unittest.mock.patch.object(connection, "arbitrary_address", _new_address),
    ):
        yield


def _new_address(family: str) -> str:
    """Returns the path of a new socket; Python's own does not fit where the path of temporary files is long."""
    folder = make_socket_folder(SOCKET)
    util.Finalize(None, shutil.rmtree, (folder, True), exitpriority=-100)
    return str(folder / SOCKET)


class Server(forkserver.ForkServer):
    """Server beside the one that Python keeps for the user's own processes, which want no such environment."""

    def ensure_running(self) -> None:
        """Starts the server if there is none that can be reached; it imports everything anew."""
        address = self._forkserver_address  # type: ignore[attr-defined]
        if address is not None and not os.path.exists(address):
            # Whatever clears old temporary files has removed the socket.
            self.forget()
        with _surroundings():
            super().ensure_running()

    def branch(self) -> None:
        """Starts the server as a fork of this process, which shares with it what is imported, if that can be."""
        if may_branch():
            with _surroundings():
                resource_tracker.ensure_running()  # It is started in the same way, but is no fork.
                with unittest.mock.patch.object(util, "spawnv_passfds", branch):
                    super().ensure_running()

    def forget(self) -> None:
        """Lets go of the server, such as that of the process that this one was forked from."""
        preloaded, alive_end = self._preload_modules, self._forkserver_alive_fd  # type: ignore[attr-defined]
        self.__init__()  # type: ignore[misc]
        self.set_forkserver_preload(preloaded)
        if alive_end is not None:
            # The server would else not end before this process.
            os.close(alive_end)


class Popen(popen_forkserver.Popen):
    """Process forked from `SERVER`; it does not run the user's script again, as Python's own would."""

    def _launch(self, process_obj: Any) -> None:
        preparation = spawn.get_preparation_data(process_obj.name)
        written = io.BytesIO()
        multiprocessing.context.set_spawning_popen(self)
        try:
            reduction.dump({key: preparation[key] for key in preparation if not key.startswith("init_main")}, written)
            reduction.dump(process_obj, written)
        finally:
            multiprocessing.context.set_spawning_popen(None)
        self.sentinel, data_end = SERVER.connect_to_new_process(self._fds)  # type: ignore[attr-defined]
        # The process sees by this end, which nothing is written to, that this one is alive.
        alive_end = os.dup(data_end)
        self.finalizer = util.Finalize(self, _close, (alive_end, self.sentinel))
        with open(data_end, "wb") as file:
            file.write(written.getbuffer())
        self.pid = forkserver.read_signed(self.sentinel)


def _close(*ends: int) -> None:
    for end in ends:
        os.close(end)


class Process(multiprocessing.context.ForkServerProcess):
    """Process that is started as a `Popen`."""

    @staticmethod
    def _Popen(process_obj: Any) -> Popen:  # noqa: N802
        return Popen(process_obj)


class Context(multiprocessing.context.ForkServerContext):
    """Context whose processes are `Process`."""

    Process = Process

    def branch(self) -> None:
        """Starts the server at once, if this process can be forked: TensorFlow has computed nothing here yet."""
        SERVER.branch()

    def begin(self) -> None:
        """Starts the server, which then imports what its processes need, while this process goes on."""
        SERVER.ensure_running()


SERVER = Server()
SERVER.set_forkserver_preload([PRELOADED])
os.register_at_fork(after_in_child=SERVER.forget)
# One and the same for all calls, or loky would start its processes anew.
CONTEXT = Context()

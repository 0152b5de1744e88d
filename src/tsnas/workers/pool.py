"""Workers: runs calls in processes of one thread each; how many there are makes no difference to the results."""

from __future__ import annotations

import concurrent.futures
import itertools
import math
import multiprocessing
import pathlib
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

import joblib
import numpy as np
from loky.process_executor import TerminatedWorkerError

from tsnas.callbacks import ProgressBar
from tsnas.data.mapped import Piece
from tsnas.errors import SettingError, WorkerError
from tsnas.system import clock, forks
from tsnas.system.arguments import is_int
from tsnas.system.interrupts import raise_if_interrupted
from tsnas.system.quiet import open_standard_files
from tsnas.workers import executor, folders, process
from tsnas.workers.relay import Relay
from tsnas.workers.shared import SharedArray
from tsnas.workers.start import THREADS

POLL_S = 0.1
# So many processes may be lost before one gives up.
MOST_LOSSES = 3
# joblib's own backends; any other one is an engine that the user has chosen.
LOCAL_BACKENDS = ("LokyBackend", "MultiprocessingBackend", "ThreadingBackend", "SequentialBackend")


def check_n_jobs(n_jobs: Any) -> int | None:
    """Returns a number of processes if it is one as scikit-learn has it.

    Raises:
        SettingError: it is neither None nor a whole number other than 0.
    """
    if n_jobs is None or (is_int(n_jobs, -(2**31)) and n_jobs != 0):
        return None if n_jobs is None else int(n_jobs)
    raise SettingError(
        f"n_jobs={n_jobs!r} must be a number of processes, -1 for one on each core, or None for a single one."
    )


class Workers:
    """Processes in which networks are trained, with one thread each.

    The processes start with the first call and are kept for later jobs; they end when they have been idle for five
    minutes, and with this process. A single job needs no process of its own where TensorFlow has one thread anyway; in
    a daemonic process, as those of `multiprocessing.Pool` are, which can have no processes, all calls run in it.

    Inside `joblib.parallel_config` with a backend other than joblib's own, such as `"dask"` or `"ray"`, that has room
    for several calls, they run there instead.

    Args:
        n_jobs: int or None, number of processes: None is 1, or what `joblib.parallel_config` says, and -1 is one for
            each core. Defaults to None.
        here: bool, whether all calls run in this process. Defaults to False.

    Example:
        >>> with Workers(n_jobs=2) as workers:
        ...     scores = workers.run([functools.partial(short_scores, one, splits, [0], 300, 64, 0) for one in nets])
    """

    def __init__(self, n_jobs: int | None = None, here: bool = False):
        backend = joblib.parallel.get_active_backend()[0]
        self._n_jobs = n_jobs
        self.count = 1 if here else max(1, joblib.effective_n_jobs(n_jobs))
        self._one_by_one = backend.supports_return_generator
        # joblib itself would run calls in this process if an engine had room for only one at a time.
        self._elsewhere = self.count > 1 and type(backend).__name__ not in LOCAL_BACKENDS
        alone = self.count == 1 and not self._elsewhere and process.has_one_thread()
        self._here = here or (alone and forks.can_compute())
        if multiprocessing.current_process().daemon and not (self._here or self._elsewhere):
            self._here = True
            _use_one_thread_here()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._relays: list[Relay] = []
        self._postponed: list[Postponed] = []
        self._processes, self._shared = 0, 0
        self._pids: set[int] = set()

    def __enter__(self) -> Workers:
        if not (self._here or self._elsewhere):
            executor.check_folder()
            open_standard_files()
            context = executor.context()
            if context is not None:
                context.branch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()
        executor.end_if_grown(self._pids)

    def begin(self, processes: int) -> None:
        """Gets ready for processes, which takes seconds, while this one goes on.

        Args:
            processes: int, number of processes that will be wanted at most.
        """
        if self._here or self._elsewhere:
            return
        context = executor.context()
        if context is not None:
            context.begin()
            return
        for _ in range(min(self.count, processes)):
            self._submit(process.preload, min(self.count, processes))

    def share(self, array: np.ndarray | Piece) -> SharedArray:
        """Returns an array in a form in which calls on this machine are not sent a copy."""
        self._shared += 1
        in_processes = not (self._here or self._elsewhere)
        return SharedArray(array, self._folder / f"array_{self._shared}.bin" if in_processes else None)

    def shown(self, bar: ProgressBar) -> Any:
        """Returns a callback for one training in a call, whose progress the bar shows."""
        if self._here:
            return bar
        relay = Relay(bar, self._folder / f"relay_{len(self._relays)}")
        self._relays.append(relay)
        return relay.sender()

    def run(
        self,
        calls: Sequence[Callable[[], Any]],
        deadline: float = math.inf,
        on_result: Callable[[int, Any], None] | None = None,
    ) -> list[Any]:
        """Runs calls, each of which can be pickled, and returns their results in order.

        A call whose process is lost runs again in another one.

        Args:
            calls: sequence of functions without arguments.
            deadline: float, time of the clock after which no further call begins, except the first. Defaults to
                infinity.
            on_result: function of the place and the result of a call, called as soon as there is one; places come in
                any order. Defaults to None.

        Returns:
            list of results; shorter than `calls` if there was no time for all of them.

        Raises:
            WorkerError: processes are lost again and again.
            KeyboardInterrupt: Ctrl-C was pressed; processes of this machine are ended.
        """
        results: dict[int, Any] = {}
        beside, self._postponed = self._postponed, []
        every = [*calls, *(call for one in beside for call in one.calls)]
        places = (place for place in range(len(every)) if not place or clock.monotonic() < deadline)
        run = self._run_here if self._here else self._run_elsewhere if self._elsewhere else self._run_in_processes
        for place, result in run(every, places):
            results[place] = result
            if on_result is not None and place < len(calls):
                on_result(place, result)
        first = len(calls)
        for one in beside:
            last = first + len(one.calls)
            one.found = {place - first: results[place] for place in range(first, last) if place in results}
            first = last
        return [results[place] for place in sorted(results) if place < len(calls)]

    def postpone(self, calls: Sequence[Callable[[], Any]]) -> Postponed:
        """Puts calls off, to run them beside those of the next `run`, where processes would have nothing to do.

        Args:
            calls: sequence of functions without arguments.

        Returns:
            `Postponed`, which has their results.
        """
        postponed = Postponed(self, calls)
        if not self._here:
            self._postponed.append(postponed)
        return postponed

    def forget(self, postponed: Postponed) -> None:
        """Runs postponed calls beside no others any more."""
        self._postponed = [one for one in self._postponed if one is not postponed]

    @property
    def _folder(self) -> pathlib.Path:
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix=folders.prefix())
        return pathlib.Path(self._temporary.name)

    def _run_here(self, calls: Sequence[Callable[[], Any]], places: Iterator[int]) -> Iterator[tuple[int, Any]]:
        for place in places:
            raise_if_interrupted()
            yield place, calls[place]()

    def _run_elsewhere(self, calls: Sequence[Callable[[], Any]], places: Iterator[int]) -> Iterator[tuple[int, Any]]:
        tasks = (joblib.delayed(process.run_placed)(place, calls[place]) for place in places)
        return_as = "generator_unordered" if self._one_by_one else "list"
        # An engine that gives all results at once, as ray does, is asked for as many as it finds at the same time.
        batches = [tasks] if self._one_by_one else iter(lambda: list(itertools.islice(tasks, self.count)), [])
        with joblib.Parallel(
            self._n_jobs, return_as=return_as, batch_size=1, pre_dispatch="n_jobs", max_nbytes=None
        ) as parallel:
            for batch in batches:
                for found in parallel(batch):
                    raise_if_interrupted()
                    yield found

    def _run_in_processes(self, calls: Sequence[Callable[[], Any]], places: Iterator[int]) -> Iterator[tuple[int, Any]]:
        pending: dict[concurrent.futures.Future[Any], int] = {}
        again: list[int] = []
        losses = 0
        try:
            while True:
                while len(pending) < self.count:
                    place = again.pop(0) if again else next(places, None)
                    if place is None:
                        break
                    pending[self._submit(calls[place], min(self.count, len(calls)))] = place
                if not pending:
                    return
                done, _ = concurrent.futures.wait(pending, POLL_S, concurrent.futures.FIRST_COMPLETED)
                raise_if_interrupted()
                for relay in self._relays:
                    relay.show()
                lost = [future for future in done if isinstance(future.exception(), TerminatedWorkerError)]
                if lost:
                    losses += 1
                    if losses > MOST_LOSSES:
                        raise WorkerError(
                            f"Worker processes have ended {losses} times before their work was done "
                            f"({executor.exit_codes(lost[0])}). A machine that runs out of memory ends them; try a "
                            "smaller n_jobs."
                        )
                    # All processes end with the one that is lost.
                    again += sorted(pending.pop(future) for future in list(pending) if future not in done - set(lost))
                for future in done - set(lost):
                    place = pending.pop(future)
                    pid, result = future.result()
                    self._pids.add(pid)
                    yield place, result
        except BaseException:
            executor.end_processes()
            raise

    def _submit(self, call: Callable[[], Any], processes: int) -> concurrent.futures.Future[Any]:
        self._processes = max(self._processes, processes)
        return executor.submit(call, self._processes)


class Postponed:
    """Calls that run beside others, or when their results are asked for.

    Args:
        workers: `Workers` that run them.
        calls: sequence of functions without arguments.
    """

    def __init__(self, workers: Workers, calls: Sequence[Callable[[], Any]]):
        self.calls = list(calls)
        self.found: dict[int, Any] = {}
        self._workers = workers

    def results(self) -> list[Any]:
        """Returns the results in order; runs the calls that have not run yet."""
        left = [place for place in range(len(self.calls)) if place not in self.found]
        if left:
            self._workers.forget(self)
            self.found |= dict(zip(left, self._workers.run([self.calls[place] for place in left]), strict=True))
        return [self.found[place] for place in sorted(self.found)]


def _use_one_thread_here() -> None:
    """Makes TensorFlow compute with one thread in this process, or warns that the results are not those of others."""
    try:
        process.use_one_thread()
    except WorkerError:
        warnings.warn(
            "A daemonic process, such as one of multiprocessing.Pool, can have no worker processes, and TensorFlow "
            f"computes with several threads here: models may differ in their last bits. Set {THREADS}=1.",
            stacklevel=2,
        )


# No other process than this one.
HERE = Workers(here=True)

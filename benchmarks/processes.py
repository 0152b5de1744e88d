"""Calls a function for many items, each in a new process, several at once; one that fails or dies stops no other."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")


def call_each(
    function: Callable[[Item], Any], items: Iterable[Item], processes: int
) -> Iterator[tuple[Item, Any, str | None]]:
    """Yields each item with its result, in the order in which they are done.

    A process that is killed, for lack of memory for example, breaks the pool that it belongs to. So every item has a
    pool of its own, and memory that TensorFlow keeps goes with it.

    Args:
        function: function of one item, which can be pickled, as the items can.
        items: iterable.
        processes: int, processes at once.

    Returns:
        Iterator of (item, result, None), or (item, None, traceback) where it failed.

    Example:
        >>> sorted(result for _, result, _ in call_each(abs, [-1, -2], processes=2))
        [1, 2]
    """
    with concurrent.futures.ThreadPoolExecutor(processes) as threads:
        futures = {threads.submit(_call_in_new_process, function, item): item for item in items}
        try:
            for future in concurrent.futures.as_completed(futures):
                try:
                    result = future.result()
                except Exception:
                    yield futures[future], None, traceback.format_exc()
                else:
                    yield futures[future], result, None
        except (KeyboardInterrupt, GeneratorExit):
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def _call_in_new_process(function: Callable[[Any], Any], item: Any) -> Any:
    with concurrent.futures.ProcessPoolExecutor(
        1, multiprocessing.get_context("spawn"), initializer=_end_with_parent
    ) as pool:
        return pool.submit(function, item).result()


def _end_with_parent() -> None:
    """Makes this process end when its parent is killed; it would go on and then wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

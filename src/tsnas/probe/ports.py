"""Ports by name: any URL of pyserial, or an emulated board that is built and started on demand."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from tsnas.errors import PortError
from tsnas.probe.build import CORES
from tsnas.probe.client import ProbeClient
from tsnas.probe.emulator import Emulator

EMULATED = "emulated:"


@contextlib.contextmanager
def opened(port: str) -> Iterator[Callable[[], ProbeClient]]:
    """Yields a function that connects to a port, as often as it is called; an emulated board is restarted each time.

    Args:
        port: str, a URL of pyserial, or `"emulated:"` and one of `tsnas.probe.build.CORES`.

    Raises:
        PortError: no such emulated board.
        ToolchainError: compiler, kernels or emulator are missing.

    Example:
        >>> with opened("emulated:cortex-m4") as connect, connect() as probe:
        ...     probe.hello.core
        'cortex-m4'
    """
    if not port.startswith(EMULATED):
        yield lambda: ProbeClient(port)
        return
    core = port.removeprefix(EMULATED)
    if core not in CORES:
        raise PortError(f"No emulated board {core!r}; there are {', '.join(EMULATED + name for name in CORES)}.")
    with contextlib.ExitStack() as stack:

        def connect() -> ProbeClient:
            stack.pop_all().close()
            board = stack.enter_context(Emulator(core))
            return ProbeClient(board.url)

        yield connect

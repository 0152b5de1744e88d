"""Ports by name: any URL of pyserial, or an emulated board that is built and started on demand."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

from tsnas.errors import PortError, SettingError
from tsnas.probe.build import build
from tsnas.probe.client import ProbeClient
from tsnas.probe.cores import CORES, choose_kernels
from tsnas.probe.emulator import Emulator

EMULATED = "emulated:"


@contextlib.contextmanager
def opened(
    port: str,
    kernels: str | None = None,
    cmsis_nn: str | os.PathLike[str] | None = None,
    cflags: str | None = None,
) -> Iterator[Callable[[], ProbeClient]]:
    """Yields a function that connects to a port, as often as it is called; an emulated board is restarted each time.

    Args:
        port: str, a URL of pyserial, or `"emulated:"` and one of `tsnas.probe.cores.CORES`.
        kernels: str, `"cmsis_nn"` or `"portable"`, for an emulated board. Defaults to None: CMSIS-NN's where they can
            run.
        cmsis_nn: folder of a checkout of CMSIS-NN, for an emulated board. Defaults to None: 4.0.
        cflags: str, flags of the compiler, for an emulated board. Defaults to None: `-O3`.

    Raises:
        PortError: no such emulated board.
        SettingError: kernels that the emulated board cannot run, or any for a board that has its firmware already.
        ToolchainError: compiler, kernels or emulator are missing.

    Example:
        >>> with opened("emulated:cortex-m4") as connect, connect() as probe:
        ...     probe.hello.core
        'cortex-m4'
    """
    if not port.startswith(EMULATED):
        if cmsis_nn is not None or cflags is not None:
            raise SettingError(
                f"cmsis_nn and cflags are for an emulated board, whose firmware is built here; that behind {port!r} "
                f"has its own. Leave them out, or use a port such as '{EMULATED}cortex-m4'."
            )
        if kernels is not None:
            raise SettingError(
                f"kernels={kernels!r} are chosen when a firmware is built, but that behind port {port!r} has its own; "
                f"leave them out, or use a port such as '{EMULATED}cortex-m4'."
            )
        yield lambda: ProbeClient(port)
        return
    core = port.removeprefix(EMULATED)
    if core not in CORES:
        raise PortError(f"No emulated board {core!r}; there are {', '.join(EMULATED + name for name in CORES)}.")
    kernels = choose_kernels(core, kernels)
    image = build(core, kernels=kernels, cmsis_nn=cmsis_nn, cflags=cflags)
    with contextlib.ExitStack() as stack:

        def connect() -> ProbeClient:
            stack.pop_all().close()
            board = stack.enter_context(Emulator(core, image))
            return ProbeClient(board.url)

        yield connect

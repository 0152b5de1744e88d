"""Which runs each table and figure of the paper's evaluation needs."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.engine import DEFAULT, Run
from benchmarks.paper import protocols

F446, L552 = "nucleo_f446re", "nucleo_l552ze_q"
SEEDS = (0, 1, 2)

# Limits in ms and KB of 1,024 bytes; those of table 2 are the paper's latency and peak memory, rounded down.
TABLE2 = ((F446, 14.45, 11.25), (F446, 123.8, 15.0), (L552, 213.57, 15.0))
TABLE1 = ((F446, 30.07, 21.0), (L552, 150.09, 18.9), (L552, 493.69, 33.7))
# More RAM than networks of these latencies need; both boards have it.
AMPLE_RAM_KB = 64.0
FIGURE8 = {F446: (6.0, 12.0, 22.0, 30.0, 40.0), L552: (11.0, 25.0, 50.0, 100.0)}
FIGURE9 = {F446: (10.0, 30.07, 60.0), L552: (50.0, 150.09, 493.69)}
FIGURE10_RAM_KB = (5.0, 6.5, 8.0, 12.0)
# Of the journal version, on the NUCLEO-L552ZE-Q.
RANDOM_WINDOWS_MS = (25.0, 50.0)
BASELINES = ("darts", "gumbel")


def table2(seeds: Iterable[int] = SEEDS) -> list[Run]:
    """What the package does of itself at the limits of the paper's three networks."""
    return [Run(ms, kb, seed, board, strategy=DEFAULT) for board, ms, kb in TABLE2 for seed in seeds]


def baselines(seeds: Iterable[int] = SEEDS) -> list[Run]:
    """The paper's baselines, which have no limits."""
    return [Run(None, None, seed, L552, strategy=strategy) for strategy in BASELINES for seed in seeds]


def evolution(seeds: Iterable[int] = SEEDS) -> list[Run]:
    """An evolution and six finalists, the default of November 2026, at the limits of table 2."""
    return [Run(ms, kb, seed, board) for board, ms, kb in TABLE2 for seed in seeds]


def repeated(seeds: Iterable[int] = SEEDS) -> list[Run]:
    """The paper's own search in the paper's own space, at the limits of table 2."""
    return [Run(ms, kb, seed, board, "micronas", "micronas") for board, ms, kb in TABLE2 for seed in seeds]


def figure8(seeds: Iterable[int] = SEEDS) -> list[Run]:
    """Limits of latency on both boards."""
    return [
        Run(ms, AMPLE_RAM_KB, seed, board, strategy=DEFAULT)
        for board, limits in FIGURE8.items()
        for ms in limits
        for seed in seeds
    ]


def figure10(seeds: Iterable[int] = SEEDS) -> list[Run]:
    """Limits of RAM, without one of latency."""
    return [Run(None, kb, seed, L552, strategy=DEFAULT) for kb in FIGURE10_RAM_KB for seed in seeds]


def random_windows(seeds: Iterable[int] = SEEDS) -> list[Run]:
    """The limits of the journal version, under its protocol and under ours."""
    return [
        Run(ms, AMPLE_RAM_KB, seed, L552, strategy=DEFAULT, protocol=protocol)
        for protocol in (protocols.RANDOM_WINDOWS, protocols.RANDOM_LONGER, protocols.USERS)
        for ms in RANDOM_WINDOWS_MS
        for seed in seeds
    ]


def skoda_protocol(given: str | None) -> str:
    """The recordings if they are there, else noise of their shape."""
    return protocols.SKODA if given else protocols.SKODA_SYNTHETIC


def table1(seeds: Iterable[int] = SEEDS, protocol: str = protocols.SKODA_SYNTHETIC) -> list[Run]:
    """The limits of the paper's three networks for SkodaR."""
    return [Run(ms, kb, seed, board, strategy=DEFAULT, protocol=protocol) for board, ms, kb in TABLE1 for seed in seeds]


def figure9(seeds: Iterable[int] = SEEDS, protocol: str = protocols.SKODA_SYNTHETIC) -> list[Run]:
    """Limits of latency on both boards, for SkodaR."""
    return [
        Run(ms, AMPLE_RAM_KB, seed, board, strategy=DEFAULT, protocol=protocol)
        for board, limits in FIGURE9.items()
        for ms in limits
        for seed in seeds
    ]

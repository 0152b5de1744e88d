"""Tests of one column of numbers: whether it rises evenly, counts, repeats a code, or follows from other columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

# A straight line fits a clock or a counter within this part of its span; stamps jitter and some samples are lost.
MOST_OFF = 0.05
# Nor is a column one that stays for more than this part of it.
LONGEST_STAY = 0.2
# Fewer values in a row may be even by chance.
FEWEST_EVEN = 6
# Samples of a counter that may be lost, or whose steps differ otherwise.
MOST_LOST = 0.1
# A counter that wraps stays below this.
LARGEST_WRAP = 2**32
# Share of the samples at which a value says the class, for a code that changes a few samples early or late.
SAME_CODE = 0.99
# Rows from which relations between columns are taken.
MOST_ROWS = 20_000
FEWEST_ROWS = 16
# What rounding in a file may add to a column that was computed from others, as a part of its deviation.
MOST_ROUNDING = 0.03
# Rows on which most formulas fail, and columns of which all threes are tried.
FEW = 200
MOST_COMBINED = 9


def drift(values: np.ndarray, starts: np.ndarray, times: np.ndarray | None = None) -> np.ndarray | None:
    """Returns the slopes, one for each piece, of a column that rises, or falls, evenly in all; None for any other.

    Args:
        values: float array (rows,).
        starts: int array (pieces,), the first row of each piece.
        times: float array (rows,), in seconds. Defaults to None: the slope is that of one sample to the next.
    """
    steps = np.diff(values)
    inside = np.ones(len(steps), bool)
    inside[starts[1:] - 1] = False
    real = steps[inside]
    if len(real) < FEWEST_EVEN - 1 or not ((real >= 0).all() or (real <= 0).all()) or not real.any():
        return None
    when = np.arange(len(values), dtype=np.float64) if times is None else times
    found = []
    for piece, own in zip(np.split(values, starts[1:]), np.split(when, starts[1:]), strict=True):
        if len(piece) < FEWEST_EVEN:
            continue
        span = piece[-1] - piece[0]
        slope = span / (own[-1] - own[0])
        off = np.abs(piece - piece[0] - slope * (own - own[0])).max()
        # A counter of packets stays for some samples, and a clock of whole seconds for many.
        stay = 1.01 * np.abs(np.diff(piece)).max()
        if not span or off > max(MOST_OFF * abs(span), min(stay, LONGEST_STAY * abs(span))):
            return None
        found.append(slope)
    return np.array(found) if found else None


def counts(values: np.ndarray, starts: np.ndarray) -> tuple[float, float] | None:
    """Returns (step, wrap) of a column that counts, up or down, and begins anew at `wrap`; None for any other column.

    A counter may stay for some samples, such as one of packets, and miss some; `wrap` is 0 if it never begins anew.

    Args:
        values, starts: as in `drift`.
    """
    if not np.isfinite(values).all() or (values != np.round(values)).any():
        return None
    steps = np.diff(values)
    inside = np.ones(len(steps), bool)
    inside[starts[1:] - 1] = False
    moves = steps[inside & (steps != 0)]
    if len(moves) < FEWEST_EVEN - 1:
        return None
    sizes, how_often = np.unique(moves, return_counts=True)
    step = float(sizes[np.argmax(how_often)])
    forward = np.sign(moves) == np.sign(step)
    back = moves[~forward]
    if len(back) > len(moves) / 3:
        return None
    period = float(np.median(np.abs(back))) + abs(step) if len(back) else 0.0
    # A wrap goes back by the same amount each time, but for samples that were lost there.
    if len(back) and (period > LARGEST_WRAP or np.abs(np.abs(back) + abs(step) - period).max() > 0.1 * period):
        return None
    if period and not 0.9 * (period - abs(step)) <= np.ptp(values) < period:
        return None
    unwrapped = np.where(forward, moves, moves + np.sign(step) * period)
    lost = np.abs(unwrapped) > 1.5 * abs(step)
    odd = unwrapped % step != 0
    if lost.mean() > MOST_LOST or odd.any() or how_often.max() < (1 - MOST_LOST) * np.count_nonzero(forward):
        return None
    return (step, period) if _stays_evenly(steps, inside, starts, len(values)) else None


def _stays_evenly(steps: np.ndarray, inside: np.ndarray, starts: np.ndarray, rows: int) -> bool:
    """Tells whether a counter moves after about the same number of samples each time, as a meter does not."""
    moves = np.flatnonzero((steps != 0) & inside)
    stays = np.diff(moves)
    # Only stays within a piece tell.
    piece = np.searchsorted(starts, moves, side="right")
    stays = stays[piece[1:] == piece[:-1]]
    if not len(stays):
        return False
    middle = np.median(stays)
    return bool(np.mean(np.abs(stays - middle) <= max(0.25 * middle, 0.5)) >= 1 - MOST_LOST)


def moves_within(values: np.ndarray, starts: np.ndarray) -> bool:
    """Tells whether a column changes within any piece."""
    steps = np.diff(values) != 0
    steps[starts[1:] - 1] = False
    return bool(steps.any())


def repeats(values: np.ndarray, codes: np.ndarray) -> bool:
    """Tells whether a column is a function of codes, such as those of classes: one value for each, not all the same.

    A few samples may differ, at the end of which the code changes.

    Args:
        values: float array (rows,).
        codes: int array (rows,), from 0.
    """
    distinct, own = np.unique(values, return_inverse=True)
    number = int(codes.max()) + 1
    if not 1 < len(distinct) <= 2 * number or number < 2:
        return False
    table = np.bincount(codes * len(distinct) + own, minlength=number * len(distinct)).reshape(number, len(distinct))
    usual = table.argmax(axis=1)[table.any(axis=1)]
    return len(set(usual.tolist())) > 1 and table.max(axis=1).sum() >= SAME_CODE * len(values)


def find_copies(rows: np.ndarray) -> dict[int, int]:
    """Finds columns that repeat an earlier one, in any unit: dict of the later column to the earlier one."""
    rows = _thinned(rows)
    live = np.flatnonzero(rows.std(axis=0) > 0) if len(rows) >= FEWEST_ROWS else np.zeros(0, int)
    live = np.array([index for index in live if len(np.unique(rows[:, index])) >= FEWEST_ROWS], int)
    if len(live) < 2:
        return {}
    alike = np.abs(np.corrcoef(rows[:, live].T)) > 1 - 1e-9
    return {int(live[k]): int(live[np.argmax(alike[k])]) for k in range(1, len(live)) if alike[k, :k].any()}


def find_formula(rows: np.ndarray, index: int) -> tuple[str, tuple[int, ...]] | None:
    """Finds how a column was computed from three others: as their `"norm"`, `"sum"` or `"mean"`.

    Args:
        rows: float array (rows, channels).
        index: int, the column.

    Returns:
        (formula, other columns), or None.
    """
    rows = _thinned(rows)
    if len(rows) < FEWEST_ROWS or len(np.unique(rows[:, index])) < FEWEST_ROWS:
        return None
    varied = [other for other in range(rows.shape[1]) if other != index and rows[:, other].std() > 0]
    for three in _triples(varied):
        axes = rows[:, list(three)]
        for formula, made in _formulas(axes[:FEW]):
            if _differs(rows[:FEW, index], made):
                continue
            whole = next(found for name, found in _formulas(axes) if name == formula)
            if not _differs(rows[:, index], whole):
                return formula.split()[-1], three
    return None


def _thinned(rows: np.ndarray) -> np.ndarray:
    rows = rows[:: max(1, len(rows) // MOST_ROWS)].astype(np.float64)
    return rows[np.isfinite(rows).all(axis=1)]


def _formulas(axes: np.ndarray) -> list[tuple[str, np.ndarray]]:
    squares = (axes**2).sum(axis=1)
    return [
        ("norm", np.sqrt(squares)),
        ("squared norm", squares),
        ("sum", axes.sum(axis=1)),
        ("mean", axes.mean(axis=1)),
    ]


def _differs(column: np.ndarray, made: np.ndarray) -> bool:
    # A constant may have been taken away, such as gravity from a norm.
    away = column - made
    return bool(np.abs(away - np.median(away)).max() > MOST_ROUNDING * column.std())


def _triples(others: list[int]) -> Iterable[tuple[int, ...]]:
    """Returns all threes of a few columns, and of many those that are in a row."""
    if len(others) <= MOST_COMBINED:
        return itertools.combinations(others, 3)
    return [three for three in zip(others, others[1:], others[2:], strict=False) if three[2] - three[0] <= 3]

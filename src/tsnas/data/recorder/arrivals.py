"""Times of samples by their arrival: even steps, and gaps where lines were lost rather than late."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Lines come in packets, so a pause is a gap only if those that follow it do not catch up.
LEAST_PAUSE_S, PAUSE_STEPS, CATCHING_UP_S = 0.05, 3.0, 0.25
# A measured rate this near to the stated one is that one: a board's timer is better than arrivals on a PC.
AS_STATED = 0.02
# Lines that had waited before the port was opened come at once; then the rate of most parts of the time is right.
PARTS, UNLIKE = 8, 0.05


class Clock(NamedTuple):
    """Times of all lines.

    Args:
        times: float array (lines,) in seconds, from 0.
        gaps: int array, lines before which others were lost.
        lost_s: float, the time of all gaps.
        rate_hz: float, lines per second as measured outside gaps.
    """

    times: np.ndarray
    gaps: np.ndarray
    lost_s: float
    rate_hz: float


def measure_rate(arrivals: np.ndarray) -> float:
    """Returns lines per second: the median over parts of the time, so that a gap does not count; NaN for too few."""
    span = arrivals[-1] - arrivals[0] if len(arrivals) > 1 else 0.0
    if span <= 0:
        return float("nan")
    parts = min(PARTS, len(arrivals) // 10)
    if parts < 3:
        return float((len(arrivals) - 1) / span)
    counts = np.histogram(arrivals[1:], bins=np.linspace(arrivals[0], arrivals[-1], parts + 1))[0]
    middle = np.sort(counts)[parts // 4 : parts - parts // 4]
    return float(middle.mean() * parts / span)


def clock_lines(arrivals: np.ndarray, rate_hz: float) -> Clock:
    """Gives each line its time.

    Args:
        arrivals: float array (lines,) of times in seconds, which do not decrease; a packet of lines shares one.
        rate_hz: float, the rate that the lines should have.
    """
    measured = measure_rate(arrivals)
    rough_hz = measured if measured == measured else rate_hz
    step = 1 / rough_hz
    late = arrivals - step * np.arange(len(arrivals))
    pause = max(LEAST_PAUSE_S, PAUSE_STEPS * step)
    gaps, begin = [], 0
    for line in np.flatnonzero(np.diff(arrivals) > pause) + 1:
        # Lines that had only waited all come with the first of them.
        first = max(begin, int(np.searchsorted(arrivals, arrivals[line - 1] - CATCHING_UP_S)))
        end = int(np.searchsorted(arrivals, arrivals[line] + CATCHING_UP_S, side="right"))
        before, after = late[first:line].min(), late[line:end].min()
        if after - before > pause:
            gaps.append(int(line))
            begin = int(line)
    runs = np.split(np.arange(len(arrivals)), gaps)
    spans = [(len(run) - 1, arrivals[run[-1]] - arrivals[run[0]]) for run in runs if len(run) > 1]
    whole_s = sum(span for _, span in spans)
    outside_hz = float(sum(steps for steps, _ in spans) / whole_s) if whole_s > 0 else rough_hz
    if abs(outside_hz / rough_hz - 1) > UNLIKE:
        outside_hz = rough_hz
    step = 1 / rate_hz if abs(outside_hz / rate_hz - 1) <= AS_STATED else 1 / outside_hz
    times, lost_s, lossy = np.zeros(len(arrivals)), 0.0, []
    for number, run in enumerate(runs):
        own = step * np.arange(len(run))
        # The line that was least late says when the others were due.
        start = float((arrivals[run] - own).min())
        if number:
            earliest = times[run[0] - 1] + step
            start = max(start, earliest)
            lost_s += start - earliest
            # A pause after which lines were only late has lost none.
            if start - earliest > step / 2:
                lossy.append(int(run[0]))
        times[run] = start + own
    return Clock(times - times[:1], np.array(lossy, int), lost_s, outside_hz)

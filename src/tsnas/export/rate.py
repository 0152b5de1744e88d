"""The sampling rate of exported firmware."""

from __future__ import annotations

from typing import Any

from tsnas.errors import ExportError
from tsnas.export.firmware import Firmware
from tsnas.system.arguments import is_number

# From a sample in 20 minutes, half of what a clock of 32 bits in microseconds can tell, to ten clock ticks.
LEAST_HZ, MOST_HZ = 1 / 1200, 100_000.0


def choose_rate(firmware: Firmware, rate_hz: Any = None) -> float | None:
    """Returns the raw samples per second: those of the model's signal, else the caller's, else those of its windows.

    Args:
        firmware: `Firmware`.
        rate_hz: float, raw samples per second. Defaults to None: that of the signal or of the
            windows.

    Returns:
        float, or None if neither is known.

    Raises:
        ExportError: the rate is out of range, or not that of the signal.
    """
    known = None if firmware.signal is None else firmware.signal.rate_hz
    if known is None and rate_hz is None and firmware.channels is not None and firmware.channels.rate_hz is not None:
        # What the windows were said to have, if timers can keep it.
        return firmware.channels.rate_hz if LEAST_HZ <= firmware.channels.rate_hz <= MOST_HZ else None
    if rate_hz is not None and not is_number(rate_hz):
        raise ExportError(f"rate_hz={rate_hz!r} must be a number of raw samples per second.")
    if rate_hz is not None and known is not None and float(rate_hz) != known:
        raise ExportError(
            f"rate_hz={rate_hz!r}, but the model was trained on {known:g} raw samples per second; leave rate_hz out."
        )
    found = known if rate_hz is None else float(rate_hz)
    if found is not None and not LEAST_HZ <= found <= MOST_HZ:
        raise ExportError(
            f"A rate of {found:g} raw samples per second is out of range; the timers of exported firmware keep "
            f"{LEAST_HZ:.4f} to {MOST_HZ:,.0f} Hz."
        )
    return found

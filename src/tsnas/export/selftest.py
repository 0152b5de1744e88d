"""Windows for the self-test of an export."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tsnas.data import raw_windows
from tsnas.errors import WindowShapeError
from tsnas.export.firmware import Firmware

SELFTEST_WINDOWS = 4


@dataclasses.dataclass(frozen=True)
class SelfTest:
    """Windows for the self-test: float32 (windows, time, channels), and their origin in words."""

    windows: np.ndarray
    source: str

    @classmethod
    def of(cls, firmware: Firmware, x: Any, count: int = SELFTEST_WINDOWS) -> SelfTest:
        """Selects evenly spaced windows of the caller's, or makes random ones if `x` is None."""
        time, channels, _ = firmware.model.window_shape
        if x is None:
            noise = np.random.default_rng(0).standard_normal((count, time, channels))
            raw = noise * firmware.standardizer.std + firmware.standardizer.mean
            return cls(
                raw.astype(np.float32),
                "random values with the mean and standard deviation of each channel, not recordings",
            )
        windows = raw_windows(x)
        if windows.shape[1:] != (time, channels):
            raise WindowShapeError(
                f"Windows for the self-test have shape {windows.shape[1:]}, but the model takes {(time, channels)} "
                "(time, channels); give raw windows as for `predict`."
            )
        chosen = np.unique(np.linspace(0, len(windows) - 1, count).round().astype(int))
        return cls(windows[chosen], f"windows {', '.join(map(str, chosen))} of the {len(windows)} that were given")

"""The path from a recording to windows: channels, decimation, window length, stride."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tsnas.errors import ModelFileError, SettingError
from tsnas.system.arguments import is_int, is_number


@dataclasses.dataclass(frozen=True)
class Signal:
    """Preprocessing that turns a recording into windows; the firmware does the same, sample by sample.

    Args:
        window: int, samples per window, counted after decimation.
        stride: int, samples from the start of one window to the start of the next, after decimation. Defaults to None:
            half a window.
        decimation: int, number of samples that are averaged into one. Defaults to 1: no decimation.
        channels: tuple of int, indices of the channels to use, in this order. Defaults to None: all channels.
        rate_hz: float, samples per second of a recording, before decimation. If given, an inference must finish before
            the next window is due. Defaults to None: not known.

    Raises:
        SettingError: a value is out of range.

    Example:
        >>> Signal(window=64, decimation=2, channels=(0, 1, 2), rate_hz=50).deadline_ms
        1280.0
    """

    window: int
    stride: int | None = None
    decimation: int = 1
    channels: tuple[int, ...] | None = None
    rate_hz: float | None = None

    def __post_init__(self) -> None:
        for name in ("window", "stride", "decimation"):
            value = getattr(self, name)
            if name == "stride" and value is None:
                object.__setattr__(self, name, max(1, self.window // 2))
                continue
            if not is_int(value, 1):
                raise SettingError(f"{name}={value!r} must be a whole number of samples, at least 1.")
            object.__setattr__(self, name, int(value))
        if self.channels is not None:
            try:
                channels = tuple(self.channels)
            except TypeError:
                channels = ()
            if not channels or not all(is_int(c, 0) for c in channels) or len(set(channels)) < len(channels):
                raise SettingError(
                    f"channels={self.channels!r} must be distinct whole numbers, 0 or more, such as (0, 1)."
                )
            object.__setattr__(self, "channels", tuple(map(int, channels)))
        if self.rate_hz is not None:
            if not (is_number(self.rate_hz) and self.rate_hz > 0):
                raise SettingError(f"rate_hz={self.rate_hz!r} must be a number above 0, or None if it is not known.")
            object.__setattr__(self, "rate_hz", float(self.rate_hz))

    @property
    def deadline_ms(self) -> float | None:
        """Time in milliseconds from one window to the next; None if the rate is not known."""
        if self.rate_hz is None or self.stride is None:
            return None
        return self.stride * self.decimation / self.rate_hz * 1000.0

    def of(self, recording: np.ndarray) -> np.ndarray:
        """Returns the chosen channels at the lower rate, in float32, with exactly the arithmetic of the exported C.

        Args:
            recording: float32 array (time, channels).

        Returns:
            float32 array (time // decimation, chosen channels); samples at the end that are too few for a mean are
            dropped.
        """
        chosen = recording if self.channels is None else recording[:, list(self.channels)]
        if self.decimation == 1:
            return chosen
        whole = len(chosen) // self.decimation
        parts = chosen[: whole * self.decimation].reshape(whole, self.decimation, chosen.shape[1])
        # One addition after the other: NumPy's sum adds in a different order, and so rounds differently.
        total = parts[:, 0].copy()
        for index in range(1, self.decimation):
            total += parts[:, index]
        return total / np.float32(self.decimation)

    def to_json(self) -> dict[str, Any]:
        """Returns a dict of plain JSON values, which `from_json` reads."""
        return dataclasses.asdict(self) | {"channels": None if self.channels is None else list(self.channels)}

    @classmethod
    def from_json(cls, values: Any) -> Signal:
        """Creates the signal that `to_json` described.

        Args:
            values: dict of plain JSON values, as `to_json` returns it.

        Returns:
            A `Signal`.

        Raises:
            ModelFileError: `values` is not such a dict.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            raise ModelFileError(f"A signal needs {', '.join(sorted(names))}, not {values!r}.")
        try:
            return cls(**values)
        except SettingError as error:
            raise ModelFileError(f"The signal of this model is damaged: {error}") from None

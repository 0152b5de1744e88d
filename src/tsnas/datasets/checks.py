"""Checks arguments that several loaders of recordings share."""

from __future__ import annotations

from typing import Any

from tsnas.errors import SettingError
from tsnas.system.arguments import is_int


def check_steps(**steps: Any) -> None:
    """Raises SettingError unless every argument, such as `window=` and `step=`, is a whole number of at least 1."""
    for name, value in steps.items():
        if not is_int(value, 1):
            raise SettingError(f"{name} must be a whole number of time steps, at least 1, not {value!r}")

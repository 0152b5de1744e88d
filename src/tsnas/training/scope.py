"""Devices that a network is built and trained on."""

from __future__ import annotations

import contextlib
from typing import Any

import tensorflow as tf

from tsnas.errors import SettingError


def check_distribute(distribute: Any) -> tf.distribute.Strategy | None:
    """Returns `distribute` if it is a strategy or None.

    Raises:
        SettingError: it is neither.
    """
    if distribute is None or isinstance(distribute, tf.distribute.Strategy):
        return distribute
    raise SettingError(
        f"distribute={distribute!r} must be a tf.distribute.Strategy such as tf.distribute.MirroredStrategy(), or None."
    )


def scope_of(distribute: tf.distribute.Strategy | None) -> contextlib.AbstractContextManager[Any]:
    """Returns the context in which networks are built and trained: the scope of the strategy, or none."""
    return contextlib.nullcontext() if distribute is None else distribute.scope()

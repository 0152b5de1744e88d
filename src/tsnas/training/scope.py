"""The devices that a network is built and trained on."""

from __future__ import annotations

import contextlib
from typing import Any

import tensorflow as tf

from tsnas.errors import SettingError


def check_distribute(distribute: Any) -> tf.distribute.Strategy | None:
    """The strategy that was given, or None.

    Raises:
        SettingError: it is something else.
    """
    if distribute is None or isinstance(distribute, tf.distribute.Strategy):
        return distribute
    raise SettingError(
        f"distribute={distribute!r} must be a tf.distribute.Strategy such as tf.distribute.MirroredStrategy(), or None."
    )


def scope_of(distribute: tf.distribute.Strategy | None) -> contextlib.AbstractContextManager[Any]:
    """What networks are built and trained within: the strategy's scope, or nothing."""
    return contextlib.nullcontext() if distribute is None else distribute.scope()

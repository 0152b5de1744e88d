"""Flags about which answers count and when there is none: weights of classes, rejection, smoothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from absl import flags

from tsnas.commands.job import define_text_flag


def define_answer_flags(values: flags.FlagValues, chosen: bool = True) -> None:
    """Defines `--class_weight`, `--reject`, `--other_class` and `--smooth`.

    Args:
        values: flags of a command.
        chosen: bool, whether `--smooth=auto` can be asked for. Defaults to True.
    """
    flags.DEFINE_enum(
        "class_weight",
        None,
        ["balanced"],
        "balanced: all classes count the same in training, however few windows one has. Default: all windows do.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "reject",
        None,
        ["auto"],
        "auto: windows that are like none of the classes are rejected. Default: every window gets a class.",
        flag_values=values,
    )
    define_text_flag(
        values,
        "other_class",
        "Label of windows of none of the classes; with --reject=auto the limit is placed by them, and nothing is "
        "trained on them. Default: there are none.",
    )
    automatic = ", or auto, as few as do best on validation windows" if chosen else ""
    define_text_flag(
        values,
        "smooth",
        f"Windows over which the answers of a stream are averaged, such as 5{automatic}. Default: 1, each answer by "
        "itself.",
    )


def answer_settings(values: flags.FlagValues, labels: Iterable[Any]) -> dict[str, Any]:
    """Returns the settings of an estimator that these flags give.

    Args:
        values: flags of a command.
        labels: labels of the windows or recordings, one of which `--other_class` names.

    Returns:
        dict of name to value, without those that were not given.
    """
    given = {name: values[name].value for name in ("class_weight", "reject", "other_class", "smooth")}
    found = {name: value for name, value in given.items() if value is not None}
    if (values.smooth or "").isdecimal():
        found["smooth"] = int(values.smooth)
    if values.other_class:
        # A label that is a number is one in the file as well.
        named = {str(label): label for label in labels}
        found["other_class"] = named.get(values.other_class, values.other_class)
    return found

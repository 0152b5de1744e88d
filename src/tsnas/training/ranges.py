"""Activation ranges: sets those of a quantisation-aware model to what the float model shows on real windows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.data import AnyWindows
from tsnas.training.answers import Answers
from tsnas.training.core_model import unwrapped

# Ranges settle within a few hundred windows.
CALIBRATION_WINDOWS = 1024
BATCH = 64
# Percentages of the values that may be clipped at either end of the input's range.
CUTS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
INT8_STEPS = 255
RANGE_NAMES = ("output", "post_activation", "quantize_layer")

# The smallest and the largest value, as variables.
Range = tuple[Any, Any]


def input_range(answers: Answers, x: AnyWindows, *, seed: int) -> tuple[float, float]:
    """Finds the int8 range of the input that changes the float model's probabilities least.

    All channels share one scale, so a few spikes in one channel could leave too few levels for another, whose offset
    may show how a device is held.

    Args:
        answers: function of windows that returns the trained float model's probabilities (windows, classes).
        x: float array (windows, time, channels, 1), or such `Windows`.
        seed: int, seed of the choice of windows.

    Returns:
        (low, high) floats, with 0 between them; values outside are clipped.

    Example:
        >>> input_range(answers_of(model), x, seed=0)
        (-3.1, 4.7)
    """
    windows = x[np.random.default_rng(seed).permutation(len(x))[:CALIBRATION_WINDOWS]]
    probabilities = answers(windows)
    found = []
    for cut in CUTS:
        low, high = (float(value) for value in np.percentile(windows, (cut, 100 - cut)))
        low, high = min(low, 0.0), max(high, 0.0)
        step = max(high - low, 1e-6) / INT8_STEPS
        rounded = (np.round(np.clip(windows, low, high) / step) * step).astype(np.float32)
        changed = answers(rounded)
        divergence = float(np.mean(np.sum(probabilities * np.log((probabilities + 1e-7) / (changed + 1e-7)), axis=1)))
        found.append((divergence, low, high))
    _, low, high = min(found, key=lambda candidate: candidate[0])
    return low, high


@tf.autograph.experimental.do_not_convert
def calibrate_ranges(
    quantised: keras.Model,
    float_model: keras.Model,
    x: AnyWindows,
    low: float = -np.inf,
    high: float = np.inf,
    *,
    seed: int,
) -> None:
    """Sets each activation range to the mean, over batches, of the smallest and largest value.

    The moving averages of quantisation-aware training would settle at the same values, but slowly.

    Args:
        quantised: model that `tfmot.quantization.keras.quantize_model` made of `float_model`; changed in place.
        float_model: trained tf_keras model.
        x: float array (windows, time, channels, 1), or such `Windows`.
        low, high: float, values outside are clipped. Default to no clipping.
        seed: int, seed of the choice of windows.
    """
    found = {layer.name: range_variables(layer) for layer in quantised.layers}
    ranges = {name: variables for name, variables in found.items() if variables is not None}
    sources = [_float_output(float_model, quantised.get_layer(name)) for name in ranges]
    probe = keras.Model(float_model.input, sources)

    chosen = np.random.default_rng(seed).permutation(len(x))[:CALIBRATION_WINDOWS]
    batches = [np.clip(x[chosen[start : start + BATCH]], low, high) for start in range(0, len(chosen), BATCH)]
    extremes = np.mean(
        [[(np.min(value), np.max(value)) for value in probe(batch, training=False)] for batch in batches], axis=0
    )
    for (lower, upper), (smallest, largest) in zip(ranges.values(), extremes, strict=True):
        # A range must hold 0, so that zero padding has an exact int8 value.
        lower.assign(np.full(lower.shape, min(smallest, 0.0)))
        upper.assign(np.full(upper.shape, max(largest, 0.0)))


def range_variables(layer: keras.layers.Layer, names: Sequence[str] = RANGE_NAMES) -> Range | None:
    """Returns the range that a layer quantises to, as variables of its ends; None if the layer has no such range.

    Args:
        layer: layer of a quantisation-aware model.
        names: sequence of str, names that tfmot may give it. Defaults to those of a layer's output; the range of a
            wrapper's weights is `"kernel"`.
    """
    # Keras appends a number from the second quantize_layer of a process on, and to the variables in it.
    name = rf"({'|'.join(names)})(_\d+)?"
    ends = [
        next((w for w in layer.weights if re.fullmatch(rf"{name}_{end}:0", w.name.rsplit("/", 1)[-1])), None)
        for end in ("min", "max")
    ]
    return None if any(end is None for end in ends) else (ends[0], ends[1])


def _float_output(float_model: keras.Model, layer: keras.layers.Layer) -> Any:
    if not isinstance(layer, keras.layers.Wrapper):
        return float_model.input
    return float_model.get_layer(unwrapped(layer).name).output

"""Values of dense layers whose products are rounded twice, as boards do; TFLite's reference rounds them once.

TensorFlow Lite Micro and CMSIS-NN scale a sum in two steps, a rounded product of 32 bits and a rounded shift, and agree
with each other. The interpreter on a PC keeps 64 bits and rounds once, so that some of its values are one level off.
"""

from __future__ import annotations

import numpy as np

from tsnas.probe import protocol
from tsnas.probe.protocol import OpWords


def rounded_twice(words: OpWords, constants: dict[int, bytes], values: bytes) -> list[np.ndarray]:
    """Computes a dense layer as boards do.

    Args:
        words: `OpWords` of the layer, as a dense layer or as a 1x1 convolution.
        constants: dict of a tensor of the probe to its bytes.
        values: bytes of its input.

    Returns:
        list of int8 arrays: with halves of the product rounded up, as CMSIS-NN does, and away from zero, as TFLM does.
    """
    inputs = np.frombuffer(values, np.int8).astype(np.int64).reshape(-1, _depth(words, len(values)))
    weights = np.frombuffer(constants[protocol.WEIGHTS], np.int8).reshape(words.out_c, -1).astype(np.int64)
    sums = (inputs + words.in_offset) @ weights.T + np.frombuffer(constants[protocol.BIAS], "<i4")
    if protocol.MULTIPLIERS in constants:
        multiplier = np.frombuffer(constants[protocol.MULTIPLIERS], "<i4").astype(np.int64)
        shift = np.frombuffer(constants[protocol.SHIFTS], "<i4").astype(np.int64)
    else:
        multiplier, shift = np.array([words.out_multiplier]), np.array([words.out_shift])
    product = (sums << np.maximum(shift, 0)) * multiplier
    up = (product + (1 << 30)) >> 31
    away = np.where(product >= 0, product + (1 << 30), product + 1 - (1 << 30))
    away = np.sign(away) * (np.abs(away) >> 31)
    return [_shifted(high, np.maximum(-shift, 0), words) for high in (up, away)]


def _depth(words: OpWords, size: int) -> int:
    return words.in_c if words.kind == protocol.CONV2D else size


def _shifted(high: np.ndarray, right: np.ndarray, words: OpWords) -> np.ndarray:
    mask = (1 << right) - 1
    rounded = (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))
    return np.clip(rounded + words.out_offset, words.act_min, words.act_max).astype(np.int8).reshape(-1)

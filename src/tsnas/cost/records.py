"""Sizes of the records that TensorFlow Lite Micro (TFLM) keeps for tensors and operators, by the width of a pointer.

Read off TFLM's structures, as its compiler lays them out with pointers of 8 bytes; those of 4 bytes need no more. Kinds
of operators that boards have measured have their measured sizes there (`Runtime.op_bytes`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tsnas.graph.ops import (
    AveragePool2D,
    BatchedConv2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    GroupedConv2D,
    MaxPool2D,
    Op,
)
from tsnas.graph.other_ops import OtherOp

# Buffers in the arena start at multiples of this in every TFLM build.
ALIGNMENT = 16
# Options and the kernel's own record of each kind of operator, in bytes.
OPTION_BYTES = {
    "conv2d": 28,
    "grouped_conv2d": 28,
    "batched_conv2d": 28,
    "depthwise_conv2d": 28,
    "fully_connected": 16,
    "max_pool2d": 40,
    "average_pool2d": 40,
    "reshape": 36,
    "squeeze": 36,
    "softmax": 4,
    "add": 8,
    "sub": 8,
    "mul": 4,
    "concatenation": 8,
    "global_average_pooling2d": 1,
    "mean": 1,
    "sum": 1,
    "reduce_max": 1,
    "reduce_min": 1,
    "strided_slice": 24,
    "split": 4,
    "split_v": 4,
    "leaky_relu": 4,
    "pack": 8,
    "unpack": 8,
    "shape": 4,
    "gather": 8,
    "transpose_conv": 20,
    "resize_nearest_neighbor": 2,
    "unidirectional_sequence_lstm": 16,
}
DATA_BYTES = {
    "conv2d": 80,
    "grouped_conv2d": 80,
    "batched_conv2d": 80,
    "depthwise_conv2d": 80,
    "fully_connected": 96,
    "max_pool2d": 48,
    "average_pool2d": 48,
    "softmax": 80,
    "add": 64,
    "sub": 64,
    "mul": 48,
    "concatenation": 48,
    "global_average_pooling2d": 48,
    "mean": 48,
    "sum": 48,
    "reduce_max": 48,
    "reduce_min": 48,
    "strided_slice": 96,
    "pad": 64,
    "padv2": 64,
    "logistic": 16,
    "tanh": 16,
    "leaky_relu": 32,
    "hard_swish": 32,
    "relu": 32,
    "relu6": 16,
    "prelu": 32,
    # A table of all 256 results.
    "elu": 256,
    "rsqrt": 32,
    "squared_difference": 80,
    "quantize": 48,
    "dequantize": 32,
    "transpose_conv": 112,
    "unidirectional_sequence_lstm": 704,
}


@dataclasses.dataclass(frozen=True)
class Records:
    """Sizes of records in bytes; the defaults are those of a microcontroller of 32 bits.

    Args:
        tensor: int, a `TfLiteTensor`, as kernels see one while they are prepared.
        quantization: int, record of its scales and zero points, without those.
        node: int, an operator with its registration.
        note: int, what is noted of a tensor or scratch buffer while memory is planned.
        placed_note: int, more of it for one that has to be placed.
        request: int, what is noted of a request for a scratch buffer.
        handle: int, a pointer to a scratch buffer.
    """

    tensor: int = 40
    quantization: int = 12
    node: int = 32
    note: int = 24
    placed_note: int = 40
    request: int = 12
    handle: int = 4


BITS_32 = Records()
# Those of a PC, such as of the `tflite_micro` package.
BITS_64 = Records(tensor=64, quantization=24, node=64, note=32, request=16, handle=8)
# So many requests for scratch buffers are always left room for.
FREE_REQUESTS = 12
# What alignment may add to the notes.
NOTES_SLACK_BYTES = 32


def aligned(n_bytes: int, alignment: int = ALIGNMENT) -> int:
    """Rounds a number of bytes up to a multiple of `alignment`."""
    return -(-n_bytes // alignment) * alignment


def record_bytes(op: Op, records: Records) -> int:
    """Returns the bytes of an operator's node, options and own record, without its tensors and multipliers."""
    return records.node + aligned(OPTION_BYTES.get(op.kind, 0), 4) + aligned(DATA_BYTES.get(op.kind, 0))


def filters(op: Op) -> int:
    """Returns the number of output channels for which an operator keeps a multiplier and a shift."""
    if isinstance(op, FullyConnected):
        return op.out_c if op.per_channel else 0
    if isinstance(op, Conv2D | DepthwiseConv2D | GroupedConv2D | BatchedConv2D):
        return op.out_c
    return op.filters if isinstance(op, OtherOp) else 0


def multiplier_bytes(op: Op, alignment: int = ALIGNMENT) -> int:
    """Returns the bytes of these multipliers and shifts: two arrays of int32."""
    return 2 * aligned(4 * filters(op), alignment)


def prepare_bytes(op: Op, n_constants: int, records: Records, scales: Sequence[int] = ()) -> int:
    """Returns the bytes that an operator's kernel holds while it is prepared, before memory is planned.

    A record of each tensor that it looks at, with a zero point for each of its scales: about 12 bytes for each filter
    of a convolution, which looks at its weights twice and at its biases once.

    Args:
        op: operator descriptor.
        n_constants: int, constant tensors that it reads.
        records: `Records` of the interpreter.
        scales: sequence of int, number of scales of each of its inputs in the file. Defaults to (), not known.

    Returns:
        int, bytes.
    """
    tensors, zero_points = _looked_at(op, list(scales) or _usual_scales(op, n_constants))
    # Each of the three allocations of a tensor may be aligned.
    return tensors * (records.tensor + records.quantization + 8 + 8) + 4 * zero_points


def _usual_scales(op: Op, n_constants: int) -> list[int]:
    """Scales of the inputs of an operator as a converter writes it: weights and biases have one for each filter."""
    return [1] * len(op.in_shapes) + [max(1, filters(op))] * n_constants


def _looked_at(op: Op, scales: list[int]) -> tuple[int, int]:
    """How many tensors a kernel looks at while it is prepared, counting repeats, and all their scales."""
    n_outputs = len(op.out_shapes) if isinstance(op, OtherOp) else 1
    if isinstance(op, MaxPool2D | AveragePool2D):
        return 2, 2
    if filters(op) and not isinstance(op, FullyConnected):
        # All but the bias twice.
        again = [*scales[:2], *scales]
        return len(again) + 2, sum(again) + 2
    # A mean looks at all of its tensors twice.
    times = 2 if isinstance(op, GlobalAveragePooling2D) or op.kind in ("mean", "sum") else 1
    return times * (len(scales) + n_outputs), times * (sum(scales) + n_outputs)

"""Reads operators of a .tflite file of which the shapes alone are kept: they move values, or compute each by itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tsnas.errors import ModelFileError, UnsupportedOpError
from tsnas.graph.other_ops import OtherOp
from tsnas.graph.shapes import AnyShape
from tsnas.tflite.tensors import EXPORT_HINT, Tensors

# Operators that copy values; those that compute each value from one; from two; and from all along some axes.
RESHAPES = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")
MOVES = (
    *("CONCATENATION", "PAD", "PADV2", "STRIDED_SLICE", "SLICE", "SPLIT", "SPLIT_V", "TRANSPOSE", "PACK", "UNPACK"),
    *("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "RESIZE_NEAREST_NEIGHBOR"),
)
UNARY = (
    *("LOGISTIC", "TANH", "LEAKY_RELU", "HARD_SWISH", "RELU", "RELU6", "ELU", "PRELU", "RSQRT", "SOFTMAX"),
    *("QUANTIZE", "DEQUANTIZE"),
)
BINARY = ("ADD", "MUL", "SUB", "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM")
REDUCTIONS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")
LSTM, TRANSPOSE_CONV = "UNIDIRECTIONAL_SEQUENCE_LSTM", "TRANSPOSE_CONV"
OTHER_OPS = (*RESHAPES, *MOVES, "SHAPE", *UNARY, *BINARY, *REDUCTIONS, LSTM, TRANSPOSE_CONV)
# Those that may have several outputs.
SPLITS = ("SPLIT", "SPLIT_V", "UNPACK")
# Of an LSTM: inputs with weights, those with biases, the state of the cells, and how many inputs it has.
LSTM_WEIGHTS, LSTM_BIASES, LSTM_CELL_STATE, LSTM_INPUTS = range(1, 9), range(12, 16), 19, 24
LSTM_BUFFERS = 4


def is_float_border(name: str) -> bool:
    """Returns whether an operator may read or write float values in an int8 model: it converts or moves them."""
    return name in ("QUANTIZE", "DEQUANTIZE", "SHAPE", *RESHAPES, *MOVES)


class OtherReader:
    """Reads such operators of one model.

    Args:
        tensors: `Tensors` of the model.
        source: str, the file, for messages.
    """

    def __init__(self, tensors: Tensors, source: str):
        self._tensors = tensors
        self._source = source

    def read(self, where: str, name: str, options: Any, inputs: list[int], outputs: list[int]) -> OtherOp:
        """Returns the descriptor of an operator whose shapes fit each other.

        Args:
            where: str, the operator, for messages.
            name: str, name of the TFLite operator, one of `OTHER_OPS`.
            options: its options.
            inputs, outputs: list of int, indices of its tensors, all of which exist or are -1.

        Returns:
            `OtherOp`.

        Raises:
            UnsupportedOpError: a way of using it that is not known.
            ModelFileError: shapes that do not fit each other.
        """
        if len(outputs) > 1 and name not in SPLITS:
            raise self._tensors.error(f"{where} has {len(outputs)} outputs; it must have one")
        if name == LSTM:
            return self._lstm(where, options, inputs, outputs[0])
        if name == TRANSPOSE_CONV:
            return self._transpose_conv(where, options, inputs, outputs[0])
        if -1 in inputs:
            raise self._tensors.error(f"{where} lacks an input")
        checks: dict[str, Callable[[str, Any, list[int], list[int]], None]] = {
            **dict.fromkeys(RESHAPES, self._check_reshape),
            **dict.fromkeys(UNARY, self._check_unary),
            **dict.fromkeys(BINARY, self._check_binary),
            **dict.fromkeys(REDUCTIONS, self._check_reduction),
            **dict.fromkeys(SPLITS, self._check_split),
            "CONCATENATION": self._check_concatenation,
            "TRANSPOSE": self._check_transpose,
            "PAD": self._check_pad,
            "PADV2": self._check_pad,
            "SPACE_TO_BATCH_ND": self._check_space_to_batch,
            "BATCH_TO_SPACE_ND": self._check_space_to_batch,
        }
        if name in checks:
            checks[name](where, options, inputs, outputs)
        computed = [tensor for tensor in inputs if not self._tensors.is_constant(tensor)]
        in_shapes = tuple(map(self._tensors.plain_shape, computed))
        out_shapes = tuple(map(self._tensors.plain_shape, outputs))
        works = name in (*UNARY, *BINARY, *REDUCTIONS)
        return OtherOp(
            name.lower(),
            in_shapes,
            out_shapes,
            params=self._params(name, inputs),
            macs=max(map(math.prod, (*in_shapes, *out_shapes))) if works else 0,
            scratch=self._scratch(name, inputs, outputs),
            constants=len(inputs) - len(computed),
        )

    def _params(self, name: str, inputs: list[int]) -> int:
        """The number of constant values that an operator computes with."""
        if name not in (*BINARY, "PRELU", "CONCATENATION"):
            return 0
        return sum(math.prod(self._tensors.shape(t)) for t in inputs if self._tensors.is_constant(t))

    def _scratch(self, name: str, inputs: list[int], outputs: list[int]) -> tuple[int, ...]:
        """A reduction holds an index for each dimension, its axes, and a mean or sum a 32-bit sum for each output."""
        if name not in REDUCTIONS:
            return ()
        axes = self._tensors.integers(inputs[1]) or []
        places = 4 * self._tensors.rank(inputs[0]), 4 * len(axes)
        sums = 4 * math.prod(self._tensors.shape(outputs[0]))
        return (sums, *places) if name in ("MEAN", "SUM") else places

    def _check_reshape(self, where: str, options: Any, inputs: list[int], outputs: list[int]) -> None:
        before, after = self._tensors.shape(inputs[0]), self._tensors.shape(outputs[0])
        if math.prod(before) != math.prod(after):
            raise self._tensors.error(f"{where} turns shape {before} into {after}, which has another number of values")

    def _check_unary(self, where: str, options: Any, inputs: list[int], outputs: list[int]) -> None:
        self._expect(where, outputs[0], self._tensors.shape(inputs[0]))

    def _check_binary(self, where: str, options: Any, inputs: list[int], outputs: list[int]) -> None:
        if len(inputs) != 2:
            raise self._tensors.error(f"{where} has {len(inputs)} inputs, not 2")
        shapes = list(map(self._tensors.shape, inputs))
        try:
            expected = list(np.broadcast_shapes(*map(tuple, shapes)))
        except ValueError:
            raise self._tensors.error(f"{where} has inputs of shapes {shapes[0]} and {shapes[1]}") from None
        self._expect(where, outputs[0], expected)

    def _check_reduction(self, where: str, options: Any, inputs: list[int], outputs: list[int]) -> None:
        self._check_options(where, options, schema.ReducerOptionsT)
        axes = self._constant(where, inputs, 1, "axes")
        shape = self._tensors.shape(inputs[0])
        rank = len(shape)
        if any(not -rank <= axis < rank for axis in axes):
            raise self._tensors.error(f"{where} has axes {axes} of {rank} dimensions")
        reduced = {axis % rank for axis in axes}
        kept = [1 if axis in reduced else size for axis, size in enumerate(shape)]
        expected = kept if options.keepDims else [size for axis, size in enumerate(shape) if axis not in reduced]
        self._expect(where, outputs[0], expected)

    def _check_concatenation(self, where: str, options: Any, inputs: list[int], outputs: list[int]) -> None:
        self._check_options(where, options, schema.ConcatenationOptionsT)
        shapes = list(map(self._tensors.shape, inputs))
        rank = len(shapes[0])
        if any(len(shape) != rank for shape in shapes) or not -rank <= options.axis < rank:
            raise self._tensors.error(f"{where} joins shapes {shapes} along axis {options.axis}")
        axis = options.axis % rank
        expected = list(shapes[0])
        expected[axis] = sum(shape[axis] for shape in shapes)
        self._expect(where, outputs[0], expected)

    def _check_transpose(self, where: str, options: Any, inputs: list[int], outputs: list[int]) -> None:
        order, shape = self._constant(where, inputs, 1, "order"), self._tensors.shape(inputs[0])
        if sorted(order) != list(range(len(shape))):
            raise self._tensors.error(f"{where} has order {order} of {len(shape)} dimensions")
        self._expect(where, outputs[0], [shape[axis] for axis in order])

    def _check_pad(self, where: str, options: Any, inputs: list[int], outputs: list[int]) -> None:
        amounts, shape = self._constant(where, inputs, 1, "paddings"), self._tensors.shape(inputs[0])
        if len(amounts) != 2 * len(shape) or min(amounts, default=0) < 0:
            raise self._tensors.error(f"{where} pads shape {shape} by {amounts}")
        before, after = amounts[::2], amounts[1::2]
        self._expect(where, outputs[0], [sum(sizes) for sizes in zip(before, shape, after, strict=True)])

    def _check_space_to_batch(self, where: str, options: Any, inputs: list[int], outputs: list[int]) -> None:
        """An interpreter on a board trusts the shapes of the file, which are wrong where the batch was left open."""
        block, edges = (self._constant(where, inputs, place, what) for place, what in ((1, "blocks"), (2, "edges")))
        shape = self._tensors.shape(inputs[0])
        if len(edges) != 2 * len(block) or len(block) >= len(shape) or min(block, default=0) < 1:
            raise self._tensors.error(f"{where} has blocks {block} and edges {edges} for shape {shape}")
        count = math.prod(block)
        edge = [before + after for before, after in zip(edges[::2], edges[1::2], strict=True)]
        inner, rest = shape[1 : 1 + len(block)], shape[1 + len(block) :]
        if where.endswith("(SPACE_TO_BATCH_ND)"):
            expected = [shape[0] * count, *((n + e) // b for n, e, b in zip(inner, edge, block, strict=True)), *rest]
        else:
            expected = [shape[0] // count, *(n * b - e for n, e, b in zip(inner, edge, block, strict=True)), *rest]
        written = self._tensors.shape(outputs[0])
        if written != expected:
            raise self._tensors.error(
                f"{where} writes shape {written} by the file, but its input of shape {shape} gives {expected}: the "
                "converter does not know the batch of a dilated convolution that it takes apart, and an interpreter on "
                f"a board computes nonsense without a word. {EXPORT_HINT[:-1]}"
            )

    def _check_split(self, where: str, options: Any, inputs: list[int], outputs: list[int]) -> None:
        # SPLIT alone has its axis before what it splits.
        whole = max((t for t in inputs if not self._tensors.is_constant(t)), key=self._tensors.byte_size, default=None)
        if whole is None:
            raise self._tensors.error(f"{where} splits a constant")
        total = sum(math.prod(self._tensors.shape(tensor)) for tensor in outputs)
        if total != math.prod(self._tensors.shape(whole)):
            raise self._tensors.error(
                f"{where} splits shape {self._tensors.shape(whole)} into {len(outputs)} parts of {total} values"
            )

    def _lstm(self, where: str, options: Any, inputs: list[int], output: int) -> OtherOp:
        self._check_options(where, options, schema.UnidirectionalSequenceLSTMOptionsT)
        if len(inputs) != LSTM_INPUTS or min(inputs[0], inputs[1], inputs[5], inputs[LSTM_CELL_STATE]) < 0:
            raise self._unsupported(where, f"has {len(inputs)} inputs, some of which it lacks; known is Keras's LSTM")
        if any(inputs[place] != -1 for place in (*range(9, 12), 16, 17, *range(20, 24))):
            raise self._unsupported(where, "has peepholes, a projection or normalised layers; known is Keras's LSTM")
        cell = inputs[LSTM_CELL_STATE]
        if self._tensors.type_name(inputs[0]) != "INT8" or self._tensors.type_name(cell) != "INT16":
            raise self._unsupported(
                where,
                f"has an input of {self._tensors.type_name(inputs[0])} and cells of {self._tensors.type_name(cell)}; "
                "known is int8 with cells of int16",
            )
        shape, written = self._tensors.plain_shape(inputs[0]), self._tensors.plain_shape(output)
        weights = [t for t in (inputs[place] for place in (*LSTM_WEIGHTS, *LSTM_BIASES)) if t != -1]
        params = sum(math.prod(self._tensors.shape(tensor)) for tensor in weights)
        steps = math.prod(shape) // max(1, shape[-1])
        return OtherOp(
            LSTM.lower(),
            (shape,),
            (written,),
            params=params,
            macs=steps * params,
            # One buffer for each gate.
            scratch=(self._tensors.byte_size(cell),) * LSTM_BUFFERS,
            constants=len(weights),
        )

    def _transpose_conv(self, where: str, options: Any, inputs: list[int], output: int) -> OtherOp:
        self._check_options(where, options, schema.TransposeConvOptionsT)
        if len(inputs) not in (3, 4):
            raise self._tensors.error(f"{where} has {len(inputs)} inputs, not 3 or 4")
        if self._tensors.rank(inputs[2]) != 4 or self._tensors.batch(inputs[2]) != 1 or self._tensors.rank(output) != 4:
            raise self._unsupported(where, "works on other shapes than (1, h, w, channels)")
        shape, written = self._tensors.activation_shape(inputs[2]), self._tensors.activation_shape(output)
        out_c, kernel_h, kernel_w, in_c = self._tensors.constant_shape(inputs[1], 4, "INT8")
        if (in_c, out_c) != (shape[2], written[2]):
            raise self._tensors.error(f"{where} turns shape {shape} into {written} with weights from {in_c} to {out_c}")
        weights = out_c * kernel_h * kernel_w * in_c
        return OtherOp(
            TRANSPOSE_CONV.lower(),
            (shape,),
            (written,),
            params=weights + out_c,
            macs=shape[0] * shape[1] * weights,
            # Sums of 32 bits.
            scratch=(4 * math.prod(written),),
            constants=len(inputs) - 1,
            filters=out_c,
        )

    def _constant(self, where: str, inputs: list[int], place: int, what: str) -> list[int]:
        values = self._tensors.integers(inputs[place]) if place < len(inputs) else None
        if values is None:
            raise self._unsupported(where, f"has {what} that are not constant")
        return values

    def _check_options(self, where: str, options: Any, kind: type) -> None:
        if not isinstance(options, kind):
            raise self._tensors.error(f"{where} lacks its {kind.__name__.removesuffix('T')}; the file is damaged")

    def _expect(self, where: str, output: int, expected: list[int] | AnyShape) -> None:
        written = self._tensors.shape(output)
        if written != list(expected):
            raise self._tensors.error(f"{where} writes shape {written}, but its inputs give {list(expected)}")

    def _unsupported(self, where: str, what: str) -> ModelFileError:
        return UnsupportedOpError(f"Model {self._source}: {where} {what}.")

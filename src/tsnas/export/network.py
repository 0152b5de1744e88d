"""A model as a list of C function calls, with all activations and scratch buffers in one static array."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.cost.memory import arena_buffers, scratch_bytes
from tsnas.cost.planner import greedy_offsets, head_bytes
from tsnas.cost.records import ALIGNMENT, aligned
from tsnas.errors import ExportError
from tsnas.export.firmware import Firmware
from tsnas.graph.graph import Graph, Node
from tsnas.graph.ops import Op, is_dilated
from tsnas.probe import protocol
from tsnas.probe.steps import COPIES, Step, as_run, model_steps

PADDED = ("pad_top", "pad_left")
WINDOW = ("kernel_h", "kernel_w", "stride_h", "stride_w", *PADDED)
DILATION = ("dilation_h", "dilation_w")
LONG = {
    "kernel_h": "kernel_height",
    "kernel_w": "kernel_width",
    "stride_h": "stride_height",
    "stride_w": "stride_width",
    "dilation_h": "dilation_height",
    "dilation_w": "dilation_width",
}
RANGE = ("act_min", "act_max")
# Name, C type and NumPy type of each constant.
CONSTANTS = {
    protocol.WEIGHTS: ("weights", "int8_t", "<i1"),
    protocol.BIAS: ("bias", "int32_t", "<i4"),
    protocol.MULTIPLIERS: ("multipliers", "int32_t", "<i4"),
    protocol.SHIFTS: ("shifts", "int32_t", "<i4"),
}
# Names that no layer may have in the C code.
KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
"""
TAKEN = {"arena", *KEYWORDS.split()}
# The fields of the struct `add_params` that come from the descriptor of an addition.
ADD_WORDS = ("in_offset", "in2_offset", "out_offset", "in_multiplier", "in_shift", "in2_multiplier", "in2_shift")


@dataclasses.dataclass(frozen=True)
class Array:
    """A constant C array."""

    name: str
    type: str
    values: np.ndarray

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self.values.size)


@dataclasses.dataclass(frozen=True)
class Layer:
    """One operator in C.

    Args:
        name: str, its C identifier.
        title: str, name of the layer in the model.
        comment: str, description of the operator for a comment.
        struct: str, C type of its parameters; empty for a copy, which has none.
        fields: list of (field, value as C text), its parameters.
        arrays: list of `Array`, its constants.
        call: str, the call that runs it.
        checked: bool, whether that call returns a status, with 0 for success.
        op: `Op`, its descriptor.
    """

    name: str
    title: str
    comment: str
    struct: str
    fields: list[tuple[str, str]]
    arrays: list[Array]
    call: str
    checked: bool
    op: Op


@dataclasses.dataclass(frozen=True)
class Network:
    """A model without an interpreter.

    Args:
        layers: list of `Layer`, in order of execution.
        arena_bytes: int, size of all activations and scratch buffers.
        input_offset, output_offset: int, offsets of input and output in the arena.
        mve: bool, whether the arena has room for CMSIS-NN's scratch buffers on a core with MVE.
    """

    layers: list[Layer]
    arena_bytes: int
    input_offset: int
    output_offset: int
    mve: bool

    @property
    def constant_bytes(self) -> int:
        """The size in bytes of weights, biases, multipliers and shifts."""
        return sum(array.values.nbytes for layer in self.layers for array in layer.arrays)


def build_network(firmware: Firmware) -> Network:
    """Lays out a model as C layers in one arena.

    Raises:
        ExportError: the C code has no kernel for an operator.
    """
    return build_graph(firmware.graph, firmware.tflite, firmware.board.mve)


def build_graph(graph: Graph, tflite: bytes, mve: bool = False) -> Network:
    """Lays out a network that was read from a file; see `build_network`.

    Args:
        graph: `Graph` of the file.
        tflite: bytes of the file.
        mve: bool, whether there is room for the scratch buffers that CMSIS-NN has on a core with MVE, as `Board.mve`
            says. Defaults to False.

    Returns:
        `Network`.

    Raises:
        ExportError: the C code has no kernel for an operator.
    """
    graph = dataclasses.replace(
        graph, nodes=tuple(dataclasses.replace(node, op=as_run(node.op)) for node in graph.nodes)
    )
    found = iter(model_steps(tflite))
    # A change of shape has no step of its own.
    steps = [None if node.op.kind in COPIES else next(found) for node in graph.nodes]
    # At the offsets of the file; unlike TFLM, the C code needs no scratch buffer for a mean.
    buffers = [
        buffer
        for buffer in arena_buffers(graph, ALIGNMENT, scratch=True, mve=mve)
        if not any(
            node.op.kind == "global_average_pooling2d" and buffer.name.startswith(f"{node.name}/scratch")
            for node in graph.nodes
        )
    ]
    lifetimes = [buffer.lifetime for buffer in buffers]
    offsets = greedy_offsets(lifetimes, graph.offsets or ())
    places = {buffer.name: (offset, buffer.size) for buffer, offset in zip(buffers, offsets, strict=True)}
    names = _make_identifiers([node.name for node in graph.nodes])
    layers = [
        _build_layer(node, step, name, places) for node, step, name in zip(graph.nodes, steps, names, strict=True)
    ]
    return Network(
        layers=layers,
        arena_bytes=aligned(head_bytes(lifetimes, offsets)),
        input_offset=places[graph.input][0],
        output_offset=places[graph.output][0],
        mve=mve or all(scratch_bytes(node.op) == scratch_bytes(node.op, mve=True) for node in graph.nodes),
    )


def _make_identifiers(names: Sequence[str]) -> list[str]:
    """Converts names of layers to distinct C identifiers."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "layer"
        plain = f"layer_{plain}" if plain[0].isdigit() or plain in TAKEN or plain.startswith("tsnas_") else plain
        while plain in found:
            plain += "_"
        found.append(plain)
    return found


def _build_layer(node: Node, step: Step | None, name: str, places: dict[str, tuple[int, int]]) -> Layer:
    op = node.op
    if step is None:
        size = places[node.output][1]
        call = f"memcpy(arena + {places[node.output][0]}, arena + {places[node.inputs[0]][0]}, {size})"
        return Layer(name, node.name, _describe_node(node), "", [], [], call, False, op)
    words = step.words
    if words is None:
        raise ExportError(f"The 'c' export has no kernel for {op.kind} ({node.name}); export 'tflm' instead.")
    arrays = [
        Array(f"{name}_{CONSTANTS[tensor][0]}", CONSTANTS[tensor][1], np.frombuffer(content, CONSTANTS[tensor][2]))
        for tensor, content in step.constants.items()
    ]
    if words.kind == protocol.FULLY_CONNECTED:
        words, arrays = _without_offset(words, arrays)
    pointers = [(array.name.removeprefix(f"{name}_"), array.name) for array in arrays]
    inputs = [f"arena + {places[tensor][0]}" for tensor in node.inputs]
    out = f"arena + {places[node.output][0]}"
    offset, size = places.get(f"{node.name}/scratch0", (0, 0))
    scratch = f"arena + {offset}, {size}" if size else "0, 0"

    def values(*fields: str) -> list[tuple[str, str]]:
        return [(LONG.get(field, field), str(getattr(words, field))) for field in fields]

    def shape(which: str) -> tuple[str, str]:
        sizes = (getattr(words, f"{which}_{axis}") for axis in "hwc")
        return which, f"{{{', '.join(map(str, sizes))}}}"

    def layer(
        struct: str, fields: list[tuple[str, str]], function: str, *arguments: str, checked: bool = True
    ) -> Layer:
        call = f"{function}(&{name}, {', '.join(arguments)})"
        return Layer(name, node.name, _describe_node(node), struct, fields, arrays, call, checked, op)

    shapes = [shape("in"), shape("out")]
    if words.kind in (protocol.CONV2D, protocol.DEPTHWISE_CONV2D):
        function = "tsnas_conv2d" if words.kind == protocol.CONV2D else "tsnas_depthwise_conv2d"
        fields = [*shapes, *values(*WINDOW, *DILATION, "in_offset", "out_offset", *RANGE), *pointers]
        return layer("tsnas_conv", fields, function, *inputs, out, scratch)
    if words.kind == protocol.FULLY_CONNECTED:
        sizes = [("inputs", str(words.in_h * words.in_w * words.in_c)), ("outputs", str(words.out_c))]
        scale = [("multiplier", str(words.out_multiplier)), ("shift", str(words.out_shift))]
        fields = [*sizes, *values("in_offset", "out_offset"), *scale, *values(*RANGE), *pointers]
        return layer("tsnas_dense", fields, "tsnas_fully_connected", *inputs, out)
    if words.kind == protocol.MAX_POOL:
        return layer("tsnas_pool", [*shapes, *values(*WINDOW, *RANGE)], "tsnas_max_pool", *inputs, out)
    if words.kind == protocol.AVERAGE_POOL:
        return layer("tsnas_pool", [*shapes, *values(*WINDOW, *RANGE)], "tsnas_average_pool", *inputs, out, scratch)
    if words.kind == protocol.ADD:
        fields = values(*ADD_WORDS, "out_multiplier", "out_shift", *RANGE)
        elements = str(words.in_h * words.in_w * words.in_c)
        return layer("add_params", fields, "add_s8", *inputs, out, elements, checked=False)
    if words.kind == protocol.MEAN:
        scale = [("multiplier", str(words.out_multiplier)), ("shift", str(words.out_shift))]
        fields = [*values("in_offset", "out_offset"), *scale, *values(*RANGE)]
        sizes_text = (str(words.in_h * words.in_w), str(words.in_c))
        return layer("mean_params", fields, "mean_s8", *inputs, out, *sizes_text, checked=False)
    if words.kind == protocol.SOFTMAX:
        fields = [("multiplier", str(words.in_multiplier)), ("shift", str(words.in_shift)), *values("diff_min")]
        return layer("softmax_params", fields, "softmax_s8", *inputs, out, str(words.in_c), checked=False)
    raise ExportError(f"The 'c' export has no kernel for {op}; export 'tflm' instead.")


def _without_offset(words: protocol.OpWords, arrays: list[Array]) -> tuple[protocol.OpWords, list[Array]]:
    """Adds what the offset of a dense layer's inputs contributes to its biases, which gives the same sums.

    On a core with MVE, CMSIS-NN from 5.0 on takes such sums in place of the biases, or of the offset, by its version.
    """
    weights, bias = (next(a for a in arrays if a.name.endswith(name)) for name in ("_weights", "_bias"))
    rows = weights.values.reshape(words.out_c, -1).astype(np.int64)
    sums = (bias.values + words.in_offset * rows.sum(axis=1)).astype(np.int32)
    moved = [dataclasses.replace(a, values=sums) if a is bias else a for a in arrays]
    return dataclasses.replace(words, in_offset=0), moved


def _describe_node(node: Node) -> str:
    """Describes an operator, such as `conv0: conv2d 128x6x1 -> 32x6x16, kernel 7x1, stride 4x1`."""
    op: Any = node.op
    inputs = " + ".join("x".join(map(str, shape)) for shape in op.in_shapes)
    text = f"{node.name}: {op.kind} {inputs} -> {'x'.join(map(str, op.out_shape))}"
    if hasattr(op, "kernel_h"):
        text += f", kernel {op.kernel_h}x{op.kernel_w}, stride {op.stride_h}x{op.stride_w}"
        if is_dilated(op):
            text += f", dilation {op.dilation_h}x{op.dilation_w}"
    return text.replace("*/", "* /")

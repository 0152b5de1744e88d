"""Tensor arena of a network: where TensorFlow Lite Micro (TFLM) puts every buffer, and how many bytes that takes.

The arena has two ends. The **head** holds activations and scratch buffers, which share memory when they do not live at
the same time; TFLM's GreedyMemoryPlanner decides where, and `plan_arena` follows it exactly: sizes rounded up to 16
bytes; first the tensors whose offsets the file fixes (see `tsnas.cost.placement`), then the others, the largest first,
each in the first gap among the buffers that live at the same time.

The **tail** holds what stays. On a 32-bit microcontroller that is, in bytes:

- once: the allocators, the planner, and the records of one input and one output (`Runtime.base_bytes`, 440);
- per tensor, weights included: a `TfLiteEvalTensor` of three words (`Runtime.tensor_bytes`, 12);
- per operator: a node and its registration (32), its options (convolution 24, addition 8, mean and softmax 4), the
  kernel's own record rounded up to 16 (64, 64, 48, 64), and a handle of 4 for each scratch buffer (`Runtime.op_bytes`);
- per convolution, and per dense layer with a scale for each output: a multiplier and a shift for each output channel,
  as two arrays of int32, each rounded up to 16;
- per tensor that keeps a state from one inference to the next: its values, rounded up to 16.

With these sizes one and the same `base_bytes` explains the measured arena of models of every kind of operator; on the
STM32 boards, alignment adds 16 to additions and softmax. The rest errs on the safe side, since no arena of a whole
network was measured: `Runtime.slack_bytes` covers alignment that falls otherwise than in a model of one operator, and
`Runtime.conv2d_slack_bytes` the larger records of later TFLM versions. `arena_used_bytes()` on the board has the last
word.

While it starts, TFLM keeps other things in the place of the head, and a network whose tensors are small needs a larger
arena to start than it uses later (`ArenaPlan.arena_bytes`). While an operator is prepared: records of its tensors, with
a zero point for each scale, some 12 bytes for each filter. While memory is planned: 24 bytes for each tensor and
scratch buffer, and 40 more for each that has to be placed; see `tsnas.cost.records`.

Source: David et al., TensorFlow Lite Micro: Embedded Machine Learning on TinyML Systems, MLSys 2021; its planner.
"""

from __future__ import annotations

import dataclasses

from tsnas.cost.board_parts import Runtime
from tsnas.cost.features import uses_1x1_kernel
from tsnas.cost.mve import CHANNELS, LANES
from tsnas.cost.planner import Lifetime, greedy_offsets, head_bytes
from tsnas.cost.records import (
    BITS_32,
    FREE_REQUESTS,
    NOTES_SLACK_BYTES,
    Records,
    aligned,
    multiplier_bytes,
    prepare_bytes,
    record_bytes,
)
from tsnas.graph.graph import Graph
from tsnas.graph.ops import (
    AveragePool2D,
    BatchedConv2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    GroupedConv2D,
    Op,
    is_dilated,
)
from tsnas.graph.other_ops import OtherOp

# Constant tensors that an operator reads: weights and bias, axes of a mean, a new shape, paddings.
CONSTANTS = {
    "conv2d": 2,
    "grouped_conv2d": 2,
    "batched_conv2d": 2,
    "depthwise_conv2d": 2,
    "fully_connected": 2,
    "global_average_pooling2d": 1,
    "reshape": 1,
    "pad": 1,
}


@dataclasses.dataclass(frozen=True)
class ArenaPlan:
    """Layout of the arena, and how much of it is used.

    Args:
        head_bytes: int, activations and scratch buffers.
        tail_bytes: int, persistent part.
        planning_bytes: int, notes of the planner, in the place of the head while the interpreter starts.
        preparing_bytes: int, most that an operator holds there while it is prepared, less what the persistent part does
            not have yet.
        offsets: dict of the offset in the head of each activation tensor, in bytes.
        live_bytes: dict of the head bytes that live while each node runs, scratch included, by node name.
    """

    head_bytes: int
    tail_bytes: int
    planning_bytes: int
    preparing_bytes: int
    offsets: dict[str, int]
    live_bytes: dict[str, int]

    @property
    def total_bytes(self) -> int:
        """Bytes in use once the interpreter has started, as TFLM's `arena_used_bytes()` returns them."""
        return self.head_bytes + self.tail_bytes

    @property
    def arena_bytes(self) -> int:
        """Size of the arena that the firmware must set aside for the interpreter to start and run."""
        return max(self.head_bytes, self.planning_bytes, self.preparing_bytes) + self.tail_bytes


@dataclasses.dataclass(frozen=True)
class Buffer:
    """A buffer in the head of the arena: its name, and its size and lifetime as the planner sees them."""

    name: str
    lifetime: Lifetime

    @property
    def size(self) -> int:
        """Bytes, rounded up to the alignment."""
        return self.lifetime[0]

    def lives_at(self, step: int) -> bool:
        """Returns whether the buffer is in use while that node runs, counted from 1."""
        return self.lifetime[1] <= step <= self.lifetime[2]


def plan_arena(
    graph: Graph, runtime: Runtime, scratch: bool = True, records: Records = BITS_32, mve: bool = False
) -> ArenaPlan:
    """Plans the tensor arena of a network as TensorFlow Lite Micro does.

    Args:
        graph: `Graph` in execution order.
        runtime: `Runtime` constants of the TFLM build, as in `board.runtime`.
        scratch: bool, whether convolutions ask for the scratch buffers of CMSIS-NN; False is a TFLM with reference
            kernels, such as the `tflite_micro` package on a PC. Defaults to True.
        records: `Records` of the interpreter. Defaults to those of a microcontroller of 32 bits.
        mve: bool, whether these scratch buffers are those of a core with MVE, as `Board.mve` says. Defaults to False.

    Returns:
        An `ArenaPlan`.

    Example:
        >>> plan = plan_arena(graph, load_board("nucleo_f446re").runtime)
        >>> plan.head_bytes + plan.tail_bytes == plan.total_bytes
        True
    """
    buffers = arena_buffers(graph, runtime.alignment, scratch, mve)
    lifetimes = [buffer.lifetime for buffer in buffers]
    offsets = greedy_offsets(lifetimes, graph.offsets or ())
    tensors = graph.tensor_bytes()
    return ArenaPlan(
        head_bytes=head_bytes(lifetimes, offsets),
        tail_bytes=tail_bytes(graph, runtime, records),
        planning_bytes=_planning_bytes(graph, scratch, records),
        preparing_bytes=_preparing_bytes(graph, scratch, records),
        offsets=dict(zip(tensors, offsets, strict=False)),
        live_bytes={
            node.name: sum(buffer.size for buffer in buffers if buffer.lives_at(step))
            for step, node in enumerate(graph.nodes, start=1)
        },
    )


def scratch_bytes(op: Op, cmsis_nn: bool = True, mve: bool = False) -> tuple[int, ...]:
    """Returns the sizes of the scratch buffers that a kernel asks for, which live only while it runs.

    A convolution with im2col holds the inputs of two output pixels as int16, whatever its dilation; a depthwise one
    those of one pixel, unless it is dilated, for then the general kernel runs, which needs none. A mean, over a window
    or over height and width, holds a sum of int32 for each channel; over height and width the reference build, which
    is a later one, also holds four indices and two axes.

    Kernels for MVE hold the inputs of four output pixels as int8, in whole vectors, and a depthwise one those of 124
    channels, however few there are. Sizes are enough for a build without MVE as well, and for versions 4.0 to 7.0.

    Args:
        op: operator descriptor.
        cmsis_nn: bool, the measured build with CMSIS-NN kernels, or the `tflite_micro` package with reference kernels.
            Defaults to True.
        mve: bool, whether CMSIS-NN is built for a core with MVE. Defaults to False.

    Returns:
        tuple of int, bytes of each buffer before alignment.
    """
    if isinstance(op, OtherOp):
        return op.scratch
    if isinstance(op, BatchedConv2D):
        return scratch_bytes(op.conv, cmsis_nn, mve)
    if isinstance(op, FullyConnected) and cmsis_nn and op.rows > 1 and op.in_c % 4 == 0 and not op.per_channel:
        # Later versions run it as a 1x1 convolution, for which they copy multiplier and shift.
        return (8 * op.out_c,)
    if cmsis_nn and (isinstance(op, GroupedConv2D) or (isinstance(op, Conv2D) and not uses_1x1_kernel(op))):
        return (4 * aligned(op.kernel_h * op.kernel_w * op.in_c, LANES if mve else 1),)
    if isinstance(op, DepthwiseConv2D) and cmsis_nn and op.depth_multiplier == 1 and not is_dilated(op):
        return (op.kernel_h * op.kernel_w * max(2 * op.in_c, 4 * CHANNELS if mve else 0),)
    if isinstance(op, AveragePool2D) and cmsis_nn:
        return (4 * op.in_c,)
    if isinstance(op, GlobalAveragePooling2D):
        return (4 * op.c,) if cmsis_nn else (4 * op.c, 16, 8)
    return ()


def tail_bytes(graph: Graph, runtime: Runtime, records: Records = BITS_32) -> int:
    """Returns the bytes of the persistent part of the arena."""
    total = base_tail_bytes(runtime) + sum(op_tail_bytes(node.op, runtime, records) for node in graph.nodes)
    if len(graph.nodes) == 1 and graph.nodes[0].op.kind in runtime.op_bytes:
        # The constants come from models of one operator, where nothing is unsure.
        total -= runtime.slack_bytes + runtime.conv2d_slack_bytes * isinstance(graph.nodes[0].op, Conv2D)
    inputs, outputs = graph.inputs(), graph.outputs
    counted = len(inputs) + sum(1 + n_constants(node.op) for node in graph.nodes)
    if graph.file is None:
        more_tensors = len(inputs) - 1
    else:
        more_tensors = len(inputs) - 1 + max(0, graph.file.n_tensors - counted)
        total += sum(aligned(size, runtime.alignment) for size in graph.file.state_bytes)
    return total + more_tensors * runtime.tensor_bytes + (len(inputs) + len(outputs) - 2) * runtime.extra_input_bytes


def base_tail_bytes(runtime: Runtime) -> int:
    """Returns the persistent bytes of a network of several operators with one input, before its operators."""
    return runtime.base_bytes + runtime.slack_bytes + runtime.tensor_bytes


def op_tail_bytes(op: Op, runtime: Runtime, records: Records = BITS_32) -> int:
    """Returns the persistent bytes that one operator adds to a network, with its output and its constant tensors."""
    if op.kind in runtime.op_bytes:
        total = runtime.op_bytes[op.kind]
    else:
        total = record_bytes(op, records) + records.handle * len(scratch_bytes(op))
    total += runtime.tensor_bytes * (1 + n_constants(op)) + multiplier_bytes(op, runtime.alignment)
    return total + runtime.conv2d_slack_bytes * isinstance(op, Conv2D | DepthwiseConv2D)


def base_planning_bytes(n_inputs: int = 1, records: Records = BITS_32) -> int:
    """Returns the bytes of the planner's notes on a network before its operators."""
    free = records.request * FREE_REQUESTS + NOTES_SLACK_BYTES
    return free + n_inputs * (records.note + records.placed_note)


def op_planning_bytes(op: Op, cmsis_nn: bool = True, records: Records = BITS_32) -> int:
    """Returns the bytes of the planner's notes on one operator: its output, its constants and its scratch buffers."""
    n_scratch = len(scratch_bytes(op, cmsis_nn))
    notes = records.note * (1 + n_scratch + n_constants(op)) + records.placed_note * (1 + n_scratch)
    return notes + records.request * n_scratch


def _planning_bytes(graph: Graph, cmsis_nn: bool, records: Records) -> int:
    """Bytes of the planner's notes; a file may have tensors that its operators do not account for."""
    total = base_planning_bytes(len(graph.inputs()), records)
    total += sum(op_planning_bytes(node.op, cmsis_nn, records) for node in graph.nodes)
    if graph.file is None:
        return total
    more_placed = len(graph.file.sizes) - len(graph.inputs()) - len(graph.nodes)
    counted = len(graph.inputs()) + sum(1 + n_constants(node.op) for node in graph.nodes)
    more = max(0, graph.file.n_tensors - counted)
    return total + records.note * more + records.placed_note * max(0, more_placed)


def _preparing_bytes(graph: Graph, cmsis_nn: bool, records: Records) -> int:
    """The most that an operator holds while it is prepared, less the multipliers of those that come after it."""
    most, requests = 0, FREE_REQUESTS
    later = sum(multiplier_bytes(node.op) for node in graph.nodes)
    known = graph.file.scales if graph.file is not None and graph.file.scales else ((),) * len(graph.nodes)
    for node, scales in zip(graph.nodes, known, strict=True):
        later -= multiplier_bytes(node.op)
        requests += len(scratch_bytes(node.op, cmsis_nn))
        held = prepare_bytes(node.op, n_constants(node.op), records, scales)
        most = max(most, held + requests * records.request - later)
    # Records of the first input and output follow at the end.
    return max(0, most - 2 * (records.tensor + records.quantization))


def n_constants(op: Op) -> int:
    """Returns the number of constant tensors that an operator reads."""
    return op.constants if isinstance(op, OtherOp) else CONSTANTS.get(op.kind, 0)


def arena_buffers(graph: Graph, alignment: int, scratch: bool, mve: bool = False) -> list[Buffer]:
    """Returns the buffers in the order in which TFLM adds them: activations by index, then scratch by operator."""
    first = dict.fromkeys(graph.inputs(), 0)
    last = dict(first)
    for step, node in enumerate(graph.nodes, start=1):
        for name in node.outputs:
            first.setdefault(name, step)
        for name in (*node.inputs, *node.outputs):
            last[name] = step
    for name in graph.outputs:
        last[name] = len(graph.nodes)
    # A file may have tensors that no operator reads or writes: the planner places them before the first step.
    buffers = [
        Buffer(name, (aligned(size, alignment), first.get(name, -1), last.get(name, -1)))
        for name, size in graph.tensor_bytes().items()
    ]
    for step, node in enumerate(graph.nodes, start=1):
        for i, size in enumerate(scratch_bytes(node.op, cmsis_nn=scratch, mve=mve)):
            buffers.append(Buffer(f"{node.name}/scratch{i}", (aligned(size, alignment), step, step)))
    return buffers

"""Advice on a network: what costs most, what would help, and what runs otherwise than its author may think."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tsnas.cost.memory import ArenaPlan
from tsnas.cost.op_estimate import OpEstimate
from tsnas.cost.records import multiplier_bytes
from tsnas.graph.graph import Graph, Node
from tsnas.graph.ops import BatchedConv2D, FullyConnected

# What would make an operator of each kind cheaper.
HELP = {
    "conv2d": "fewer filters, a shorter kernel or a stride before it",
    "grouped_conv2d": "a plain convolution of fewer filters, or a depthwise one: their kernels are faster",
    "batched_conv2d": "a conversion with a fixed batch of 1, which leaves one dilated convolution",
    "depthwise_conv2d": "fewer channels, a stride, or one filter for each channel (depth_multiplier=1)",
    "fully_connected": "pooling before it, or fewer units",
    "add": "a branch less, or an addition after a stride",
    "global_average_pooling2d": "a stride before it",
    "max_pool2d": "a stride in the convolution before it instead",
    "average_pool2d": "a stride in the convolution before it instead",
    "softmax": "the largest logit instead, where probabilities are not needed",
    "unidirectional_sequence_lstm": "fewer units, fewer time steps, or convolutions over time",
    "logistic": "hard sigmoid or ReLU instead",
    "tanh": "ReLU instead",
    "hard_swish": "ReLU instead",
    "transpose": "an input whose axes have the order that the network computes in",
}
DEFAULT_HELP = "less before it: fewer channels or a stride"
# A share of the whole from which something is worth a line.
WORTH_SHARE = 0.1
# An operator with a smaller share of the time is named with the others of its kind.
OUTSTANDING_SHARE = 0.3
SHAPE_KINDS = ("shape", "pack")
FIXED_BATCH = "convert a concrete function whose input shape starts with 1"


def advise(graph: Graph, plan: ArenaPlan, rows: Sequence[OpEstimate]) -> tuple[str, ...]:
    """Returns advice on a network, one line each.

    Args:
        graph: `Graph` of the network.
        plan: `ArenaPlan` of it.
        rows: sequence of `OpEstimate`, one for each of its operators.

    Returns:
        tuple of str, without a full stop at the end of a line; the first two are what costs most time and RAM.
    """
    parts: tuple[Callable[[], str | None], ...] = (
        lambda: _slowest(rows),
        lambda: _largest(graph, plan),
        lambda: _per_channel_dense(graph),
        lambda: _batched(graph),
        lambda: _computed_shapes(graph),
        lambda: _borders(graph),
    )
    return tuple(line for part in parts if (line := part()) is not None)


def _slowest(rows: Sequence[OpEstimate]) -> str | None:
    total = sum(row.latency_ms for row in rows)
    if total <= 0:
        return None
    row = max(rows, key=lambda row: row.latency_ms)
    share = f"{row.latency_ms / total:.0%}"
    whole = f"{total:,.0f} ms" if total >= 100 else f"{total:.3g} ms"
    what = f"{share} of {whole} is {row.name} ({row.kind}, {row.macs:,} MACs)"
    if row.latency_ms < OUTSTANDING_SHARE * total:
        # Many layers of one kind may take more together than the slowest one.
        kinds: dict[str, list[OpEstimate]] = {}
        for one in rows:
            kinds.setdefault(one.kind, []).append(one)
        kind, own = max(kinds.items(), key=lambda item: sum(one.latency_ms for one in item[1]))
        if len(own) > 1:
            row = max(own, key=lambda one: one.latency_ms)
            together = sum(one.latency_ms for one in own) / total
            largest = f"{row.latency_ms / total:.0%} {row.name}, {row.macs:,} MACs"
            what = f"{together:.0%} of {whole} are {len(own)} operators of kind {kind} (of which {largest})"
    return f"{what}: {HELP.get(row.kind, DEFAULT_HELP)} would help most"


def _largest(graph: Graph, plan: ArenaPlan) -> str:
    total = plan.arena_bytes
    working = total - plan.tail_bytes
    if plan.tail_bytes > working:
        widest = max(graph.nodes, key=lambda node: multiplier_bytes(node.op))
        most = multiplier_bytes(widest.op)
        of_which = ""
        if most > WORTH_SHARE * plan.tail_bytes:
            of_which = f", of which {most:,} are multipliers of {widest.name}: fewer units or filters there would help"
        return (
            f"{plan.tail_bytes:,} of {total:,} bytes of RAM are records that the interpreter keeps of "
            f"{len(graph.nodes)} operators{of_which or ': fewer, larger layers would help'}"
        )
    if working > plan.head_bytes:
        when = "prepares its operators" if plan.preparing_bytes >= plan.planning_bytes else "plans its memory"
        return (
            f"{working:,} of {total:,} bytes of RAM are what the interpreter holds while it {when}, before the first "
            "inference: fewer filters in the widest layer, or fewer layers, would help"
        )
    name = max(plan.live_bytes, key=lambda node: plan.live_bytes[node])
    return (
        f"{plan.live_bytes[name]:,} of {total:,} bytes of RAM live while {name} runs: fewer channels or a stride "
        "before it would help"
    )


def _per_channel_dense(graph: Graph) -> str | None:
    nodes = [node for node in graph.nodes if isinstance(node.op, FullyConnected) and node.op.per_channel]
    if not nodes:
        return None
    kept = sum(multiplier_bytes(node.op) for node in nodes)
    return (
        f"{_named(nodes)} {'has' if len(nodes) == 1 else 'have'} a scale per output ({kept:,} bytes of RAM): "
        "TensorFlow Lite Micro before June 2024 refuses such a dense layer or computes it wrongly without a word; the "
        "converter's switch _experimental_disable_per_channel_quantization_for_dense_layers = True avoids it"
    )


def _batched(graph: Graph) -> str | None:
    nodes = [node for node in graph.nodes if isinstance(node.op, BatchedConv2D)]
    if not nodes:
        return None
    return (
        f"{_named(nodes)} {'is a dilated convolution' if len(nodes) == 1 else 'are dilated convolutions'} that the "
        f"converter took apart, with copies before and after, because the batch is open: {FIXED_BATCH}"
    )


def _computed_shapes(graph: Graph) -> str | None:
    nodes = [node for node in graph.nodes if node.op.kind in SHAPE_KINDS]
    if not nodes:
        return None
    return f"{_named(nodes)} compute a shape at every inference, because the batch is open: {FIXED_BATCH}"


def _borders(graph: Graph) -> str | None:
    # Values of each input and output, by the operators that convert them.
    nodes = [node for node in graph.nodes if node.op.kind in ("quantize", "dequantize")]
    border = [node for node in nodes if {*node.inputs} & {*graph.inputs()} or {*node.outputs} & {*graph.outputs}]
    if not border:
        return None
    return (
        f"{_named(border)} convert{'s' if len(border) == 1 else ''} input or output of another type on the board: "
        "inference_input_type = inference_output_type = tf.int8 spares it, and float copies of the input in RAM"
    )


def _named(nodes: Sequence[Node]) -> str:
    names = [node.name for node in nodes]
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more"

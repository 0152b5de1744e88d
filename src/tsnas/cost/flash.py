"""Size of the .tflite file of a network, predicted from its operators."""

from __future__ import annotations

from tsnas.cost.graph import Graph
from tsnas.cost.ops import Conv2D, Op

# A converted file: header, metadata, operator codes, subgraph.
BASE_BYTES = 1000
# One operator with its options, and one tensor with its name, shape and quantisation.
OP_BYTES = 90
TENSOR_BYTES = 150
# Per channel: int32 bias, and scale (4) and zero point (8) of both weights and bias.
CHANNEL_BYTES = 4 + 2 * (4 + 8)


def flash_bytes(graph: Graph, n_metadata_bytes: int = 0) -> int:
    """Predicted size of the int8 .tflite file of a network.

    Args:
        graph: `Graph` of the network.
        n_metadata_bytes: int, bytes of metadata that will be added to the file. Defaults to 0.

    Returns:
        Bytes.
    """
    return base_flash_bytes(n_metadata_bytes) + sum(op_flash_bytes(node.op) for node in graph.nodes)


def base_flash_bytes(n_metadata_bytes: int = 0) -> int:
    """Predicted bytes of the file before its operators, its input tensor included."""
    return BASE_BYTES + n_metadata_bytes + TENSOR_BYTES


def op_flash_bytes(op: Op) -> int:
    """Predicted bytes that one operator adds to the file, with its output and its constant tensors."""
    total = OP_BYTES + TENSOR_BYTES
    if isinstance(op, Conv2D):
        total += op.weights + CHANNEL_BYTES * op.out_c + 2 * TENSOR_BYTES
    return total

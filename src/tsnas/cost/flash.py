"""Predicts the size of the .tflite file of a network from its operators.

The constants describe the files that `tsnas.deploy` writes: the names of the search space's own operators, weights
aligned to 16 bytes, an offset for each tensor, no signature. They were fitted to converted networks; see
tests/cost/test_flash.py.
"""

from __future__ import annotations

from tsnas.cost.memory import n_constants
from tsnas.errors import SettingError
from tsnas.graph.graph import Graph
from tsnas.graph.ops import Conv2D, Op
from tsnas.tflite.offline_plan import HEADER_BYTES, OFFSET_BYTES

# Header, subgraph, operator codes and the input tensor.
BASE_BYTES = 375
# An operator with its options, its output tensor, and its constant tensors without what they hold.
OP_BYTES = {"conv2d": 402, "add": 188, "global_average_pooling2d": 272, "softmax": 180}
# Per output channel: int32 bias, and scale (4) and zero point (8) of both weights and bias.
CHANNEL_BYTES = 4 + 2 * (4 + 8)
# Entry of the metadata in the file, beside its content.
METADATA_BYTES = 64
# Entry of the offsets of the tensors, beside its content.
PLAN_BYTES = 84


def flash_bytes(graph: Graph, n_metadata_bytes: int = 0) -> int:
    """Predicts the size of the int8 .tflite file of a network.

    Args:
        graph: `Graph` of the network.
        n_metadata_bytes: int, bytes of metadata that will be added to the file. Defaults to 0.

    Returns:
        int, bytes.

    Example:
        >>> builder = GraphBuilder((64, 6, 1))
        >>> x = builder.add("stem", Conv2D(64, 6, 1, 8, 5, 1), builder.input)
        >>> flash_bytes(builder.build(x))
        1041
    """
    return base_flash_bytes(n_metadata_bytes) + sum(op_flash_bytes(node.op) for node in graph.nodes)


def base_flash_bytes(n_metadata_bytes: int = 0) -> int:
    """Predicts the bytes of the file before its operators, its input tensor included."""
    plan_bytes = PLAN_BYTES + HEADER_BYTES + OFFSET_BYTES
    return BASE_BYTES + plan_bytes + (METADATA_BYTES + n_metadata_bytes if n_metadata_bytes else 0)


def op_flash_bytes(op: Op) -> int:
    """Predicts the bytes that one operator adds to the file, with its output and its constant tensors.

    Raises:
        SettingError: an operator that is not in the search space.
    """
    if op.kind not in OP_BYTES:
        raise SettingError(
            f"The size of a {op.kind} in a .tflite file is not predicted, because tsnas writes none; "
            "give flash_bytes, the length of the file."
        )
    constants = op.weights + CHANNEL_BYTES * op.out_c if isinstance(op, Conv2D) else 0
    return OP_BYTES[op.kind] + constants + OFFSET_BYTES * (1 + n_constants(op))

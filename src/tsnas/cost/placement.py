"""Places tensors in the arena without gaps, better than TensorFlow Lite Micro (TFLM) does by itself.

TFLM's GreedyMemoryPlanner takes the largest buffers first, and where tensors of several sizes overlap in time it leaves
gaps between them: a network may then need more memory than ever lives in it. TFLM also takes offsets from the file,
under the metadata `OfflineMemoryAllocation`, and plans only the scratch buffers around them. The offsets found here are
of that kind.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Iterator, Sequence

from tsnas.cost.memory import arena_buffers
from tsnas.cost.planner import Lifetime, first_fit, greedy_offsets, head_bytes
from tsnas.cost.records import ALIGNMENT
from tsnas.graph.graph import Graph

# Orders that are tried until one leaves no gap. On random architectures of the search space the worst took 53; those of
# several members take more, and fewer if tensors that live long, as their input does, come first in every second one.
MAX_ORDERS, SINGLE_ORDERS = 2000, 64
LONG_SHARE = 0.1


def placed(graph: Graph, alignment: int = ALIGNMENT) -> Graph:
    """Returns the same network with an offset for each of its tensors, chosen so that the head of the arena is small.

    The head cannot be smaller than the buffers that live at the same time. Where TFLM's own plan reaches that bound,
    its offsets are kept; else orders of placement are tried, always the same ones, until one reaches it.

    Args:
        graph: `Graph`; offsets that it has are ignored.
        alignment: int, buffers start at multiples of this. Defaults to 16.

    Returns:
        A `Graph` with `offsets`.

    Example:
        >>> plan_arena(placed(graph), runtime).head_bytes <= plan_arena(graph, runtime).head_bytes
        True
    """
    buffers = [buffer.lifetime for buffer in arena_buffers(graph, alignment, scratch=True)]
    n_tensors = len(graph.tensor_bytes())
    least = max_live_bytes(buffers)
    best = greedy_offsets(buffers)
    for order in itertools.islice(_orders(buffers), MAX_ORDERS):
        if head_bytes(buffers, best) == least:
            break
        tensors = first_fit(buffers, order)[:n_tensors]
        # TFLM places the scratch buffers, by its own rule.
        offsets = greedy_offsets(buffers, fixed=tensors)
        if head_bytes(buffers, offsets) < head_bytes(buffers, best):
            best = offsets
    return dataclasses.replace(graph, offsets=tuple(best[:n_tensors]))


def max_live_bytes(buffers: Sequence[Lifetime]) -> int:
    """Returns the largest number of bytes that live at the same time."""
    steps = range(max(last for _, _, last in buffers) + 1)
    return max(sum(size for size, first, last in buffers if first <= step <= last) for step in steps)


def _orders(buffers: Sequence[Lifetime]) -> Iterator[list[int]]:
    """Orders of placement: those that tend to do well, then random ones near them."""
    everything = range(len(buffers))
    live = [0] * (max(last for _, _, last in buffers) + 1)
    for size, first, last in buffers:
        for step in range(first, last + 1):
            live[step] += size
    crowd = [max(live[first : last + 1]) for _, first, last in buffers]
    by_crowd = sorted(everything, key=lambda i: (-crowd[i], -buffers[i][0]))
    yield by_crowd
    yield sorted(everything, key=lambda i: (buffers[i][1] - buffers[i][2], -buffers[i][0]))
    yield sorted(everything, key=lambda i: buffers[i][1])
    by_life = sorted(by_crowd, key=lambda i: buffers[i][2] - buffers[i][1] <= LONG_SHARE * len(live))
    rng = random.Random(0)
    for count in itertools.count():
        order = list(by_life if count >= SINGLE_ORDERS and count % 2 else by_crowd)
        for _ in range(rng.randint(1, 2 + len(order) // 4)):
            order.insert(rng.randrange(len(order)), order.pop(rng.randrange(len(order))))
        yield order

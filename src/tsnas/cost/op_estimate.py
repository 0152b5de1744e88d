"""Costs of one operator of a network on a board."""

from __future__ import annotations

import dataclasses

from tsnas.graph.shapes import AnyShape


@dataclasses.dataclass(frozen=True)
class OpEstimate:
    """Costs of one operator.

    Args:
        name: str, name of the node.
        kind: str, kind of operator.
        out_shape: (height, width, channels) of its output.
        params: int, weights and biases.
        macs: int, multiply-accumulates.
        latency_ms: float, its share of the latency.
        latency_margin_ms: float, its margin of error; see `tsnas.cost.latency.OpLatency`.
        latency_source: str, what it is based on: `"measured"`, `"model"`, `"extrapolated"`, `"emulated"`,
            `"calibrated"`, `"compiled"` or `"derived"`.
        ram_bytes: int, bytes of the arena's head that live while it runs, scratch included.
        weight_bytes: int, bytes of its weights and biases in flash.
    """

    name: str
    kind: str
    out_shape: AnyShape
    params: int
    macs: int
    latency_ms: float
    latency_margin_ms: float
    latency_source: str
    ram_bytes: int
    weight_bytes: int

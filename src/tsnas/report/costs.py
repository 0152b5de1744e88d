"""The facts of a report about costs: limits, layers, and the buffers in the arena over time."""

from __future__ import annotations

from typing import Any

from tsnas.cost.board import Board
from tsnas.cost.bounds import UPPER, Limit
from tsnas.cost.estimate import SOURCE_MARKS, SOURCE_TEXTS, Estimate
from tsnas.cost.latency import MODEL
from tsnas.cost.limits import BYTES_PER_KB, Limits
from tsnas.cost.memory import arena_buffers, plan_arena
from tsnas.cost.npu_plan import compile_graph, npu_arena
from tsnas.cost.planner import greedy_offsets
from tsnas.cost.verdicts import NAMES, Judged
from tsnas.data import Signal
from tsnas.export import Firmware, stream
from tsnas.graph.graph import Graph

NO_LIMIT = "no limit"
MODEL_TEXT = "the kernel model, fitted to such operators; the margin is its 95th-percentile error on held-out operators"


def limit_facts(estimate: Estimate, limits: Limits) -> list[dict[str, Any]]:
    """Returns each cost with its limit and the verdict; RAM and flash are limited at least by the board."""
    ram_kb, flash_kb = estimate.board_ram_bytes / BYTES_PER_KB, estimate.board_flash_bytes / BYTES_PER_KB
    rows = [
        _judge("latency_ms", "ms", estimate.latency_ms, limits.max_latency_ms, None, estimate.latency_margin_ms),
        _judge("ram_bytes", "bytes", estimate.ram_bytes, limits.max_ram_kb, ram_kb),
        _judge("flash_bytes", "bytes", estimate.flash_bytes, limits.max_flash_kb, flash_kb),
    ]
    if limits.max_energy_mj is not None or estimate.energy_mj is not None:
        upper = estimate.energy_mj_at(UPPER)
        margin = None if upper is None or estimate.energy_mj is None else upper - estimate.energy_mj
        rows.append(_judge("energy_mj", "mJ", estimate.energy_mj, limits.max_energy_mj, None, margin))
    return rows


def _judge(
    cost: str, unit: str, value: float | None, given: float | None, board: float | None, margin: float | None = None
) -> dict[str, Any]:
    """Returns the facts and the verdict of one limit; limits of values in bytes are given in KB."""
    bounds = [bound for bound in (given, board) if bound is not None]
    asked = Limit(cost, min(bounds)) if bounds else None
    limit = None if asked is None else asked.most
    verdict = NO_LIMIT if asked is None else Judged(asked, value, margin or 0.0).verdict
    used = None if value is None or limit is None else value / limit
    source = None if asked is None else "given" if asked.value == given else "board"
    facts = {"name": NAMES[cost], "unit": unit, "value": value, "limit": limit, "limit_from": source, "used": used}
    return facts | {"margin": margin, "verdict": verdict}


def latency_facts(estimate: Estimate, board: Board) -> dict[str, Any]:
    """Returns the latency with its margin, the error of the latency model, and the latency by source."""
    sources = {}
    for source, mark in SOURCE_MARKS.items():
        rows = [row for row in estimate.rows if row.latency_source == source]
        if rows:
            sources[source] = {
                "mark": mark,
                "operators": len(rows),
                "ms": sum(row.latency_ms for row in rows),
                "margin_ms": sum(row.latency_margin_ms for row in rows),
                "meaning": MODEL_TEXT if source == MODEL else SOURCE_TEXTS[source],
            }
    return {
        "ms": estimate.latency_ms,
        "margin_ms": estimate.latency_margin_ms,
        "model_error_median": estimate.latency_error_median,
        "model_error_p95": estimate.latency_error_p95,
        "model_error_operators": board.latency_error.n_ops,
        "model_error_of": estimate.latency_error_of,
        "model_error_split": board.latency_error.split,
        "sources": sources,
    }


def layer_facts(estimate: Estimate, graph: Graph) -> list[dict[str, Any]]:
    """Returns the operators in execution order, with the properties and costs of each."""
    layers = []
    for row, node in zip(estimate.rows, graph.nodes, strict=True):
        op = node.op
        kernel = [op.kernel_h, op.kernel_w] if hasattr(op, "kernel_h") and hasattr(op, "kernel_w") else None
        stride = [op.stride_h, op.stride_w] if hasattr(op, "stride_h") and hasattr(op, "stride_w") else None
        dilation = [op.dilation_h, op.dilation_w] if hasattr(op, "dilation_h") and hasattr(op, "dilation_w") else None
        layers.append(
            {
                "name": row.name,
                "kind": row.kind,
                "kernel": kernel,
                # Only dilated layers have the key.
                **({"dilation": dilation} if dilation not in (None, [1, 1]) else {}),
                "stride": stride,
                "output": list(row.out_shape),
                "params": row.params,
                "macs": row.macs,
                "latency_ms": row.latency_ms,
                "latency_margin_ms": row.latency_margin_ms,
                "latency_source": row.latency_source,
                "ram_bytes": row.ram_bytes,
                "weight_bytes": row.weight_bytes,
            }
        )
    return layers


def memory_facts(graph: Graph, board: Board, tflite: bytes) -> dict[str, Any]:
    """Returns every buffer of the arena with its offset and lifetime, and the live buffers for each operator."""
    if board.npu is not None:
        return _npu_memory_facts(graph, board, tflite)
    plan = plan_arena(graph, board.runtime, mve=board.mve)
    buffers = arena_buffers(graph, board.runtime.alignment, scratch=True, mve=board.mve)
    offsets = greedy_offsets([buffer.lifetime for buffer in buffers], graph.offsets or ())
    tensors = graph.tensor_bytes()
    inputs = graph.inputs()
    facts = [
        {
            "name": buffer.name,
            "kind": "input" if buffer.name in inputs else "tensor" if buffer.name in tensors else "scratch",
            "bytes": buffer.size,
            "offset": offset,
            "first_step": buffer.lifetime[1],
            "last_step": buffer.lifetime[2],
        }
        for buffer, offset in zip(buffers, offsets, strict=True)
    ]
    return {
        "arena_bytes": plan.arena_bytes,
        "head_bytes": plan.head_bytes,
        "persistent_bytes": plan.tail_bytes,
        "planning_bytes": plan.planning_bytes,
        "places_from_file": graph.offsets is not None,
        "buffers": facts,
        "steps": [
            {
                "operator": node.name,
                "bytes": plan.live_bytes[node.name],
                "live": [buffer.name for buffer in buffers if buffer.lives_at(step)],
            }
            for step, node in enumerate(graph.nodes, start=1)
        ],
    }


def _npu_memory_facts(graph: Graph, board: Board, tflite: bytes) -> dict[str, Any]:
    compiled = compile_graph(graph, board, tflite)
    plan, inputs = npu_arena(graph, board, compiled), graph.inputs()
    tensors = {name for node in graph.nodes for name in node.outputs}
    facts: list[dict[str, Any]] = [
        {
            "name": buffer.name,
            "kind": "input" if buffer.name in inputs else "tensor" if buffer.name in tensors else "scratch",
            "bytes": buffer.n_bytes,
            "offset": buffer.offset,
            "first_step": 0 if buffer.name in inputs else buffer.first_step,
            "last_step": buffer.last_step,
        }
        for buffer in compiled.buffers
    ]
    return {
        "arena_bytes": plan.arena_bytes,
        "head_bytes": plan.head_bytes,
        "persistent_bytes": plan.tail_bytes,
        "planning_bytes": plan.planning_bytes,
        "places_from_file": True,
        "buffers": facts,
        "steps": [
            {
                "operator": node.name,
                "bytes": plan.live_bytes[node.name],
                "live": [fact["name"] for fact in facts if fact["first_step"] <= step <= fact["last_step"]],
            }
            for step, node in enumerate(graph.nodes, start=1)
        ],
    }


def stream_facts(firmware: Firmware, arena_bytes: int, signal: Signal | None = None) -> dict[str, Any]:
    """Returns the RAM that firmware needs for streaming, one int8 window and what smooths: alone and with the arena."""
    time, channels, _ = firmware.graph.input_shape
    decimation = 1 if signal is None else signal.decimation
    buffer_bytes = stream.buffer_bytes(time, channels, decimation, firmware.ring_bytes)
    return {"buffer_bytes": buffer_bytes, "with_arena_bytes": buffer_bytes + arena_bytes}

"""Memory of a network on an NPU, and the costs by which a search adds it up."""

from __future__ import annotations

from tsnas.cost.board import Board, Runtime
from tsnas.cost.bounds import Costs
from tsnas.cost.flash import base_flash_bytes
from tsnas.cost.memory import ArenaPlan, base_planning_bytes, base_tail_bytes
from tsnas.cost.npu import BASE_FILE_BYTES, KEPT_BYTES, Compiled, compile_for
from tsnas.graph.graph import Graph
from tsnas.tflite.graph_writer import graph_file

# Tensors of a compiled file with one input and one output: its commands, its constants, the NPU's memory, and these.
USUAL_TENSORS = 5


def compile_graph(graph: Graph, board: Board, tflite: bytes | None = None) -> Compiled:
    """Compiles a network for the NPU of a board.

    Args:
        graph: `Graph`.
        board: `Board` with an NPU.
        tflite: bytes of its file. Defaults to None: one with random weights is written.

    Returns:
        `Compiled`.

    Raises:
        NpuCompilerError, NpuOpError: see `tsnas.cost.npu.compile_for`.
        UnsupportedOpError: there is no file, and an operator is not in the search space.
    """
    assert board.npu is not None
    return compile_for(board.npu, graph_file(graph) if tflite is None else tflite, len(graph.nodes))


def npu_arena(graph: Graph, board: Board, compiled: Compiled) -> ArenaPlan:
    """Returns the arena of a network on an NPU: Vela's plan of all tensors, and what the interpreter keeps."""
    return ArenaPlan(
        head_bytes=compiled.sram_bytes,
        tail_bytes=_tail_bytes(board.runtime, compiled.n_tensors),
        planning_bytes=base_planning_bytes(len(graph.inputs())),
        preparing_bytes=0,
        offsets={},
        live_bytes={node.name: live for node, live in zip(graph.nodes, compiled.live_bytes, strict=True)},
    )


def base_costs(board: Board) -> Costs:
    """Returns the costs that every network of the search space has on a board before its operators are counted."""
    if board.npu is None:
        return Costs(0.0, float(base_tail_bytes(board.runtime)), float(base_flash_bytes()))
    return Costs(0.0, float(_tail_bytes(board.runtime, USUAL_TENSORS)), float(BASE_FILE_BYTES))


def _tail_bytes(runtime: Runtime, n_tensors: int) -> int:
    return base_tail_bytes(runtime) + n_tensors * runtime.tensor_bytes + KEPT_BYTES

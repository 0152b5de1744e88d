"""Costs of a network on a board: latency, RAM and flash."""

from tsnas.cost.board import Board, board_names, load_board
from tsnas.cost.bounds import Bounds, Costs, Limit
from tsnas.cost.estimate import Estimate, OpEstimate, estimate_graph, estimate_tflite
from tsnas.cost.flash import flash_bytes
from tsnas.cost.latency import graph_cycles, graph_latency_ms, op_cycles, op_latency_ms
from tsnas.cost.limits import Limits
from tsnas.cost.memory import ArenaPlan, plan_arena
from tsnas.graph.graph import Graph, GraphBuilder, Node
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Op, Softmax
from tsnas.tflite.graph_reader import read_graph

__all__ = [
    "Add",
    "ArenaPlan",
    "Board",
    "Bounds",
    "Conv2D",
    "Costs",
    "Estimate",
    "GlobalAveragePooling2D",
    "Graph",
    "GraphBuilder",
    "Limit",
    "Limits",
    "Node",
    "Op",
    "OpEstimate",
    "Softmax",
    "board_names",
    "estimate_graph",
    "estimate_tflite",
    "flash_bytes",
    "graph_cycles",
    "graph_latency_ms",
    "load_board",
    "op_cycles",
    "op_latency_ms",
    "plan_arena",
    "read_graph",
]

"""Rewriting of converted .tflite files: fixes the order of operators and tensors, and drops what boards do not need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tsnas.cost.placement import placed
from tsnas.errors import ModelFileError
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.metadata import add_metadata
from tsnas.tflite.offline_plan import METADATA_NAME, NOT_FIXED, pack_offsets
from tsnas.tflite.parser import parse_model
from tsnas.tflite.writer import pack_model

# By the number of constants: addition and softmax have none, the mean has its axes, a convolution has two.
CONSTANT_ROLES = ((), ("axes",), ("weights", "bias"))


def tidy(tflite: bytes, names: Sequence[str]) -> bytes:
    """Puts the operators in depth-first order, names the tensors after the layers, and drops what is unused.

    The converter orders operators that are ready at the same time alphabetically, so the name of a layer would decide
    how much memory the network needs. Here, the order follows from the network alone: a walk from the output visits the
    inputs of each operator in turn, and an operator runs once its inputs are computed. Tensors are numbered in the same
    order: the input, the outputs of the operators, then weights and biases.

    Args:
        tflite: bytes, a converted model with one subgraph, one input and one output.
        names: sequence of str, names of the operators in that order.

    Returns:
        bytes, the new file.

    Raises:
        ModelFileError: the numbers of operators and names differ.

    Example:
        >>> tflite = tidy(tflite, ["stem", "logits", "pool", "softmax"])
    """
    model = parse_model(tflite)
    graph = model.subgraphs[0]
    operators = _depth_first(graph)
    if len(operators) != len(names):
        raise ModelFileError(
            f"The converted model has {len(operators)} operators for {len(names)} layers ({', '.join(names)}): "
            "a layer was split or merged. A Conv2D may be followed only by BatchNormalization and ReLU."
        )
    order: list[int] = [int(graph.inputs[0])]
    new_names = {order[0]: "input"}
    for operator, name in zip(operators, names, strict=True):
        order.append(int(operator.outputs[0]))
        new_names[order[-1]] = name
    for operator, name in zip(operators, names, strict=True):
        constants = [int(tensor) for tensor in operator.inputs if int(tensor) not in new_names]
        for role, tensor in zip(CONSTANT_ROLES[len(constants)], constants, strict=True):
            order.append(tensor)
            new_names[tensor] = f"{name}/{role}"

    _keep_tensors(model, order, new_names)
    graph.operators = operators
    _keep_operator_codes(model)
    graph.name = model.description = None
    return pack_model(model)


def with_offsets(tflite: bytes) -> bytes:
    """Fixes the place of every tensor in the arena, so that the interpreter leaves no gaps between them.

    Args:
        tflite: bytes, a model as `tidy` returns it: activations come first among its tensors.

    Returns:
        bytes, the same model with metadata that TensorFlow Lite Micro reads and other interpreters ignore.

    Raises:
        ModelFileError, UnsupportedOpError, FloatModelError: see `tsnas.cost.read_graph`.

    Example:
        >>> read_graph(with_offsets(tflite)).offsets
        (0, 1152, 5760, 0)
    """
    offsets = placed(read_graph(tflite)).offsets or ()
    model = parse_model(tflite)
    n_constants = len(model.subgraphs[0].tensors) - len(offsets)
    add_metadata(model, METADATA_NAME, pack_offsets([*offsets, *[NOT_FIXED] * n_constants]))
    return pack_model(model)


def _depth_first(graph: Any) -> list[Any]:
    """Lists the operators of a subgraph in the order of a depth-first walk from its output, inputs first."""
    producers = {int(output): operator for operator in graph.operators for output in operator.outputs}
    ordered: list[Any] = []
    done: set[int] = set()

    def visit(tensor: int) -> None:
        if tensor not in producers or tensor in done:
            return
        done.add(tensor)
        operator = producers[tensor]
        for source in operator.inputs:
            visit(int(source))
        ordered.append(operator)

    visit(int(graph.outputs[0]))
    return ordered


def _keep_tensors(model: Any, order: Sequence[int], names: dict[int, str]) -> None:
    """Renumbers tensors and buffers to `order`, and drops the converter's metadata and signature."""
    graph = model.subgraphs[0]
    new_index = {old: new for new, old in enumerate(order)}
    old_buffers = model.buffers
    # By convention, buffer 0 is empty; activations share it.
    buffers = [schema.BufferT()]
    tensors = []
    for old in order:
        tensor = graph.tensors[old]
        tensor.name = names[old]
        data = old_buffers[tensor.buffer].data
        tensor.buffer = 0
        if data is not None and len(data):
            tensor.buffer = len(buffers)
            buffers.append(schema.BufferT())
            buffers[-1].data = np.asarray(data, dtype=np.uint8)
        tensor.shapeSignature = None
        tensors.append(tensor)
    graph.tensors = tensors
    for operator in graph.operators:
        operator.inputs = np.array([new_index.get(int(i), -1) for i in operator.inputs], dtype=np.int32)
        operator.outputs = np.array([new_index[int(i)] for i in operator.outputs], dtype=np.int32)
    graph.inputs = np.array([new_index[int(i)] for i in graph.inputs], dtype=np.int32)
    graph.outputs = np.array([new_index[int(i)] for i in graph.outputs], dtype=np.int32)
    model.buffers = buffers
    model.metadata = model.metadataBuffer = model.signatureDefs = None


def _keep_operator_codes(model: Any) -> None:
    """Drops operator codes that are no longer used, and puts the others in order of first use."""
    operators = model.subgraphs[0].operators
    used = list(dict.fromkeys(int(operator.opcodeIndex) for operator in operators))
    model.operatorCodes = [model.operatorCodes[index] for index in used]
    for operator in operators:
        operator.opcodeIndex = used.index(int(operator.opcodeIndex))

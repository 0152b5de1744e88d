"""Reads an int8 .tflite model into the graph of its operators, and checks every one of them."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from tsnas.errors import ModelFileError
from tsnas.graph.graph import FileTensors, Graph, Node
from tsnas.graph.shapes import AnyShape
from tsnas.tflite.metadata import metadata_entry
from tsnas.tflite.offline_plan import METADATA_NAME, unpack_offsets
from tsnas.tflite.op_reader import OpReader
from tsnas.tflite.parser import parse_model, read_model_bytes
from tsnas.tflite.scales import check_scales
from tsnas.tflite.tensors import Tensors, indices, unique

_OP_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}


def read_graph(model: bytes | str | os.PathLike[str]) -> Graph:
    """Reads the graph of an int8 .tflite model.

    Args:
        model: the file's bytes, or its path.

    Returns:
        `Graph` of its operators, in the order in which the interpreter runs them. Tensors have their names in the file,
        operators those of the layers that they come from.

    Raises:
        ModelFileError: missing, empty, truncated or not a .tflite file, several subgraphs, or a batch other than 1. A
            batch that only the signature of its shapes leaves open is one of 1, as it is for the interpreter.
        UnsupportedOpError: an operator without a cost model; the message names it and its place.
        FloatModelError: a tensor that is not quantised to int8.

    Example:
        >>> graph = read_graph("model.tflite")
        >>> [node.op.kind for node in graph.nodes]
        ['conv2d', 'conv2d', 'global_average_pooling2d', 'softmax']
    """
    return _checked_graph(model, scales=False)


def check_runnable(model: bytes | str | os.PathLike[str]) -> Graph:
    """Reads an int8 .tflite model, and makes sure that the interpreter, which trusts its input, can run it.

    Args:
        model: the file's bytes, or its path.

    Returns:
        `Graph`, as `read_graph` returns it.

    Raises:
        ModelFileError: as in `read_graph`, or scales and zero points with which no kernel can compute.
        UnsupportedOpError, FloatModelError: as in `read_graph`.
    """
    return _checked_graph(model, scales=True)


def _checked_graph(model: bytes | str | os.PathLike[str], scales: bool) -> Graph:
    content = read_model_bytes(model)
    source = repr(os.fspath(model)) if isinstance(model, (str, os.PathLike)) else f"of {len(content)} bytes"
    return _GraphReader(parse_model(content, source), source).read(scales)


class _GraphReader:
    """Walks through the operators of one parsed model."""

    def __init__(self, model: Any, source: str):
        subgraphs = model.subgraphs or []
        if len(subgraphs) != 1:
            raise ModelFileError(
                f"Model {source} has {len(subgraphs)} subgraphs; it must have exactly 1, without control flow. "
                "Recurrent layers become loops: convert an LSTM for a batch of 1 (a concrete function), unroll a GRU "
                "(unroll=True)."
            )
        self._codes = model.operatorCodes or []
        self._plan = metadata_entry(model, METADATA_NAME)
        self._inputs = indices(subgraphs[0].inputs)
        self._outputs = indices(subgraphs[0].outputs)
        self._operators = subgraphs[0].operators or []
        self._tensors = Tensors(subgraphs[0].tensors or [], model.buffers or [], source)
        self._ops = OpReader(self._tensors, source)

    def read(self, scales: bool) -> Graph:
        if not self._operators or not self._inputs or not self._outputs:
            raise self._tensors.error(
                f"it has {len(self._operators)} operators, {len(self._inputs)} inputs and {len(self._outputs)} "
                "outputs; it must have at least one of each"
            )
        names, known = self._tensors.names, set(self._inputs)
        for tensor in self._inputs:
            self._tensors.check_input(tensor)
        labels, nodes = [], []
        for index, operator in enumerate(self._operators):
            inputs, outputs = indices(operator.inputs), indices(operator.outputs)
            name = self._op_name(operator)
            op, activations = self._ops.read(index, name, operator.builtinOptions, inputs, outputs)
            if scales:
                where = f"operator {index} ({name})"
                check_scales(self._tensors, where, name, operator.builtinOptions, activations, inputs, outputs[0])
            for tensor in outputs:
                self._tensors.check_computed(tensor)
            read = [tensor for tensor in inputs if tensor != -1 and not self._holds(tensor)]
            for tensor in read:
                if tensor not in known:
                    raise self._tensors.error(f"operator {index} reads tensor {names[tensor]!r} before it is computed")
            known.update(outputs)
            labels.append(_layer_name(names[outputs[0]]))
            written = [names[tensor] for tensor in outputs]
            nodes.append((op, tuple(names[t] for t in read), written[0], tuple(written[1:])))
        for tensor in self._outputs:
            if tensor not in known:
                raise self._tensors.error("it has an output that no operator computes")
        graph = Graph(
            input=names[self._inputs[0]],
            input_shape=self._input_shape(),
            nodes=tuple(Node(label, *node) for label, node in zip(unique(labels), nodes, strict=True)),
            output=names[self._outputs[0]],
            more_outputs=tuple(names[tensor] for tensor in self._outputs[1:]),
            file=self._file_tensors(),
        )
        return dataclasses.replace(graph, offsets=self._offsets(graph))

    def _holds(self, tensor: int) -> bool:
        """Whether a tensor has its values from the start: a constant, or a state."""
        return self._tensors.is_constant(tensor) or self._tensors.is_state(tensor)

    def _input_shape(self) -> AnyShape:
        """Shape of the first input: (height, width, channels), those that it lacks being 1, or more axes."""
        shape = self._tensors.plain_shape(self._inputs[0])
        return (*shape[:-1], 1, 1)[:2] + shape[-1:] if len(shape) < 3 else shape

    def _file_tensors(self) -> FileTensors:
        count = len(self._tensors)
        return FileTensors(
            sizes=tuple(
                (self._tensors.names[tensor], self._tensors.byte_size(tensor))
                for tensor in range(count)
                if not self._holds(tensor) and not self._tensors.is_empty(tensor)
            ),
            n_tensors=count,
            inputs=tuple(self._tensors.names[tensor] for tensor in self._inputs),
            state_bytes=tuple(
                self._tensors.byte_size(tensor)
                for tensor in range(count)
                if self._tensors.is_state(tensor) and not self._tensors.is_constant(tensor)
            ),
            scales=tuple(
                tuple(len(self._tensors.quantisation(tensor)[0]) for tensor in indices(operator.inputs) if tensor >= 0)
                for operator in self._operators
            ),
        )

    def _op_name(self, operator: Any) -> str:
        code = self._tensors.item(self._codes, operator.opcodeIndex, "operator code")
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        return _OP_NAMES.get(builtin, f"number {builtin}")

    def _offsets(self, graph: Graph) -> tuple[int, ...] | None:
        """Offset of each tensor of the graph where the file fixes them, else None."""
        if self._plan is None:
            return None
        try:
            offsets = unpack_offsets(self._tensors.data(self._plan.buffer), len(self._tensors))
        except ValueError as error:
            raise self._tensors.error(f"it has a damaged plan of its tensors ({error})") from error
        by_name = dict(zip(self._tensors.names, offsets, strict=True))
        return tuple(by_name[name] for name in graph.tensor_bytes())


def _layer_name(tensor_name: str) -> str:
    """Layer of a converted tensor: `conv2d_3` of `model/re_lu_2/Relu;model/conv2d_3/BiasAdd/ReadVariableOp`."""
    parts = tensor_name.split(";")[-1].split("/")
    names = [part for part in parts[:-1] if part not in ("BiasAdd", "Conv2D")]
    return names[-1] if names else parts[-1]

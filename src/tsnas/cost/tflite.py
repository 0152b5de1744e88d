"""Reads an int8 .tflite model into the graph whose costs are known."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import struct
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from tsnas.cost.graph import Graph, Node
from tsnas.cost.offline_plan import METADATA_NAME, unpack_offsets
from tsnas.cost.ops import Add, Conv2D, GlobalAveragePooling2D, Op, Shape, Softmax
from tsnas.errors import FloatModelError, ModelFileError, UnsupportedOpError

FILE_IDENTIFIER = b"TFL3"
SUPPORTED = "CONV_2D, ADD, MEAN over both spatial axes, SOFTMAX"
EXPORT_HINT = "Export the model with a fixed batch of 1: convert a concrete function whose input shape starts with 1."

_OP_NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
_TYPE_NAMES = {value: name for name, value in vars(schema.TensorType).items() if not name.startswith("_")}
_ACTIVATION_NAMES = {value: name for name, value in vars(schema.ActivationFunctionType).items() if name[0] != "_"}
_PADDINGS = {schema.Padding.SAME: "same", schema.Padding.VALID: "valid"}
_ACTIVATIONS = {
    schema.ActivationFunctionType.NONE: "none",
    schema.ActivationFunctionType.RELU: "relu",
    schema.ActivationFunctionType.RELU6: "relu",
}
# Number of inputs and type of options of each supported operator.
_SIGNATURES = {
    "CONV_2D": (3, schema.Conv2DOptionsT),
    "ADD": (2, schema.AddOptionsT),
    "MEAN": (2, schema.ReducerOptionsT),
    "SOFTMAX": (1, schema.SoftmaxOptionsT),
}


def read_model_bytes(model: bytes | str | os.PathLike[str]) -> bytes:
    """Content of a .tflite model, given as bytes or as a path.

    Raises:
        ModelFileError: the file is missing, unreadable or empty, or `model` is neither bytes nor a path.
    """
    if isinstance(model, (bytes, bytearray, memoryview)):
        return bytes(model)
    if not isinstance(model, (str, os.PathLike)):
        raise ModelFileError(f"model is a {type(model).__name__}; give the bytes of a .tflite file, or its path.")
    try:
        return pathlib.Path(model).read_bytes()
    except OSError as error:
        raise ModelFileError(f"Model {os.fspath(model)!r} cannot be read: {error.strerror}.") from error


def read_graph(model: bytes | str | os.PathLike[str]) -> Graph:
    """Reads an int8 .tflite model.

    Args:
        model: the file's bytes, or its path.

    Returns:
        The `Graph` of its operators, in the order in which the interpreter runs them. Tensors have the names of the
        file; operators those of the layers they come from.

    Raises:
        ModelFileError: missing, empty, truncated or not a .tflite file, several subgraphs, or a batch other than 1.
        UnsupportedOpError: an operator without a cost model; the message names it and its place.
        FloatModelError: a tensor that is not quantised to int8.

    Example:
        >>> graph = read_graph("model.tflite")
        >>> [node.op.kind for node in graph.nodes]
        ['conv2d', 'conv2d', 'global_average_pooling2d', 'softmax']
    """
    content = read_model_bytes(model)
    source = repr(os.fspath(model)) if isinstance(model, (str, os.PathLike)) else f"of {len(content)} bytes"
    return _GraphReader(_parse(content, source), source).read()


def _parse(content: bytes, source: str) -> Any:
    if len(content) < 8:
        raise ModelFileError(f"Model {source} holds {len(content)} bytes; that is no .tflite file. Convert it again.")
    if content[4:8] != FILE_IDENTIFIER:
        raise ModelFileError(
            f"Model {source} is not a .tflite file: bytes 4 to 8 are {content[4:8]!r}, not {FILE_IDENTIFIER!r}."
        )
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
    # What flatbuffers and NumPy raise when an offset or a length points outside the file.
    except (struct.error, IndexError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise ModelFileError(f"Model {source} is truncated or damaged ({error}). Convert it again.") from error
    return model


class _GraphReader:
    """Walks through the operators of one parsed model."""

    def __init__(self, model: Any, source: str):
        self._source = source
        subgraphs = model.subgraphs or []
        if len(subgraphs) != 1:
            raise self._error(f"has {len(subgraphs)} subgraphs; it must have exactly 1, without control flow")
        self._codes = model.operatorCodes or []
        self._buffers = model.buffers or []
        self._metadata = model.metadata or []
        self._tensors = subgraphs[0].tensors or []
        self._inputs = _indices(subgraphs[0].inputs)
        self._outputs = _indices(subgraphs[0].outputs)
        self._operators = subgraphs[0].operators or []
        self._names = _unique([_text(tensor.name) for tensor in self._tensors])

    def _error(self, what: str) -> ModelFileError:
        return ModelFileError(f"Model {self._source} {what}.")

    def read(self) -> Graph:
        if not self._operators or not self._inputs or len(self._outputs) != 1:
            raise self._error(
                f"has {len(self._operators)} operators, {len(self._inputs)} inputs and {len(self._outputs)} outputs; "
                "it must have at least one operator, at least one input and exactly one output"
            )
        known = set(self._inputs)
        labels, nodes = [], []
        for index, operator in enumerate(self._operators):
            op, activations, output = self._read_op(index, operator)
            for tensor in activations:
                if tensor not in known:
                    raise self._error(f"operator {index} reads tensor {self._names[tensor]!r} before it is computed")
            known.add(output)
            labels.append(_layer_name(self._names[output]))
            nodes.append((op, tuple(self._names[t] for t in activations), self._names[output]))
        if self._outputs[0] not in known:
            raise self._error("has an output that no operator computes")
        graph = Graph(
            input=self._names[self._inputs[0]],
            input_shape=self._activation_shape(self._inputs[0]),
            nodes=tuple(Node(label, *node) for label, node in zip(_unique(labels), nodes, strict=True)),
            output=self._names[self._outputs[0]],
        )
        return dataclasses.replace(graph, offsets=self._offsets(graph))

    def _offsets(self, graph: Graph) -> tuple[int, ...] | None:
        """Offset of each tensor of the graph where the file fixes them, else None."""
        entry = next((entry for entry in self._metadata if entry.name == METADATA_NAME), None)
        if entry is None:
            return None
        data = self._item(self._buffers, entry.buffer, "buffer").data
        try:
            offsets = unpack_offsets(b"" if data is None else bytes(data), len(self._tensors))
        except ValueError as error:
            raise self._error(f"has a damaged plan of its tensors ({error})") from error
        by_name = dict(zip(self._names, offsets, strict=True))
        return tuple(by_name[name] for name in graph.tensor_bytes())

    def _read_op(self, index: int, operator: Any) -> tuple[Op, list[int], int]:
        """Descriptor of an operator, the activation tensors that it reads, and the one that it writes."""
        code = self._item(self._codes, operator.opcodeIndex, "operator code")
        builtin = max(code.builtinCode, code.deprecatedBuiltinCode)
        name = _OP_NAMES.get(builtin, f"number {builtin}")
        readers = {"CONV_2D": self._conv2d, "ADD": self._add, "MEAN": self._mean, "SOFTMAX": self._softmax}
        where = f"operator {index} ({name})"
        if name not in readers:
            raise UnsupportedOpError(
                f"Model {self._source}: {where} has no cost model. Supported are {SUPPORTED}; "
                "build the network from layers that convert to these."
            )
        inputs, outputs = _indices(operator.inputs), _indices(operator.outputs)
        n_inputs, options_type = _SIGNATURES[name]
        if not isinstance(operator.builtinOptions, options_type):
            raise self._error(f"{where} lacks its {options_type.__name__.removesuffix('T')}; the file is damaged")
        if len(inputs) != n_inputs or len(outputs) != 1:
            raise self._error(f"{where} has {len(inputs)} inputs and {len(outputs)} outputs, not {n_inputs} and 1")
        for tensor in (*inputs, *outputs):
            self._item(self._tensors, tensor, "tensor")
        op = readers[name](where, operator.builtinOptions, inputs, outputs[0])
        activations = inputs if name == "ADD" else inputs[:1]
        written = self._activation_shape(outputs[0])
        if written != op.out_shape:
            raise self._error(f"{where} writes shape {written}, but its inputs and options give {op.out_shape}")
        return op, activations, outputs[0]

    def _conv2d(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        in_h, in_w, in_c = self._activation_shape(inputs[0])
        out_c, kernel_h, kernel_w, kernel_c = self._constant_shape(inputs[1], 4, "INT8")
        self._constant_shape(inputs[2], 1, "INT32")
        if kernel_c != in_c:
            raise self._unsupported(where, f"has groups: {in_c} input channels, but filters for {kernel_c}")
        if (options.dilationHFactor, options.dilationWFactor) != (1, 1):
            raise self._unsupported(
                where, f"has dilation ({options.dilationHFactor}, {options.dilationWFactor}); only (1, 1) is known"
            )
        if min(options.strideH, options.strideW) < 1 or options.padding not in _PADDINGS:
            raise self._error(f"{where} has strides ({options.strideH}, {options.strideW}), padding {options.padding}")
        return Conv2D(
            in_h,
            in_w,
            in_c,
            out_c,
            kernel_h,
            kernel_w,
            options.strideH,
            options.strideW,
            _PADDINGS[options.padding],
            self._activation(where, options),
        )

    def _add(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        shapes = [self._activation_shape(tensor) for tensor in inputs]
        if shapes[0] != shapes[1]:
            raise self._unsupported(where, f"broadcasts shapes {shapes[0]} and {shapes[1]}; they must be equal")
        self._activation(where, options)
        return Add(*shapes[0])

    def _mean(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        shape = self._activation_shape(inputs[0])
        axes = self._axes(where, inputs[1])
        rank = len(self._tensors[inputs[0]].shape)
        if rank != 4 or {axis % 4 for axis in axes} != {1, 2}:
            raise self._unsupported(
                where, f"averages axes {axes} of {rank} dimensions; only axes [1, 2] of 4 are known"
            )
        return GlobalAveragePooling2D(*shape)

    def _softmax(self, where: str, options: Any, inputs: list[int], output: int) -> Op:
        h, w, c = self._activation_shape(inputs[0])
        if (h, w) != (1, 1):
            raise self._unsupported(where, f"works on shape {(h, w, c)}; only a vector of classes is known")
        return Softmax(c)

    def _activation(self, where: str, options: Any) -> str:
        function = options.fusedActivationFunction
        if function not in _ACTIVATIONS:
            name = _ACTIVATION_NAMES.get(function, f"number {function}")
            raise self._unsupported(where, f"has the fused activation {name}; only NONE, RELU and RELU6 are known")
        return _ACTIVATIONS[function]

    def _unsupported(self, where: str, what: str) -> UnsupportedOpError:
        return UnsupportedOpError(f"Model {self._source}: {where} {what}. Supported are {SUPPORTED}.")

    def _item(self, items: list[Any], index: int, what: str) -> Any:
        if not 0 <= index < len(items):
            raise self._error(f"refers to {what} {index} of {len(items)}; the file is damaged")
        return items[index]

    def _activation_shape(self, index: int) -> Shape:
        """(height, width, channels) of an int8 tensor with a batch of 1."""
        tensor = self._item(self._tensors, index, "tensor")
        self._check_type(index, "INT8")
        shape = _indices(tensor.shape)
        signature = _indices(tensor.shapeSignature) or shape
        if len(shape) not in (2, 4):
            raise self._error(
                f"tensor {self._names[index]!r} has shape {shape}; known are (1, channels) and (1, h, w, c)"
            )
        if signature[0] != 1 or shape[0] != 1:
            batch = "dynamic" if signature[0] == -1 else shape[0]
            raise self._error(f"tensor {self._names[index]!r} has a batch that is {batch}. {EXPORT_HINT[:-1]}")
        if min(shape) < 1 or min(signature) < 1:
            raise self._error(f"tensor {self._names[index]!r} has shape {signature}; all sizes must be fixed")
        return (shape[1], shape[2], shape[3]) if len(shape) == 4 else (1, 1, shape[1])

    def _constant_shape(self, index: int, rank: int, type_name: str) -> list[int]:
        tensor = self._item(self._tensors, index, "tensor")
        self._check_type(index, type_name)
        shape = _indices(tensor.shape)
        if len(shape) != rank or min(shape) < 1:
            raise self._error(f"constant {self._names[index]!r} has shape {shape}; it must have {rank} dimensions")
        return shape

    def _axes(self, where: str, index: int) -> list[int]:
        self._check_type(index, "INT32")
        buffer = self._item(self._buffers, self._tensors[index].buffer, "buffer")
        if buffer.data is None or len(buffer.data) % 4:
            raise self._unsupported(where, "has axes that are not constant")
        return list(struct.unpack(f"<{len(buffer.data) // 4}i", bytes(buffer.data)))

    def _check_type(self, index: int, type_name: str) -> None:
        actual = _TYPE_NAMES.get(self._tensors[index].type, "of an unknown type")
        if actual != type_name:
            raise FloatModelError(
                f"Model {self._source}: tensor {self._names[index]!r} is {actual}, not {type_name}. Convert the model "
                "with full int8 quantisation, inference_input_type=tf.int8 and inference_output_type=tf.int8."
            )


def _indices(values: Any) -> list[int]:
    return [] if values is None else [int(value) for value in values]


def _text(name: bytes | None) -> str:
    return (name or b"").decode("utf-8", errors="replace")


def _unique(names: list[str]) -> list[str]:
    """The names, with the index appended where a name is empty or was there before."""
    seen: set[str] = set()
    unique = []
    for index, name in enumerate(names):
        candidate = name or f"tensor_{index}"
        while candidate in seen:
            candidate = f"{candidate}_{index}"
        seen.add(candidate)
        unique.append(candidate)
    return unique


def _layer_name(tensor_name: str) -> str:
    """Layer of a converted tensor: `conv2d_3` of `model/re_lu_2/Relu;model/conv2d_3/BiasAdd/ReadVariableOp`."""
    parts = tensor_name.split(";")[-1].split("/")
    names = [part for part in parts[:-1] if part not in ("BiasAdd", "Conv2D")]
    return names[-1] if names else parts[-1]

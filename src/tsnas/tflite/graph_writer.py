"""Writes a graph of the search space's operators as an int8 .tflite file with random weights, without a converter."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tsnas.errors import UnsupportedOpError
from tsnas.graph.graph import Graph, Node
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Softmax
from tsnas.tflite.offline_plan import METADATA_NAME, NOT_FIXED, pack_offsets
from tsnas.tflite.writer import pack_model

INT8, INT32 = schema.TensorType.INT8, schema.TensorType.INT32
PADDINGS = {"same": schema.Padding.SAME, "valid": schema.Padding.VALID}
ACTIVATIONS = {"none": schema.ActivationFunctionType.NONE, "relu": schema.ActivationFunctionType.RELU}
OPTIONS: dict[Any, str] = {Conv2D: "Conv2D", Add: "Add", GlobalAveragePooling2D: "Reducer", Softmax: "Softmax"}
CODES: dict[Any, str] = {Conv2D: "CONV_2D", Add: "ADD", GlobalAveragePooling2D: "MEAN", Softmax: "SOFTMAX"}


def graph_file(graph: Graph, seed: int = 0) -> bytes:
    """Writes a graph as an int8 .tflite file with random weights.

    Its predictions are meaningless. Operators, shapes and lengths are those of a converted network, and weights that
    are spread evenly over all int8 values are as hard to compress as weights can be.

    Args:
        graph: `Graph` of convolutions, additions, means over time and channels, and softmax; its offsets, if it has
            any, are kept.
        seed: int, seed of the weights. Defaults to 0.

    Returns:
        bytes of the file.

    Raises:
        UnsupportedOpError: an operator of another kind.

    Example:
        >>> builder = GraphBuilder((64, 6, 1))
        >>> x = builder.add("stem", Conv2D(64, 6, 1, 8, 5, 1), builder.input)
        >>> read_graph(graph_file(builder.build(x))).nodes[0].op.out_c
        8
    """
    return _Writer(graph, np.random.default_rng(seed)).pack()


class _Writer:
    def __init__(self, graph: Graph, rng: np.random.Generator):
        self.graph, self.rng = graph, rng
        self.tensors: list[Any] = []
        self.buffers: list[Any] = [schema.BufferT()]
        self.operators: list[Any] = []
        self.codes: list[Any] = []
        for index, node in enumerate(graph.nodes):
            if type(node.op) not in OPTIONS:
                raise UnsupportedOpError(
                    f"Operator {index} ({node.name!r}) is a {node.op.kind}; tsnas writes files of "
                    f"{', '.join(kind.kind for kind in OPTIONS)} only. Give the .tflite file of the network instead."
                )
        shapes = {graph.input: graph.input_shape}
        for node in graph.nodes:
            shapes |= dict(zip(node.inputs, node.op.in_shapes, strict=True)) | {node.output: node.op.out_shape}
        vectors = {n.output for n in graph.nodes if isinstance(n.op, GlobalAveragePooling2D | Softmax)}
        vectors |= {name for n in graph.nodes if isinstance(n.op, Softmax) for name in n.inputs}
        probabilities = {n.output for n in graph.nodes if isinstance(n.op, Softmax)}
        self.index: dict[str, int] = {}
        for name in graph.tensor_bytes():
            shape = shapes[name][2:] if name in vectors else shapes[name]
            quantization = (1 / 256, -128) if name in probabilities else (0.05, 0)
            self.index[name] = self.add_tensor(name, (1, *shape), INT8, *quantization)
        for node in graph.nodes:
            self.add_operator(node)

    def add_tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: int,
        scale: float | np.ndarray | None = None,
        zero_point: int = 0,
        data: np.ndarray | None = None,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), np.array(shape, np.int32), dtype, 0
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = np.atleast_1d(np.array(scale, np.float32))
            tensor.quantization.zeroPoint = np.full(tensor.quantization.scale.shape, zero_point, np.int64)
        if data is not None:
            tensor.buffer = self.add_buffer(data.tobytes())
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def add_buffer(self, content: bytes) -> int:
        self.buffers.append(schema.BufferT())
        self.buffers[-1].data = np.frombuffer(content, np.uint8)
        return len(self.buffers) - 1

    def add_operator(self, node: Node) -> None:
        op: Any = node.op
        operator = schema.OperatorT()
        inputs = [self.index[name] for name in node.inputs]
        kind = OPTIONS[type(op)]
        options = getattr(schema, f"{kind}OptionsT")()
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, f"{kind}Options")
        if isinstance(op, Conv2D):
            options.strideH, options.strideW, options.padding = op.stride_h, op.stride_w, PADDINGS[op.padding]
            options.dilationHFactor, options.dilationWFactor = op.dilation_h, op.dilation_w
            options.fusedActivationFunction = ACTIVATIONS[op.activation]
            shape, scales = (op.out_c, op.kernel_h, op.kernel_w, op.in_c), np.full(op.out_c, 0.01)
            weights = self.rng.integers(-127, 128, shape).astype(np.int8)
            bias = self.rng.integers(-100, 100, op.out_c).astype(np.int32)
            inputs.append(self.add_tensor(f"{node.name}/weights", shape, INT8, scales, data=weights))
            inputs.append(self.add_tensor(f"{node.name}/bias", bias.shape, INT32, scales * 0.05, data=bias))
            if op.out_c > 1:
                self.tensors[inputs[1]].quantization.quantizedDimension = 0
        if isinstance(op, GlobalAveragePooling2D):
            inputs.append(self.add_tensor(f"{node.name}/axes", (2,), INT32, data=np.array([1, 2], np.int32)))
        if isinstance(op, Softmax):
            options.beta = 1.0
        operator.builtinOptions = options
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([self.index[node.output]], np.int32)
        operator.opcodeIndex = self.code(CODES[type(op)])
        self.operators.append(operator)

    def code(self, name: str) -> int:
        number = getattr(schema.BuiltinOperator, name)
        for index, code in enumerate(self.codes):
            if code.builtinCode == number:
                return index
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = number
        code.version = 1
        self.codes.append(code)
        return len(self.codes) - 1

    def pack(self) -> bytes:
        subgraph, model = schema.SubGraphT(), schema.ModelT()
        subgraph.tensors, subgraph.operators = self.tensors, self.operators
        subgraph.inputs = np.array([self.index[name] for name in self.graph.inputs()], np.int32)
        subgraph.outputs = np.array([self.index[self.graph.output]], np.int32)
        model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [subgraph], self.codes, self.buffers
        if self.graph.offsets is not None:
            entry = schema.MetadataT()
            constants = [NOT_FIXED] * (len(self.tensors) - len(self.graph.offsets))
            entry.name = METADATA_NAME
            entry.buffer = self.add_buffer(pack_offsets([*self.graph.offsets, *constants]))
            model.metadata = [entry]
        return pack_model(model)

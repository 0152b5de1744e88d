"""Files of one operator with quantisation of all kinds, for the kernels of the probe."""

import dataclasses

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from hypothesis import strategies as st

from tsnas.graph.ops import (
    Add,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    FullyConnected,
    GlobalAveragePooling2D,
    MaxPool2D,
    Softmax,
)

INT8, INT32 = schema.TensorType.INT8, schema.TensorType.INT32
PADDINGS = {"same": schema.Padding.SAME, "valid": schema.Padding.VALID}
ACTIVATIONS = {"none": schema.ActivationFunctionType.NONE, "relu": schema.ActivationFunctionType.RELU}
# Class of a descriptor to the name of the operator and of its options.
NAMES = {
    Conv2D: ("CONV_2D", "Conv2DOptions"),
    DepthwiseConv2D: ("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions"),
    FullyConnected: ("FULLY_CONNECTED", "FullyConnectedOptions"),
    MaxPool2D: ("MAX_POOL_2D", "Pool2DOptions"),
    AveragePool2D: ("AVERAGE_POOL_2D", "Pool2DOptions"),
    Add: ("ADD", "AddOptions"),
    GlobalAveragePooling2D: ("MEAN", "ReducerOptions"),
    Softmax: ("SOFTMAX", "SoftmaxOptions"),
}

size, channels, kernel, stride = st.integers(1, 12), st.integers(1, 9), st.integers(1, 5), st.integers(1, 3)
padding, activation = st.sampled_from(["same", "valid"]), st.sampled_from(["none", "relu"])


def fitting(op):
    """Whether the kernel does not span more than what it slides over."""
    if hasattr(op, "pool_h"):
        height, width = op.pool_h, op.pool_w
    else:
        height, width = (op.kernel_h - 1) * op.dilation_h + 1, (op.kernel_w - 1) * op.dilation_w + 1
    return op.padding == "same" or (height <= op.in_h and width <= op.in_w)


# Of ten convolutions about four are not dilated, and some span more than their input.
dilations = st.sampled_from([(1, 1), (1, 1), (2, 1), (1, 2), (3, 2), (4, 1), (16, 1)])


def dilated(convolutions):
    """The same convolutions, of which some are dilated."""
    return st.builds(
        lambda op, dilation: dataclasses.replace(op, dilation_h=dilation[0], dilation_w=dilation[1]),
        convolutions,
        dilations,
    ).filter(fitting)


convs = st.builds(Conv2D, size, size, channels, channels, kernel, kernel, stride, stride, padding, activation)
fast_convs = st.builds(Conv2D, size, size, st.sampled_from([4, 8, 12]), channels, st.just(1), st.just(1))
depthwise = st.builds(
    DepthwiseConv2D, size, size, channels, st.integers(1, 2), kernel, kernel, stride, stride, padding, activation
)
pools = (
    st.builds(kind, size, size, channels, kernel, kernel, stride, stride, padding)
    for kind in (MaxPool2D, AveragePool2D)
)
others = (
    st.builds(FullyConnected, st.integers(1, 40), channels),
    st.builds(Add, size, size, channels),
    st.builds(GlobalAveragePooling2D, size, size, channels),
    st.builds(Softmax, st.integers(2, 20)),
)
ops = st.one_of(dilated(convs), fast_convs, dilated(depthwise), *(pool.filter(fitting) for pool in pools), *others)


def one_op_file(op, seed):
    """The bytes of a .tflite file with one operator, random weights, scales and zero points."""
    rng = np.random.default_rng(seed)
    tensors, buffers, inputs = [], [schema.BufferT()], []

    def tensor(shape, dtype, scale=None, zero_point=0, data=None):
        entry = schema.TensorT()
        entry.name, entry.shape, entry.type, entry.buffer = (
            f"t{len(tensors)}".encode(),
            np.array(shape, np.int32),
            dtype,
            0,
        )
        if scale is not None:
            entry.quantization = schema.QuantizationParametersT()
            entry.quantization.scale = np.atleast_1d(np.array(scale, np.float32))
            entry.quantization.zeroPoint = np.full(entry.quantization.scale.shape, zero_point, np.int64)
        if data is not None:
            entry.buffer = len(buffers)
            buffers.append(schema.BufferT())
            buffers[-1].data = np.frombuffer(data.tobytes(), np.uint8)
        tensors.append(entry)
        return len(tensors) - 1

    def scale():
        return float(np.exp(rng.uniform(np.log(0.003), np.log(0.3))))

    def zero_point():
        return int(rng.integers(-128, 128))

    flat = isinstance(op, FullyConnected | Softmax)
    in_scale, in_zero = scale(), zero_point()
    for _ in op.in_shapes:
        shape = op.in_shapes[0][2:] if flat else op.in_shapes[0]
        inputs.append(tensor((1, *shape), INT8, in_scale, in_zero))
        graph_inputs = list(inputs)
        if isinstance(op, Add):
            in_scale, in_zero = scale(), zero_point()
    out_scale, out_zero = scale(), zero_point()
    if isinstance(op, Softmax):
        out_scale, out_zero = 1 / 256, -128
    if isinstance(op, MaxPool2D | AveragePool2D):
        out_scale, out_zero = in_scale, in_zero
    code, kind = NAMES[type(op)]
    options = getattr(schema, f"{kind}T")()
    if hasattr(op, "weights") and not isinstance(op, FullyConnected):
        deep = isinstance(op, DepthwiseConv2D)
        out_c = op.out_shape[2]
        shape = (1, op.kernel_h, op.kernel_w, out_c) if deep else (out_c, op.kernel_h, op.kernel_w, op.in_c)
        weights = np.array([scale() for _ in range(out_c)])
        inputs.append(tensor(shape, INT8, weights, data=rng.integers(-127, 128, shape).astype(np.int8)))
        tensors[-1].quantization.quantizedDimension = 3 if deep else 0
        bias = rng.integers(-2000, 2000, out_c).astype(np.int32)
        inputs.append(tensor((out_c,), INT32, weights * in_scale, data=bias))
        taps = op.kernel_h * op.kernel_w * (1 if deep else op.in_c)
        out_scale = float(in_scale * weights.mean() * 74 * np.sqrt(taps) * rng.uniform(0.5, 3))
        options.dilationHFactor, options.dilationWFactor = op.dilation_h, op.dilation_w
        if deep:
            options.depthMultiplier = op.depth_multiplier
    if isinstance(op, FullyConnected):
        shape = (op.out_c, op.in_c)
        weight_scale = scale()
        inputs.append(tensor(shape, INT8, weight_scale, data=rng.integers(-127, 128, shape).astype(np.int8)))
        bias = rng.integers(-2000, 2000, op.out_c).astype(np.int32)
        inputs.append(tensor((op.out_c,), INT32, weight_scale * in_scale, data=bias))
        out_scale = float(in_scale * weight_scale * 74 * np.sqrt(op.in_c) * rng.uniform(0.5, 3))
    if isinstance(op, GlobalAveragePooling2D):
        inputs.append(tensor((2,), INT32, data=np.array([1, 2], np.int32)))
    if isinstance(op, Softmax):
        options.beta = 1.0
    if hasattr(op, "padding"):
        options.strideH, options.strideW, options.padding = op.stride_h, op.stride_w, PADDINGS[op.padding]
    if hasattr(op, "pool_h"):
        options.filterHeight, options.filterWidth = op.pool_h, op.pool_w
    if hasattr(options, "fusedActivationFunction"):
        options.fusedActivationFunction = ACTIVATIONS[getattr(op, "activation", "none")]
    output = tensor(
        (1, *(op.out_shape[2:] if flat or isinstance(op, GlobalAveragePooling2D) else op.out_shape)),
        INT8,
        out_scale,
        out_zero,
    )

    operator, opcode, subgraph, model = schema.OperatorT(), schema.OperatorCodeT(), schema.SubGraphT(), schema.ModelT()
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
    operator.builtinOptions, operator.opcodeIndex = options, 0
    operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
    opcode.builtinCode = opcode.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, code)
    opcode.version = 3 if "CONV" in code else 2
    subgraph.tensors, subgraph.operators = tensors, [operator]
    subgraph.inputs, subgraph.outputs = np.array(graph_inputs, np.int32), np.array([output], np.int32)
    model.version, model.subgraphs, model.operatorCodes, model.buffers = 3, [subgraph], [opcode], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())

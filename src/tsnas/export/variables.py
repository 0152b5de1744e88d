"""The variables of the templates of exported sources."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data import delay_of
from tsnas.export.firmware import Firmware
from tsnas.export.imu import MOST_CHANNELS, assign_readings, known_units, placeholders
from tsnas.export.network import build_network
from tsnas.export.rejection_levels import REJECTED
from tsnas.export.selftest import SelfTest
from tsnas.export.stream import buffer_bytes
from tsnas.probe.cores import board_flags
from tsnas.version import __version__

# Versions 4.0.0 and 6.17.0: Mbed CLI refuses names of versions.
CMSIS_NN = "https://github.com/ARM-software/CMSIS-NN/#ca5dc34313be2ee5c46652917c30baac96c52621"
MBED_OS = "https://github.com/ARMmbed/mbed-os/#17dc3dc2e6e2817a8bd3df62f38583319f0e4fed"
# Sources of CMSIS-NN that the layers call, directly or not, in at least one version from 4.0 on.
CMSIS_NN_FILES = (
    "ConvolutionFunctions/arm_convolve_1_x_n_s8.c",
    "ConvolutionFunctions/arm_convolve_1x1_s8.c",
    "ConvolutionFunctions/arm_convolve_1x1_s8_fast.c",
    "ConvolutionFunctions/arm_convolve_get_buffer_sizes_s8.c",
    "ConvolutionFunctions/arm_convolve_s8.c",
    "ConvolutionFunctions/arm_convolve_wrapper_s8.c",
    "ConvolutionFunctions/arm_depthwise_conv_3x3_s8.c",
    "ConvolutionFunctions/arm_depthwise_conv_get_buffer_sizes_s8.c",
    "ConvolutionFunctions/arm_depthwise_conv_s8.c",
    "ConvolutionFunctions/arm_depthwise_conv_s8_opt.c",
    "ConvolutionFunctions/arm_depthwise_conv_wrapper_s8.c",
    "ConvolutionFunctions/arm_nn_mat_mult_kernel_row_offset_s8_s16.c",
    "ConvolutionFunctions/arm_nn_mat_mult_kernel_s8_s16.c",
    "ConvolutionFunctions/arm_nn_mat_mult_s8.c",
    "FullyConnectedFunctions/arm_fully_connected_s8.c",
    "NNSupportFunctions/arm_nn_depthwise_conv_nt_t_padded_s8.c",
    "NNSupportFunctions/arm_nn_depthwise_conv_nt_t_s8.c",
    "NNSupportFunctions/arm_nn_mat_mul_core_1x_s8.c",
    "NNSupportFunctions/arm_nn_mat_mul_core_4x_s8.c",
    "NNSupportFunctions/arm_nn_mat_mult_nt_t_s8.c",
    "NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c",
    "NNSupportFunctions/arm_q7_to_q15_with_offset.c",
    "NNSupportFunctions/arm_s8_to_s16_unordered_with_offset.c",
    "PoolingFunctions/arm_avgpool_get_buffer_sizes_s8.c",
    "PoolingFunctions/arm_avgpool_s8.c",
    "PoolingFunctions/arm_max_pool_s8.c",
    "TransposeFunctions/arm_transpose_s8.c",
)
# Samples that the examples keep while the model computes: those of a stride, within these bounds.
LEAST_QUEUE, MOST_QUEUE = 8, 64
# The method that registers each kind of operator in TensorFlow Lite Micro.
TFLM_OPERATORS = {
    "conv2d": "AddConv2D",
    "depthwise_conv2d": "AddDepthwiseConv2D",
    "fully_connected": "AddFullyConnected",
    "max_pool2d": "AddMaxPool2D",
    "average_pool2d": "AddAveragePool2D",
    "add": "AddAdd",
    "global_average_pooling2d": "AddMean",
    "softmax": "AddSoftmax",
    "reshape": "AddReshape",
    "pad": "AddPad",
}


def collect_variables(
    firmware: Firmware,
    selftest: SelfTest,
    stride: int,
    format: str,
    rate_hz: float | None = None,
    units: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Collects all variables of the templates.

    Args:
        firmware: `Firmware`.
        selftest: `SelfTest`.
        stride: int, samples of the model from one class to the next.
        format: str, name of the format.
        rate_hz: float, raw samples per second. Defaults to None: not known.
        units: units of the raw channels, see `tsnas.export.imu`. Defaults to None: those of the model's
            channels, if it names them.

    Returns:
        dict of the variables.

    Raises:
        ExportError: the format has no kernel for an operator, or the units do not fit.
    """
    time, channels, _ = firmware.model.window_shape
    outputs = firmware.model.predict_int8(firmware.quantise(selftest.windows))
    raw_channels = max(firmware.taken) + 1
    named = firmware.channels
    if units is None and named is not None:
        units = known_units(named.units, raw_channels)
    names = () if named is None else named.names[:raw_channels]
    readings = None if units is None else assign_readings(units, raw_channels, names)
    table = readings or (placeholders(raw_channels) if raw_channels <= MOST_CHANNELS else [])
    facts = {
        "version": __version__,
        "format": format,
        "title": f"Classifier for windows of {time} samples and {channels} channels, {len(firmware.classes)} classes",
        "time": time,
        "channels": channels,
        "classes": firmware.classes,
        "mean": firmware.mean,
        "step": firmware.step,
        "input_zero_point": firmware.model.input_zero_point,
        "output_scale": firmware.model.output_scale,
        "output_zero_point": firmware.model.output_zero_point,
        "tflite": firmware.tflite,
        "model_id": hashlib.sha256(firmware.tflite).hexdigest()[:8],
        "windows": selftest.windows,
        "outputs": outputs.tolist(),
        "output_names": [firmware.classes[i] for i in outputs.argmax(axis=1)],
        "windows_comment": f"The self-test: {selftest.source}; expected outputs from the reference interpreter.",
        "stride": stride,
        "taken": np.array(firmware.taken),
        "raw_channels": raw_channels,
        "channel_names": [] if firmware.channels is None else firmware.channels.texts[:raw_channels],
        "decimation": firmware.decimation,
        "rate_hz": rate_hz,
        "period_ns": None if rate_hz is None else round(1e9 / rate_hz),
        "queue_samples": min(MOST_QUEUE, max(LEAST_QUEUE, stride * firmware.decimation)),
        "most_behind": max(LEAST_QUEUE, stride * firmware.decimation),
        "readings": readings,
        "table": table,
        "sensors": {reading.sensor for reading in table},
        "stream_bytes": buffer_bytes(time, channels, firmware.decimation, firmware.ring_bytes),
        "smooth": firmware.smooth,
        "delay": delay_of(firmware.smooth, stride),
        "delay_ms": None
        if rate_hz is None
        else delay_of(firmware.smooth, 1000 * stride * firmware.decimation / rate_hz),
        "rejection": firmware.rejection_levels,
        "rejected": REJECTED,
        "rejected_share": 0.0 if firmware.rejection is None else firmware.rejection.rejected,
        "answers": np.where(firmware.rejects(selftest.windows), REJECTED, outputs.argmax(axis=1)).tolist(),
        "board": firmware.board.name,
        "estimate": firmware.estimate,
        "cmsis_nn": CMSIS_NN,
        "cmsis_nn_files": CMSIS_NN_FILES,
        "mbed_os": MBED_OS,
    }
    return facts | (_tflm_variables(firmware) if format == "tflm" else _c_variables(firmware))


def _c_variables(firmware: Firmware) -> dict[str, Any]:
    net = build_network(firmware)
    return {
        "layers": net.layers,
        "arena_bytes": net.arena_bytes,
        "constant_bytes": net.constant_bytes,
        "input_offset": net.input_offset,
        "output_offset": net.output_offset,
        "mve": net.mve,
        "core": firmware.board.core,
        "core_flags": board_flags(firmware.board.core),
        "arena_comment": "RAM of the model: all activations and scratch buffers. There is no interpreter.",
    }


def _tflm_variables(firmware: Firmware) -> dict[str, Any]:
    kinds = dict.fromkeys(node.op.kind for node in firmware.graph.nodes)
    runtime, n_convs = firmware.board.runtime, sum(node.op.kind == "conv2d" for node in firmware.graph.nodes)
    slack = runtime.slack_bytes + n_convs * runtime.conv2d_slack_bytes
    arena_bytes = -(-firmware.estimate.ram_bytes // 16) * 16
    return {
        "operators": [TFLM_OPERATORS[kind] for kind in kinds],
        "arena_bytes": arena_bytes,
        "arena_comment": f"Tensor arena, as estimated for {firmware.board.name}: activations, scratch buffers of "
        f"CMSIS-NN and the interpreter's own records. {slack} bytes of it are a margin for other versions of "
        "TensorFlow Lite Micro. If tsnas_init() returns 2, your version needs more. Do not make it as small as "
        "arena_used_bytes() of the interpreter says: while it starts, it holds notes of its planner as well, which "
        "decide for very small networks (one used 3,124 bytes and needed 4,112 to start).",
    }

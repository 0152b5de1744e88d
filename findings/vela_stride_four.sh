#!/usr/bin/env bash
# On an Ethos-U55 a convolution over time with stride 4 takes 26 times as long as one with stride 3, or is left to the CPU.
#
# Versions:  ethos-u-vela 5.2.0, tensorflow 2.21.0, tf_keras 2.21.0
# Expected:  a stride of 4 computes a quarter less than one of 3 and is a quarter cheaper; or, as Vela's list of operators bounds
#            strides by 3, it is left to the CPU.
# Seen (2026-11-30): without padding, Vela takes the layer apart into one operator of the NPU for each sample of its output, 32 for
#            129 samples, whose 32,502 cycles are 26 times the 1,252 of stride 3. With `padding="same"`, as soon as a single sample
#            is padded, the CPU keeps it: kernels of 4 are cut into 32 operators, kernels of 5 are not. Vela says neither; the
#            number of operators is in its summary alone.
# It matters because a first stride of 4 is the usual way to make a network over long windows of sensor data cheap.
source "$(dirname "$0")/environment"
install tensorflow==2.21.0 tf_keras==2.21.0 keras==3.15.1 numpy==2.4.6 ethos-u-vela==5.2.0
observe <<'PYTHON'
import csv
import pathlib
import subprocess
import sys

import numpy as np
import tensorflow as tf
import tf_keras as keras


def compiled(samples, kernel, stride, padding):
    """Operators of the NPU, and its cycles."""
    keras.utils.set_random_seed(0)
    layer = keras.layers.Conv2D(16, (kernel, 1), strides=(stride, 1), padding=padding)
    model = keras.Sequential([keras.Input((samples, 1, 8), batch_size=1), layer])
    random = np.random.default_rng(0)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([random.normal(size=(1, samples, 1, 8)).astype("f")] for _ in range(4))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    pathlib.Path("net.tflite").write_bytes(converter.convert())
    command = ["net.tflite", "--accelerator-config=ethos-u55-128", "--output-dir=out"]
    vela = pathlib.Path(sys.executable).parent / "vela"
    said = subprocess.run([vela, *command], check=True, capture_output=True, text=True).stdout
    on_npu = next(int(line.split()[3]) for line in said.splitlines() if line.startswith("NPU operators"))
    (summary,) = pathlib.Path("out").glob("net_summary_*.csv")
    with open(summary, newline="") as file:
        cycles = round(float(list(csv.DictReader(file))[-1]["cycles_npu"]))
    print(f"{samples} samples, kernel {kernel}, stride {stride}, {padding}: {on_npu} operators of the NPU, {cycles} cycles")
    return on_npu, cycles


three, four = compiled(129, 5, 3, "valid"), compiled(129, 5, 4, "valid")
even, padded = compiled(128, 4, 4, "same"), compiled(128, 5, 4, "same")
as_seen = (three[0], four[0], even[0], padded[0]) == (1, 32, 32, 0) and four[1] > 20 * three[1]
sys.exit(not as_seen)
PYTHON

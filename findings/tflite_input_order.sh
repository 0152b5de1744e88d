#!/usr/bin/env bash
# The inputs of a .tflite file are in the order of their names, its outputs in yet another order, not in that of the model.
#
# Versions:  tensorflow 2.21.0, tf_keras 2.21.0, keras 3.15.1, tflite-micro 0.dev20261023182759
# Expected:  inputs and outputs in the order in which keras.Model(inputs, outputs) lists them.
# Seen (2026-11-28): Model([gyro, acc], [phase, fall, activity]) has acc as input 0 and gyro as input 1 in the file. Its outputs,
#            of 5, 2 and 3 classes, come as 3, 2, 5 with tf_keras and as 2, 5, 3 with Keras 3. Nothing is said about it.
# It matters because TensorFlow Lite Micro knows input(0) and input(1) alone, no names: two sensors of the same shape are
#            swapped in firmware, every size fits, and the classes are wrong.
source "$(dirname "$0")/environment"
install tensorflow==2.21.0 tf_keras==2.21.0 keras==3.15.1 numpy==2.4.6 ai-edge-litert==2.3.0 \
    tflite-micro==0.dev20261023182759 tensorflow-model-optimization==0.8.1
observe <<'PYTHON'
import contextlib
import io
import sys

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from tflite_micro.python.tflite_micro import runtime

SEEN = {"tf_keras": (True, [3, 2, 5]), "keras": (True, [2, 5, 3])}
rng = np.random.default_rng(0)
gyro, acc = (rng.normal(size=(1, 32, 3)).astype(np.float32) for _ in range(2))
as_seen = True
for name, library in (("tf_keras", tf_keras), ("keras", keras)):
    library.utils.set_random_seed(0)
    layers = library.layers
    inputs = [library.Input((32, 3), batch_size=1, name=sensor) for sensor in ("gyro", "acc")]
    both = layers.Concatenate()([layers.Conv1D(4, 3, activation="relu")(sensor) for sensor in inputs])
    mean = layers.GlobalAveragePooling1D()(both)
    outputs = [layers.Dense(n, name=head)(mean) for head, n in (("phase", 5), ("fall", 2), ("activity", 3))]
    model = library.Model(inputs, outputs)
    expected = {answer.shape[-1]: np.array(answer) for answer in model([gyro, acc])}
    with contextlib.redirect_stdout(io.StringIO()):  # Keras 3 prints signatures.
        file = bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    micro = runtime.Interpreter.from_bytes(file)

    def answers(first, second):
        micro.set_input(first, 0)
        micro.set_input(second, 1)
        micro.invoke()
        return [micro.get_output(index) for index in range(3)]

    def right(found):
        return all(np.allclose(answer, expected[answer.shape[-1]], atol=1e-5) for answer in found)

    declared, swapped = answers(gyro, acc), answers(acc, gyro)
    sizes = [answer.shape[-1] for answer in swapped]
    print(f"{name}: gyro first is {'right' if right(declared) else 'wrong'}, acc first is "
          f"{'right' if right(swapped) else 'wrong'}; outputs of {sizes} classes, declared [5, 2, 3]")
    as_seen &= not right(declared) and (right(swapped), sizes) == SEEN[name]
sys.exit(not as_seen)
PYTHON

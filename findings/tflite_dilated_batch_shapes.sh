#!/usr/bin/env bash
# A dilated convolution over time, converted with an open batch, has other shapes in the file than at run time.
#
# Versions:  tensorflow 2.21.0, tf_keras 2.21.0
# Expected:  -1 of a shape signature is the batch, so for one window the shapes stored in the file are those of a run, and a dilated
#            `Conv1D` is one CONV_2D between reshapes, as with a batch of 1.
# Seen (2026-11-29): the converter takes the layer apart into SPACE_TO_BATCH_ND, CONV_2D and BATCH_TO_SPACE_ND, whose inner tensors
#            have `dilation` times the batch. The file stores 1 for them: four tensors have twice the stored elements at run time.
#            The desktop's interpreter computes shapes anew and is right. With a batch of 1, no shape differs.
# It matters because interpreters on microcontrollers, and whoever plans their memory, take shapes from the file.
source "$(dirname "$0")/environment"
install tensorflow==2.21.0 tf_keras==2.21.0 keras==3.15.1 numpy==2.4.6
observe <<'PYTHON'
import sys

import numpy as np
import tensorflow as tf
import tf_keras as keras


def differing(batch):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Conv1D(8, 3, dilation_rate=2, padding="same", input_shape=(64, 2))])
    function = tf.function(model).get_concrete_function(tf.TensorSpec((batch, 64, 2), tf.float32))
    content = tf.lite.TFLiteConverter.from_concrete_functions([function], model).convert()
    interpreter = tf.lite.Interpreter(
        model_content=content,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    stored = {detail["index"]: tuple(map(int, detail["shape"])) for detail in interpreter.get_tensor_details()}
    interpreter.allocate_tensors()
    window = np.random.default_rng(0).normal(size=(1, 64, 2)).astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], window)
    interpreter.invoke()
    answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    error = float(np.abs(answer - model(window)).max())
    found = []
    for detail in interpreter.get_tensor_details():
        shape = tuple(map(int, detail["shape"]))
        if stored.get(detail["index"], shape) != shape:
            found.append((stored[detail["index"]], shape))
    print(f"batch {batch}: {len(found)} tensors differ, largest error {error:.1e}")
    for pair in found:
        print("  stored", *pair[:1], "at run time", *pair[1:])
    return found, error < 1e-5


opened, fixed = differing(None), differing(1)
twice = all(np.prod(run) == 2 * np.prod(stored) for stored, run in opened[0])
sys.exit(not (len(opened[0]) == 4 and twice and not fixed[0] and opened[1] and fixed[1]))
PYTHON

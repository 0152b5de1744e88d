#!/usr/bin/env bash
# Dynamic-range quantisation does not touch a network of microcontroller size.
#
# Versions:  tensorflow 2.21.0, keras 3.15.1, ai-edge-litert 2.3.0
# Expected:  with optimizations=[tf.lite.Optimize.DEFAULT] and no representative data set, the weights become int8 and the
#            file about a quarter of the size, whatever the network.
# Seen (2026-11-28): weights of less than 1,024 elements stay float32. A classifier of 835 parameters in three layers is converted
#            to a file of exactly the same length as without optimisation, all of it float32, without a warning. With 64 filters
#            in each convolution the second one, of 20,480 weights, becomes int8 and the file shrinks to a third; the first
#            one, of 960, and the Dense layer, of 192, stay float32 there too.
# It matters because the file looks as if it had been quantised, its accuracy "survives quantisation", and flash is planned with
#            a quarter of what it takes.
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
from ai_edge_litert.interpreter import Interpreter

as_seen = True
for filters, quantised in (((8, 16), False), ((64, 64), True)):
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Conv1D(n, 5, activation="relu") for n in filters]
    layers += [keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((32, 3), batch_size=1), *layers])
    files = []
    for optimizations in ([], [tf.lite.Optimize.DEFAULT]):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = optimizations
        with contextlib.redirect_stdout(io.StringIO()):  # Keras 3 prints signatures.
            files.append(bytes(converter.convert()))
    interpreter = Interpreter(model_content=files[1])
    interpreter.allocate_tensors()
    int8 = sum(tensor["dtype"] is np.int8 for tensor in interpreter.get_tensor_details())
    sizes = [len(file) for file in files]
    print(f"{model.count_params():,} parameters: {sizes[0]:,} bytes in float, {sizes[1]:,} optimised, {int8} int8 tensors")
    as_seen &= (int8 > 0, sizes[1] < 0.5 * sizes[0]) == (quantised, quantised)
    as_seen &= quantised or sizes[0] == sizes[1]
sys.exit(not as_seen)
PYTHON

"""Small int8 .tflite files for the tests of tsnas.cost, converted from Keras with random weights."""

import random

import flatbuffers
import numpy as np
import tensorflow as tf
import tf_keras as keras
from ai_edge_litert import schema_py_generated as schema

layers = keras.layers


def conv(x, filters, kernel, strides=(1, 1), padding="same", relu=True):
    x = layers.Conv2D(filters, kernel, strides, padding=padding, bias_initializer="random_normal")(x)
    return layers.ReLU()(x) if relu else x


def classify(x, classes=5):
    x = layers.GlobalAveragePooling2D()(conv(x, classes, 1, relu=False))
    return layers.Softmax()(x)


def residual_network():
    """Branches of two lengths, a fusion of the sensors with a skip convolution, an identity shortcut."""
    x = inputs = layers.Input((32, 6, 1))
    x = conv(x, 4, (3, 1), (2, 1))
    x = layers.Add()([conv(x, 8, (3, 1)), conv(x, 8, (7, 1))])
    x = layers.Add()([conv(x, 12, (1, 6), (1, 6)), conv(x, 12, (1, 1), (1, 6))])
    x = layers.Add()([x, conv(x, 12, (5, 1))])
    return keras.Model(inputs, classify(x))


def deep_narrow_network():
    """Many operators on tensors of 64 bytes."""
    x = inputs = layers.Input((16, 1, 1))
    for _ in range(16):
        x = conv(x, 4, (3, 1))
    return keras.Model(inputs, classify(x))


def random_network(seed):
    """A random chain of convolutions with shortcuts over one to three of them."""
    rng = random.Random(seed)
    x = inputs = layers.Input((rng.choice([15, 24, 32]), rng.choice([1, 3, 6]), rng.choice([1, 2, 4])))
    for _ in range(rng.randint(1, 3)):
        x = shortcut = conv(x, rng.choice([3, 4, 8, 16]), (rng.choice([3, 5]), 1), (rng.choice([1, 2]), 1))
        for _ in range(rng.randint(0, 3)):
            x = conv(x, shortcut.shape[-1], (rng.choice([1, 3, 7]), 1))
        if x is not shortcut:
            x = layers.Add()([shortcut, x])
    return keras.Model(inputs, classify(x))


def convert(model, int8=True, batch=1):
    """The .tflite file of a Keras model, post-training quantised on random windows."""
    shape = model.input_shape[1:]

    def windows():
        rng = np.random.default_rng(0)
        for _ in range(4):
            yield [rng.standard_normal((batch or 1, *shape)).astype(np.float32)]

    function = tf.function(lambda x: model(x, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec((batch, *shape), tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = windows
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def edited(tflite, edit):
    """The file after `edit(model)` changed its `ModelT`."""
    model = schema.ModelT.InitFromPackedBuf(tflite, 0)
    edit(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def depthwise_network():
    """Depthwise-separable convolutions behind an explicit padding, as MobileNet has them."""
    x = inputs = layers.Input((32, 6, 1))
    x = conv(x, 8, (3, 1), (2, 1))
    x = layers.ZeroPadding2D(((1, 2), (0, 1)))(x)
    x = layers.DepthwiseConv2D((4, 1), (2, 1), padding="valid", bias_initializer="random_normal")(x)
    x = conv(layers.ReLU()(x), 12, 1)
    x = layers.DepthwiseConv2D((3, 3), padding="same", depth_multiplier=2, bias_initializer="random_normal")(x)
    return keras.Model(inputs, classify(layers.ReLU()(x)))


def pooling_network():
    """Maximum and average pooling, then dense layers on the flattened values, as LeNet has them."""
    x = inputs = layers.Input((32, 6, 2))
    x = layers.MaxPooling2D((2, 1))(conv(x, 6, (5, 1)))
    x = layers.AveragePooling2D((2, 2), padding="same")(conv(x, 9, (3, 1)))
    x = layers.Dense(16, "relu", bias_initializer="random_normal")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(5, "softmax", bias_initializer="random_normal")(x))

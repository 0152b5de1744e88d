"""Small int8 models as people bring them: of many layers, ranks, inputs and outputs, and of several ways to convert."""

import functools

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.cost.board_parts import Runtime

layers = keras.layers
# The interpreter of the tflite_micro package, with pointers of 64 bits.
PC_RUNTIME = Runtime(
    alignment=16,
    base_bytes=720,
    extra_input_bytes=96,
    tensor_bytes=24,
    slack_bytes=32,
    conv2d_slack_bytes=0,
    op_bytes={},
)


def sequential(shape, *rest):
    return keras.Sequential([layers.Input(shape), *rest])


def functional(shape, head):
    inputs = layers.Input(shape)
    return keras.Model(inputs, head(inputs))


def conv1d(filters=4, kernel=3, **options):
    return layers.Conv1D(filters, kernel, **options)


def conv2d(filters=4, kernel=3, **options):
    return layers.Conv2D(filters, kernel, **options)


def tensor_op(function):
    return layers.Lambda(function)


def classify(x):
    return layers.Dense(3, "softmax")(layers.Flatten()(x))


def excited(x):
    """A block of squeeze and excitation."""
    x = conv2d(8)(x)
    weights = layers.Reshape((1, 1, 8))(layers.Dense(8, "sigmoid")(layers.GlobalAveragePooling2D()(x)))
    return layers.GlobalAveragePooling2D()(layers.Multiply()([x, weights]))


def hard_swish(x):
    x = conv2d(8)(x)
    return layers.GlobalAveragePooling2D()(x * tf.nn.relu6(x + 3.0) / 6.0)


def two_outputs(x):
    x = layers.Flatten()(conv1d()(x))
    return [layers.Dense(3, "softmax")(x), layers.Dense(1, "sigmoid")(x)]


def two_inputs():
    series, facts = layers.Input((32, 3)), layers.Input((16,))
    x = layers.Concatenate()([layers.Flatten()(conv1d()(series)), layers.Dense(8)(facts)])
    return keras.Model([series, facts], layers.Dense(3, "softmax")(x))


def branches(x):
    return classify(layers.Concatenate()([conv2d(kernel=(k, 1), padding="same")(x) for k in (3, 5)]))


def mobile():
    rest = []
    for filters in (16, 32, 64, 128):
        rest += [layers.DepthwiseConv2D((3, 1), (2, 1), padding="same", activation="relu6")]
        rest += [conv2d(filters, 1, activation="relu6")]
    first = conv2d(8, (3, 1), strides=(2, 1), activation="relu6")
    return sequential((96, 1, 3), first, *rest, layers.GlobalAveragePooling2D(), layers.Dense(5, "softmax"))


# Name: (network, how it is converted).
MODELS = {
    "plain": (
        lambda: sequential(
            (64, 3, 1), conv2d(8, (5, 1), strides=(4, 1)), layers.GlobalAveragePooling2D(), layers.Dense(3, "softmax")
        ),
        {},
    ),
    "dense": (lambda: sequential((64,), layers.Dense(256, "relu"), layers.Dense(3, "softmax")), {}),
    "dense_per_tensor": (
        lambda: sequential((64,), layers.Dense(256, "relu"), layers.Dense(3, "softmax")),
        {"per_tensor": True},
    ),
    "conv1d": (
        lambda: sequential(
            (32, 3),
            conv1d(8, 5, activation="relu"),
            layers.MaxPool1D(2),
            conv1d(16, activation="relu"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3, "softmax"),
        ),
        {},
    ),
    "activations": (
        lambda: sequential(
            (16, 8),
            conv1d(8, activation="tanh"),
            conv1d(8),
            layers.LeakyReLU(0.2),
            conv1d(8, activation="sigmoid"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1, "sigmoid"),
        ),
        {},
    ),
    "branches": (lambda: functional((32, 6, 1), branches), {}),
    "excited": (lambda: functional((32, 6, 8), excited), {}),
    "pieces": (
        lambda: functional(
            (16, 4, 4),
            lambda x: layers.Subtract()([conv2d(kernel=2)(p) for p in tensor_op(lambda t: tf.split(t, 2, axis=3))(x)]),
        ),
        {},
    ),
    "moved": (
        lambda: functional(
            (16, 4, 3),
            lambda x: conv2d(kernel=2)(
                tensor_op(lambda t: tf.pad(t[:, :, 2:-2:2], ((0, 0), (1, 1), (0, 0), (1, 0)), constant_values=-1.0))(
                    layers.Permute((2, 1, 3))(x)
                )
            ),
        ),
        {},
    ),
    "reduced": (
        lambda: functional(
            (16, 4, 4),
            lambda x: classify(
                layers.Concatenate()(
                    [
                        tensor_op(lambda t: tf.reduce_mean(t, axis=-1))(x),
                        tensor_op(lambda t: tf.reduce_max(t, axis=2))(x),
                    ]
                )
            ),
        ),
        {},
    ),
    "two_outputs": (lambda: functional((32, 3), two_outputs), {"io": "uint8"}),
    "lstm": (lambda: sequential((16, 3), layers.LSTM(8), layers.Dense(3, "softmax")), {"batch": 1}),
    # All others are read by the long variants of the tests.
    "hard_swish": (lambda: functional((16, 8, 4), hard_swish), {}),
    "two_inputs": (two_inputs, {"batch": 1}),
    "float_border": (
        lambda: sequential((32, 3), conv1d(8, 5), layers.Flatten(), layers.Dense(3, "softmax")),
        {"io": "float32"},
    ),
    "dense_large": (
        lambda: sequential((128,), layers.Dense(1024, "relu"), layers.Dense(512, "relu"), layers.Dense(10, "softmax")),
        {},
    ),
    "subtracted": (lambda: functional((32, 8), lambda x: classify(layers.Subtract()([conv1d()(x), conv1d()(x)]))), {}),
    "padded": (lambda: functional((16, 4), lambda x: conv1d()(layers.ZeroPadding1D(2)(x))), {}),
    "reshaped": (lambda: functional((48,), lambda x: classify(conv1d()(layers.Reshape((16, 3))(x)))), {}),
    "dilated": (
        lambda: sequential(
            (64, 3),
            conv1d(8, dilation_rate=4, padding="same", activation="relu"),
            conv1d(8, dilation_rate=2, padding="causal", activation="relu"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3, "softmax"),
        ),
        {"batch": 1},
    ),
    "grouped": (
        lambda: sequential((32, 4, 8), conv2d(8, (3, 1), groups=2, activation="relu"), layers.GlobalAveragePooling2D()),
        {"batch": 1},
    ),
    "depthwise": (
        lambda: sequential(
            (32, 4, 8),
            layers.DepthwiseConv2D(3, activation="relu"),
            conv2d(16, 1, activation="relu"),
            layers.DepthwiseConv2D((3, 1), depth_multiplier=2, padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, "softmax"),
        ),
        {},
    ),
    "separable": (
        lambda: sequential((32, 4), layers.SeparableConv1D(8, 3), layers.GlobalAveragePooling1D(), layers.Dense(3)),
        {},
    ),
    "two_lstms": (
        lambda: sequential((16, 3), layers.LSTM(8, return_sequences=True), layers.LSTM(5), layers.Dense(3, "softmax")),
        {"batch": 1},
    ),
    "gru": (lambda: sequential((8, 3), layers.GRU(4, unroll=True), layers.Dense(3, "softmax")), {"batch": 1}),
    "unrolled_lstm": (
        lambda: sequential((6, 3), layers.LSTM(4, unroll=True), layers.Dense(3, "softmax")),
        {"batch": 1},
    ),
    "normalised": (
        lambda: sequential(
            (32, 4, 1),
            layers.BatchNormalization(),
            conv2d(8),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalMaxPooling2D(),
            layers.Dense(3, "softmax"),
        ),
        {},
    ),
    "rows": (lambda: sequential((8, 6), layers.Dense(5, "relu"), layers.Dense(4), layers.Softmax()), {"batch": 1}),
    "attention": (
        lambda: functional(
            (16, 4), lambda x: classify(layers.Multiply()([x, layers.Softmax(axis=1)(layers.Dense(4)(x))]))
        ),
        {"batch": 1},
    ),
    "kept": (
        lambda: functional((16, 4, 4), lambda x: conv2d(3, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))),
        {},
    ),
    "mean_time": (
        lambda: functional((16, 4, 4), lambda x: classify(tensor_op(lambda t: tf.reduce_mean(t, axis=1))(x))),
        {},
    ),
    "summed": (
        lambda: functional((16, 4, 4), lambda x: classify(tensor_op(lambda t: tf.reduce_sum(t, axis=1))(x))),
        {},
    ),
    "pooled": (
        lambda: sequential(
            (32, 4, 3),
            conv2d(8, activation="relu"),
            layers.AveragePooling2D((2, 1)),
            layers.MaxPool2D((2, 2)),
            layers.Flatten(),
            layers.Dense(8, "relu"),
            layers.Dense(3, "softmax"),
        ),
        {},
    ),
    "mobile": (mobile, {}),
    "wide": (
        lambda: sequential(
            (16, 4), conv1d(256, activation="relu"), conv1d(16, 1), layers.Flatten(), layers.Dense(3, "softmax")
        ),
        {},
    ),
    "constants": (
        lambda: functional(
            (16, 4), lambda x: conv1d(3)(tensor_op(lambda t: t * 2.0 + tf.constant([1.0, 2.0, 3.0, 4.0]))(x))
        ),
        {},
    ),
    "transposed_conv": (lambda: functional((16, 4, 4), lambda x: layers.Conv2DTranspose(4, 3)(x)), {"batch": 1}),
    "enlarged": (lambda: functional((16, 4, 4), lambda x: layers.UpSampling2D(2)(conv2d()(x))), {}),
    "prelu": (
        lambda: sequential((16, 4, 4), conv2d(), layers.PReLU(), layers.GlobalAveragePooling2D(), layers.Dense(3)),
        {},
    ),
    "maxima": (
        lambda: functional((16, 4, 4), lambda x: classify(layers.Maximum()([conv2d()(x), conv2d()(x)]))),
        {},
    ),
}
FAST = tuple(MODELS)[: tuple(MODELS).index("lstm") + 1]


@functools.cache
def foreign(name):
    """The .tflite file of one of these models, with random weights."""
    build, options = MODELS[name]
    keras.utils.set_random_seed(1)
    return convert(build(), **options)


def convert(model, batch=None, io="int8", per_tensor=False, int16=False):
    """Converts as people do: with an open batch if `batch` is None, and all else left to the converter."""
    rng = np.random.default_rng(0)
    for weights in model.weights:
        if "bias" in weights.name:
            weights.assign(0.1 * rng.normal(size=weights.shape))
    shapes = model.input_shape if isinstance(model.input_shape, list) else [model.input_shape]
    sizes = [tuple(shape[1:]) for shape in shapes]
    if batch is None:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
    else:
        specs = [tf.TensorSpec((batch, *size), tf.float32) for size in sizes]
        function = tf.function(lambda *x: model(x if len(x) > 1 else x[0])).get_concrete_function(*specs)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    # The file has the last input of a function first.
    converter.representative_dataset = lambda: (
        [rng.normal(size=(1, *size)).astype(np.float32) for size in reversed(sizes)] for _ in range(8)
    )
    ops = tf.lite.OpsSet
    sixteen = ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    converter.target_spec.supported_ops = [sixteen if int16 else ops.TFLITE_BUILTINS_INT8]
    if io != "float32":
        converter.inference_input_type = converter.inference_output_type = getattr(tf, io)
    converter._experimental_disable_per_channel_quantization_for_dense_layers = per_tensor
    return converter.convert()

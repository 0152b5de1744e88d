"""Conversion of Keras models to fully int8 .tflite files.

By default, the converter (TensorFlow 2.21) sorts operators topologically and breaks ties by the alphabetical order of
the layer names, for quantisation-aware and post-training models alike; neither the order of construction nor that of
the inputs of an Add matters. To keep the memory of a network independent of names, each file is rewritten to run in the
depth-first order of `tsnas.training.core_model.operator_names`, and the place of every tensor is fixed.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.deploy.tidy import tidy, with_offsets
from tsnas.errors import CoreModelError, ModelFileError
from tsnas.system.quiet import redirected
from tsnas.training.core_model import check_core_model, operator_names
from tsnas.training.seed import kept_random_state


def convert_int8(qat_model: keras.Model) -> bytes:
    """Converts a quantisation-aware model to a fully int8 .tflite file for a batch of one window.

    Args:
        qat_model: tf_keras model as `tsnas.training.train.train_quantised` returns it.

    Returns:
        bytes of the .tflite file, with int8 input (1, time, channels, 1) and int8 output (1, classes). The same model
        always gives the same bytes.

    Raises:
        CoreModelError: a model without quantisation ranges, or with layers that the search space does not have.
        ModelFileError: the converter could not turn each layer into one int8 operator.

    Example:
        >>> qat_model = train_quantised(model, x, y, epochs=10, seed=0)
        >>> tflite = convert_int8(qat_model)
    """
    check_core_model(qat_model)
    if not any(isinstance(layer, keras.layers.Wrapper) for layer in qat_model.layers):
        raise CoreModelError(
            f"Model {qat_model.name!r} has no quantisation ranges; train it with train_quantised first, "
            "or use untrained_int8 for a file that only shows its costs."
        )
    return _convert(qat_model, calibration_windows=None)


def untrained_int8(core_model: keras.Model) -> bytes:
    """Converts an untrained model to an int8 .tflite file with the operators and size of the final one.

    Its weights are random and its predictions meaningless. Its latency, RAM and flash are those of the trained file, up
    to a few bytes of metadata.

    Args:
        core_model: plain tf_keras model; it is not changed.

    Returns:
        bytes of the .tflite file; the same structure always gives the same bytes.

    Raises:
        CoreModelError: a model with layers that the search space does not have.
        ModelFileError: the converter could not turn each layer into one int8 operator.

    Example:
        >>> len(untrained_int8(architecture.build()))
        65056
    """
    check_core_model(core_model)
    rng = np.random.default_rng(0)
    # All values are random, because equal ones, such as biases of zero, would be stored only once.
    with kept_random_state():
        stand_in = keras.models.clone_model(core_model)
    stand_in.set_weights([rng.uniform(0.5, 1.5, weight.shape) for weight in core_model.get_weights()])
    windows = rng.standard_normal((1, 1, *core_model.input_shape[1:])).astype(np.float32)
    return _convert(stand_in, calibration_windows=windows)


def plain_int8(model: keras.Model, windows: np.ndarray) -> bytes:
    """Converts any small Keras model to an int8 .tflite file, with one scale for the weights of each Dense layer.

    Args:
        model: tf_keras model with a single input and output.
        windows: float32 array (windows, 1, ...) of inputs, from which activation ranges are taken.

    Returns:
        bytes of the .tflite file.

    Raises:
        ModelFileError: the converter could not turn each layer into one int8 operator.
    """
    return _converted(model, windows, dense_per_channel=False)


def _convert(model: keras.Model, calibration_windows: np.ndarray | None) -> bytes:
    return with_offsets(tidy(_converted(model, calibration_windows), operator_names(model)))


def _converted(model: keras.Model, calibration_windows: np.ndarray | None, dense_per_channel: bool = True) -> bytes:
    @tf.function(input_signature=[tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)], autograph=False)
    def classify(window: tf.Tensor) -> tf.Tensor:
        return model(window, training=False)

    try:
        with _silenced():
            function = classify.get_concrete_function()
            # For any other object, the converter saves its variables with the function and loads them again, which
            # takes longer than all the rest.
            converter = tf.lite.TFLiteConverter.from_concrete_functions([function], function)
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.inference_input_type = converter.inference_output_type = tf.int8
            # Kernels of single operators know one scale for all weights of a Dense layer.
            converter._experimental_disable_per_channel_quantization_for_dense_layers = not dense_per_channel
            if calibration_windows is not None:
                converter.representative_dataset = lambda: ([window] for window in calibration_windows)
            return bytes(converter.convert())
    except Exception as error:
        # The converter raises many types; callers get a single one.
        raise ModelFileError(f"The TFLite converter rejected model {model.name!r}: {error}") from error


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Suppresses the converter's messages on stdout and stderr, its warnings, and its logs below errors."""
    loggers = [logging.getLogger(name) for name in ("tensorflow", "absl")]
    levels = [logger.level for logger in loggers]
    with redirected(sys.stdout, 1), redirected(sys.stderr, 2), warnings.catch_warnings():
        # It misses what quantisation-aware models need not have; a notebook would show it in red.
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)

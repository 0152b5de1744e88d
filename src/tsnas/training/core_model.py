"""Reads the plain Keras model that is trained and converted: lists its operators in the order in which they run."""

from __future__ import annotations

from typing import Any

import tf_keras as keras

from tsnas.errors import CoreModelError

# Layers that become operators of the .tflite file, and layers that are folded into one or disappear.
OPERATOR_LAYERS = ("Conv2D", "Add", "GlobalAveragePooling2D", "Softmax")
FOLDED_LAYERS = ("InputLayer", "BatchNormalization", "ReLU", "Dropout", "QuantizeLayer")


def unwrapped(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Returns the layer inside tfmot's quantisation wrapper, or the layer itself."""
    return layer.layer if isinstance(layer, keras.layers.Wrapper) else layer


def origin(tensor: Any) -> tuple[keras.layers.Layer, list[Any]]:
    """Returns the layer that made a symbolic tensor of a functional model, and the tensors that it was made from."""
    layer, node_index, _ = tensor._keras_history
    node = layer._inbound_nodes[node_index]
    return layer, [] if node.is_input else list(node.keras_inputs)


def operator_names(model: keras.Model) -> list[str]:
    """Lists the names of the layers that become operators, in the order in which the .tflite file runs them.

    It is the order of a depth-first walk from the output that visits the inputs of each layer in turn: in
    `Add()([skip, branches])`, the skip convolution runs first.

    Args:
        model: tf_keras functional model with one input and one output, plain or quantisation-aware.

    Returns:
        list of str.

    Raises:
        CoreModelError: the model is not functional, or has other layers, inputs or outputs.

    Example:
        >>> operator_names(model)
        ['stem', 'skip', 'reduce', 'branch_3', 'branch_5', 'sum', 'join', 'logits', 'pool', 'softmax']
    """
    check_core_model(model)
    names: list[str] = []
    done: set[int] = set()

    def visit(tensor: Any) -> None:
        layer, sources = origin(tensor)
        if id(layer) in done:
            return
        done.add(id(layer))
        for source in sources:
            visit(source)
        plain = unwrapped(layer)
        if type(plain).__name__ in OPERATOR_LAYERS:
            names.append(plain.name)

    visit(model.outputs[0])
    return names


def check_core_model(model: keras.Model) -> None:
    """Raises CoreModelError unless `model` can be quantised and converted."""
    if not isinstance(model, keras.Model):
        raise CoreModelError(
            f"Expected a tf_keras.Model, got {type(model).__module__}.{type(model).__name__}; build it with tf_keras, "
            "which is what quantisation-aware training needs."
        )
    if not getattr(model, "_is_graph_network", False) or len(model.inputs) != 1 or len(model.outputs) != 1:
        raise CoreModelError(f"Model {model.name!r} must be a functional model with one input and one output.")
    shape = tuple(model.input_shape[1:])
    if len(shape) != 3 or None in shape or shape[-1] != 1:
        raise CoreModelError(
            f"Model {model.name!r} has input shape {shape}; it must be (time, channels, 1) with fixed sizes."
        )
    for layer in model.layers:
        kind = type(unwrapped(layer)).__name__
        if kind not in OPERATOR_LAYERS + FOLDED_LAYERS:
            raise CoreModelError(
                f"Layer {layer.name!r} is a {kind}; allowed are {', '.join(OPERATOR_LAYERS + FOLDED_LAYERS[:-1])}."
            )
    if type(unwrapped(model.layers[-1])).__name__ != "Softmax":
        raise CoreModelError(
            f"The last layer of model {model.name!r} is {model.layers[-1].name!r}; it must be a Softmax."
        )

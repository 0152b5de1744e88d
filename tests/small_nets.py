"""Small networks of the kind that the search derives, for the tests of training and deployment."""

from __future__ import annotations

import tf_keras as keras

layers = keras.layers


def convolution(x, filters: int, kernel: tuple[int, int], name: str, strides: tuple[int, int] = (1, 1)):
    """Convolution, batch normalisation and ReLU as three layers, as quantisation needs them."""
    x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def small_net(
    time: int = 32,
    channels: int = 3,
    classes: int = 3,
    filters: int = 8,
    cells: int = 1,
    skip_first: bool = True,
    names: tuple[str, str, str] = ("skip", "mid", "branch"),
    stem_filters: int = 4,
) -> keras.Model:
    """A strided stem, cells of branches 3, 5 and 7 with a skip, and a classifier.

    `skip_first` says on which side of the last Add of a cell the skip stands; `names` are those of
    its convolutions.
    """
    skip_name, mid_name, branch_name = names
    window = layers.Input((time, channels, 1), name="window")
    x = convolution(window, stem_filters, (5, 1), "stem", (2, 1))
    for cell in range(cells):
        stride = (1, channels) if cell == 0 else (1, 1)
        mid = convolution(x, filters, (1, channels), f"{mid_name}{cell}", stride)
        skip = convolution(x, filters, (1, 1), f"{skip_name}{cell}", stride)
        branches = [convolution(mid, filters, (k, 1), f"{branch_name}{cell}_{k}") for k in (3, 5, 7)]
        total = branches[0]
        for i, branch in enumerate(branches[1:]):
            total = layers.Add(name=f"sum{cell}_{i}")([total, branch])
        x = layers.Add(name=f"join{cell}")([skip, total] if skip_first else [total, skip])
        x = layers.Dropout(0.1, name=f"dropout{cell}")(x)
    x = layers.Conv2D(classes, (1, 1), name="logits")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(window, layers.Softmax(name="softmax")(x))

"""A kit to calibrate a board: four small models in one sketch that times them and prints a line for each."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib

import numpy as np
import tf_keras as keras

from tsnas.cost.board import load_board
from tsnas.cost.board_parts import core_named
from tsnas.deploy.convert import plain_int8
from tsnas.errors import OutputDirError
from tsnas.export.firmware import Firmware
from tsnas.export.layouts import ARITHMETIC, KERNELS, SOURCES, Files
from tsnas.export.network import build_network
from tsnas.export.render import render
from tsnas.system.files import check_output_dir, write_files
from tsnas.tflite.interpreter import Int8Model
from tsnas.tflite.metadata import embed_metadata
from tsnas.version import __version__

SKETCH = "tsnas_kit"
SEED, WINDOWS = 0, 8
# Inputs are a pattern that the sketch makes as well: each level is so much above the one before it, modulo 256.
STEP = 37
# Any board does: the sources that are made depend on its core alone.
ANY_BOARD, ANY_CORE = "nucleo_f446re", "cortex-m4"


def kit_models() -> list[keras.Model]:
    """Returns the networks of the kit, with random weights.

    Every kind of operator takes a good part of the time of two of them, so that each can be left out and predicted by
    the others; sizes are those of networks for windows of sensor data.
    """
    keras.utils.set_random_seed(SEED)
    layers = keras.layers

    def conv(x, filters, kernel, strides=(1, 1)):
        return layers.ReLU()(layers.Conv2D(filters, kernel, strides, padding="same")(x))

    def depthwise(x, kernel, strides=(1, 1)):
        return layers.ReLU()(layers.DepthwiseConv2D(kernel, strides, padding="same")(x))

    def classified(x, classes, hidden=()):
        # Without a Flatten, whose reshape moves nothing in C.
        x = layers.GlobalAveragePooling2D()(x)
        for width in hidden:
            x = layers.ReLU()(layers.Dense(width)(x))
        return layers.Softmax()(layers.Dense(classes)(x))

    inputs = layers.Input((64, 6, 1))
    x = conv(inputs, 8, (5, 1), (2, 1))
    x = conv(x, 16, (1, 6), (1, 6))
    x = layers.Add()([conv(x, 16, (5, 1)), conv(x, 16, (1, 1))])
    x = layers.Conv2D(6, 1)(x)
    one = keras.Model(inputs, layers.Softmax()(layers.GlobalAveragePooling2D()(x)))

    inputs = layers.Input((64, 3, 1))
    x = conv(inputs, 16, (5, 3), (2, 3))
    x = conv(depthwise(x, (5, 1)), 32, 1)
    x = conv(depthwise(x, (5, 1)), 32, 1)
    x = layers.AveragePooling2D((4, 1))(x)
    two = keras.Model(inputs, classified(x, 5))

    inputs = layers.Input((16, 16, 1))
    x = conv(inputs, 8, (3, 3), (2, 2))
    x = depthwise(x, (3, 3))
    x = layers.MaxPooling2D((2, 2))(x)
    three = keras.Model(inputs, classified(x, 4, (96, 128, 64)))

    inputs = layers.Input((48, 3, 1))
    x = conv(inputs, 12, (7, 1), (2, 1))
    x = layers.Add()([conv(x, 12, (3, 1)), x])
    x = layers.MaxPooling2D((2, 1))(x)
    x = layers.AveragePooling2D((2, 1))(x)
    four = keras.Model(inputs, classified(x, 7, (128, 128)))
    return [one, two, three, four]


def write_kit(directory: str | os.PathLike[str], overwrite: bool = False, core: str = ANY_CORE) -> list[pathlib.Path]:
    """Writes the kit: a sketch for Arduino cores and PlatformIO, and the .tflite files of its models.

    Args:
        directory: path of a folder, created if missing.
        overwrite: bool, whether files of an earlier kit are replaced. Defaults to False.
        core: str, core of the board, which matters if it has MVE: CMSIS-NN then takes more RAM. Defaults to
            `"cortex-m4"`.

    Returns:
        list of the paths written.

    Raises:
        OutputDirError: the folder cannot be written, or has a kit already.

    Example:
        >>> write_kit("kit")[0]
        PosixPath('kit/model_1.tflite')
    """
    folder = check_output_dir(directory)
    sketch = folder / SKETCH / f"{SKETCH}.ino"
    if sketch.exists() and not overwrite:
        raise OutputDirError(f"{str(folder)!r} has a kit already; give another folder, or --overwrite.")
    files: Files = {}
    facts = []
    for number, network in enumerate(kit_models(), 1):
        tflite = _tflite(network)
        name = f"model_{number}"
        files[f"{name}.tflite"] = tflite
        about, source, header = _sources(tflite, name, core)
        facts.append(about)
        files |= {f"{SKETCH}/src/{name}.c": source, f"{SKETCH}/src/{name}.h": header}
    files |= {f"{SKETCH}/src/{name}": (SOURCES / name).read_text() for name in KERNELS + ARITHMETIC}
    files[f"{SKETCH}/src/kit.h"] = render("kit.h.j2", models=facts)
    files[f"{SKETCH}/{SKETCH}.ino"] = render("kit.ino.j2", models=facts, version=__version__, step=STEP)
    files["README.md"] = render("kit_README.md.j2", models=facts, sketch=SKETCH)
    return write_files(folder, files)


def _tflite(network: keras.Model) -> bytes:
    windows = np.random.default_rng(SEED).standard_normal((WINDOWS, 1, *network.input_shape[1:])).astype(np.float32)
    tflite = plain_int8(network, windows)
    width = network.input_shape[2]
    classes = [f"class_{i}" for i in range(network.output_shape[-1])]
    standardization = {"mean": [0.0] * width, "std": [1.0] * width}
    return embed_metadata(tflite, {"classes": classes, "standardization": standardization, "tsnas": __version__})


def _sources(tflite: bytes, name: str, core: str) -> tuple[dict, str, str]:
    """Facts about a model, its source and its header, in which every name begins with its own."""
    board = dataclasses.replace(load_board(ANY_BOARD), core=core_named(core))
    model, net = Int8Model(tflite), build_network(Firmware.of(tflite, board))
    shape = model.window_shape
    size = int(np.prod(shape))
    levels = ((np.arange(1, size + 1) * STEP) % 256).astype(np.uint8).view(np.int8).reshape(1, *shape)
    expected = model.predict_int8(levels)[0]
    facts = {
        "name": name,
        "model_id": hashlib.sha256(tflite).hexdigest()[:8],
        "input_bytes": size,
        "output_bytes": len(expected),
        "expected": expected,
        "arena_bytes": net.arena_bytes,
        "constant_bytes": net.constant_bytes,
    }
    code = render(
        "tsnas_model.c.j2",
        layers=net.layers,
        arena_bytes=net.arena_bytes,
        constant_bytes=net.constant_bytes,
        input_offset=net.input_offset,
        output_offset=net.output_offset,
        mve=net.mve,
    )
    code = code.replace('#include "tsnas.h"', f'#include "{name}.h"')
    return facts, code + render("kit_model.c.j2", **facts), render("kit_model.h.j2", **facts)

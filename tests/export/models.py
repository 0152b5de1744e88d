"""Models for tests of the export: real networks with random weights, and their metadata."""

import functools

import numpy as np
from random_architectures import random_architecture

from tsnas.cost.board import load_board
from tsnas.deploy.convert import untrained_int8
from tsnas.export import Firmware
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.tflite.graph_writer import graph_file
from tsnas.tflite.metadata import embed_metadata

SMALL = Architecture(32, 3, 3, (TimeReduce(3, 8), SensorFusion(16, (3, 5), 8, True, stride=3)))


@functools.cache
def converted(architecture):
    return untrained_int8(architecture.build(seed=0))


def metadata(architecture, classes=None):
    """Names and standardisation such as a search puts into the file."""
    rng = np.random.default_rng(1)
    mean, std = rng.normal(0, 5, architecture.channels), rng.uniform(0.1, 20, architecture.channels)
    names = classes or [f"class {i}" for i in range(architecture.classes)]
    standardization = {"mean": mean.tolist(), "std": std.tolist()}
    return {"classes": names, "standardization": standardization, "board": "nucleo_f446re"}


def firmware(architecture=SMALL, classes=None, signal=None, channels=None):
    """The firmware of an untrained network, of a signal that its windows were taken by, and of names of channels."""
    taken = {} if signal is None else {"signal": signal.to_json()}
    taken |= {} if channels is None else {"channels": channels.to_json()}
    tflite = embed_metadata(converted(architecture), metadata(architecture, classes) | taken)
    return Firmware(tflite, load_board("nucleo_f446re"))


def random_firmware(seed):
    return firmware(random_architecture(seed))


def laid_out_firmware(seed):
    """The firmware of such a network whose file is written, not converted: tensors and operators are the same."""
    architecture = random_architecture(seed)
    return Firmware(
        embed_metadata(graph_file(architecture.graph()), metadata(architecture)), load_board("nucleo_f446re")
    )


def raw_windows(found, count, seed=0):
    """Raw windows of a firmware, some values far outside of what it has seen."""
    time, channels, _ = found.model.window_shape
    noise = np.random.default_rng(seed).standard_t(3, (count, time, channels))
    return (noise * found.standardizer.std + found.standardizer.mean).astype(np.float32)

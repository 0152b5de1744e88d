"""The float network as a .keras file that Keras 3 loads as well as tf_keras, which writes it."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
import zipfile
from typing import Any

import tf_keras as keras

CONFIG = "config.json"


def keras_file(network: keras.Model, name: str) -> bytes:
    """Returns the content of a .keras file of a network.

    Args:
        network: tf_keras model of layers that Keras 3 has too.
        name: str, name of the file, with its suffix.

    Returns:
        bytes; `keras.saving.load_model` of either Keras gives the same network.

    Example:
        >>> path.write_bytes(keras_file(network, "model.keras"))
    """
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, name)
        network.save(path)
        both = pathlib.Path(folder, f"both_{name}")
        with zipfile.ZipFile(path) as written, zipfile.ZipFile(both, "w") as archive:
            for member in written.infolist():
                content = written.read(member)
                if member.filename == CONFIG:
                    content = json.dumps(_for_both(json.loads(content))).encode()
                archive.writestr(member, content)
        return both.read_bytes()


def load_weights(network: keras.Model, content: bytes, name: str, most_bytes: int) -> None:
    """Loads the weights in a .keras file into a network; nothing else of the file is read.

    Args:
        network: tf_keras model.
        content: bytes of the file.
        name: str, name of the file, with its suffix.
        most_bytes: int, the most that the file may unpack to.

    Raises:
        ValueError: the file unpacks to more.
        Exception: whatever the readers of zip and HDF5 files raise.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        pathlib.Path(path).write_bytes(content)
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > most_bytes:
            raise ValueError(f"it unpacks to {unpacked} bytes")
        network.load_weights(path)


def _for_both(value: Any) -> Any:
    """Changes what the configuration calls by names of one Keras alone."""
    if isinstance(value, list):
        return [_for_both(item) for item in value]
    if not isinstance(value, dict):
        return value
    config = {key: _for_both(item) for key, item in value.items()}
    if config.get("class_name") == "Functional":
        # The class is private in both; both make one of a `Model` with layers.
        config |= {"module": "keras", "class_name": "Model", "registered_name": None}
    if config.get("class_name") == "BatchNormalization":
        # Both take a number, tf_keras alone a list of one.
        config["config"]["axis"] = config["config"]["axis"][0]
    return config

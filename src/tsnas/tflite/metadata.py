"""Metadata of a .tflite file, which interpreters ignore: its named entries, and a dictionary as JSON in one of them."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tsnas.errors import ModelFileError
from tsnas.system.files import parse_json
from tsnas.tflite.parser import parse_model
from tsnas.tflite.writer import pack_model

METADATA_NAME = b"tsnas"
# Of a description.
MOST_CHARACTERS = 100


def embed_metadata(tflite: bytes, metadata: dict) -> bytes:
    """Stores a dictionary as JSON inside a .tflite file; interpreters ignore it.

    The names of its classes are the description of the file as well, which tools for .tflite files show.

    Args:
        tflite: bytes of a .tflite file.
        metadata: dict of JSON values, such as the standardisation and the class names. An earlier one is
            replaced.

    Returns:
        bytes of the new file; the same arguments always give the same bytes.

    Raises:
        ModelFileError: bytes that are not a .tflite file, or metadata that is not JSON (NaN included).

    Example:
        >>> tflite = embed_metadata(tflite, {"classes": ["walk", "sit"], "mean": [0.1], "std": [1.2]})
    """
    try:
        text = json.dumps(metadata, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ModelFileError(f"The metadata is not JSON: {error}. Use dict, list, str, finite numbers.") from error
    model = parse_model(tflite)
    model.description = _describe(metadata)
    add_metadata(model, METADATA_NAME, text.encode())
    return pack_model(model)


def _describe(metadata: Any) -> bytes | None:
    """Returns a description of the file, short because it counts as flash; None if no classes are known."""
    classes = metadata.get("classes") if isinstance(metadata, dict) else None
    if not isinstance(classes, list) or not classes:
        return None
    return textwrap.shorten(f"Classes: {', '.join(map(str, classes))}", MOST_CHARACTERS, placeholder=" ...").encode()


def read_metadata(tflite: bytes) -> dict | None:
    """Reads the dictionary that `embed_metadata` stored.

    Args:
        tflite: bytes of a .tflite file.

    Returns:
        dict, or None if the file carries none.

    Raises:
        ModelFileError: bytes that are not a .tflite file, or damaged metadata.

    Example:
        >>> read_metadata(tflite)["classes"]
        ['walk', 'sit']
    """
    model = parse_model(tflite)
    entry = metadata_entry(model, METADATA_NAME)
    if entry is None:
        return None
    try:
        metadata = parse_json(bytes(model.buffers[entry.buffer].data))
    except (ValueError, TypeError, IndexError) as error:
        raise ModelFileError(f"The metadata 'tsnas' in this .tflite file is damaged ({error}).") from error
    return metadata


def add_metadata(model: Any, name: bytes, data: bytes) -> None:
    """Adds an entry of metadata to a parsed model, in the place of an earlier one of that name.

    Args:
        model: `ModelT`; it is changed.
        name: bytes, name of the entry.
        data: bytes, its content.
    """
    entry = metadata_entry(model, name)
    if entry is None:
        entry = schema.MetadataT()
        entry.name, entry.buffer = name, len(model.buffers)
        model.metadata = [*(model.metadata or []), entry]
        model.buffers.append(schema.BufferT())
    model.buffers[entry.buffer].data = np.frombuffer(data, dtype=np.uint8)


def metadata_entry(model: Any, name: bytes) -> Any:
    """Returns the entry of metadata (`MetadataT`) with that name in a `ModelT`, or None."""
    return next((entry for entry in model.metadata or [] if entry.name == name), None)

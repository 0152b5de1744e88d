"""Parses the bytes of a .tflite file into the mutable objects of TFLite's schema."""

from __future__ import annotations

import os
import pathlib
import struct
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from tsnas.errors import ModelFileError

FILE_IDENTIFIER = b"TFL3"


def read_model_bytes(model: bytes | str | os.PathLike[str]) -> bytes:
    """Returns the content of a .tflite model that is given as bytes or as a path.

    Args:
        model: the file's bytes, or its path.

    Returns:
        bytes.

    Raises:
        ModelFileError: the file is missing or unreadable, or `model` is neither bytes nor a path.
    """
    if isinstance(model, (bytes, bytearray, memoryview)):
        return bytes(model)
    if not isinstance(model, (str, os.PathLike)):
        raise ModelFileError(f"model is of type {type(model).__name__}; give the bytes of a .tflite file, or its path.")
    try:
        return pathlib.Path(model).read_bytes()
    except OSError as error:
        raise ModelFileError(f"Model {os.fspath(model)!r} cannot be read: {error.strerror}.") from error


def parse_model(content: bytes, source: str | None = None) -> Any:
    """Parses a .tflite file into a `ModelT` of TFLite's schema.

    Its vectors, offsets and lengths lie within the file, but what they say may be nonsense: see
    `tsnas.tflite.graph_reader` for a model whose operators and tensors are checked.

    Args:
        content: bytes, the file.
        source: str, the file as messages name it after the word "Model". Defaults to None, its number of bytes.

    Returns:
        `ModelT`.

    Raises:
        ModelFileError: bytes that are not a whole .tflite file.

    Example:
        >>> len(parse_model(tflite).subgraphs)
        1
    """
    if not isinstance(content, bytes | bytearray):
        raise ModelFileError(
            f"Expected the bytes of a .tflite file, got {type(content).__name__}; read the file first."
        )
    content, source = bytes(content), source or f"of {len(content)} bytes"
    if len(content) < 8:
        raise ModelFileError(
            f"Model {source} holds {len(content)} bytes, too few for a .tflite file. Convert it again."
        )
    if content[4:8] != FILE_IDENTIFIER:
        raise ModelFileError(
            f"Model {source} is not a .tflite file: bytes 4 to 8 are {content[4:8]!r}, not {FILE_IDENTIFIER!r}."
        )
    try:
        return schema.ModelT.InitFromPackedBuf(content, 0)
    # What flatbuffers and NumPy raise when an offset or a length points outside the file.
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ModelFileError(f"Model {source} is truncated or damaged ({error}). Convert it again.") from error

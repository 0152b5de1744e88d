"""Serialises the objects of TFLite's schema as the bytes of a .tflite file."""

from __future__ import annotations

from typing import Any

import flatbuffers

from tsnas.tflite.parser import FILE_IDENTIFIER

# Kernels read 32-bit words straight from the file, so TFLite's schema asks for this alignment of weights.
BUFFER_ALIGNMENT = 16


def pack_model(model: Any) -> bytes:
    """Serialises a `ModelT`; equal models give equal bytes.

    Args:
        model: `ModelT`, as `tsnas.tflite.parser.parse_model` returns it.

    Returns:
        bytes of the .tflite file.
    """
    builder = _AlignedBuilder(1024)
    builder.Finish(model.Pack(builder), file_identifier=FILE_IDENTIFIER)
    return bytes(builder.Output())


class _AlignedBuilder(flatbuffers.Builder):
    """A builder that keeps the alignment of weights, which the generated Python code ignores."""

    def StartVector(self, elem_size: int, num_elems: int, alignment: int) -> int:  # noqa: N802 (name of the base class)
        if elem_size == 1:
            alignment = BUFFER_ALIGNMENT
        return super().StartVector(elem_size, num_elems, alignment)

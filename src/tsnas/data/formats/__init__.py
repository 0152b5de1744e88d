"""Reads recordings in the forms in which programs, phones and public data sets keep them."""

from tsnas.data.formats.detect import read

__all__ = ["read"]

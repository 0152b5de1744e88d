"""Exports a finished model as firmware: sources that compile, and the proof that they compute the same."""

from tsnas.export.firmware import Firmware
from tsnas.export.formats import FORMATS, export_model

__all__ = ["FORMATS", "Firmware", "export_model"]

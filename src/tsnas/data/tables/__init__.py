"""Reads the user's own tables, CSV files or data frames, as recordings."""

from tsnas.data.tables.read import from_csv, from_frame

__all__ = ["from_csv", "from_frame"]

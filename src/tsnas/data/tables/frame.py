"""Converts a pandas data frame to a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from tsnas.data.tables.table import Table
from tsnas.errors import TableFileError


def frame_table(frame: Any) -> Table:
    """Returns the columns of a data frame as numbers, times or text.

    Args:
        frame: `pandas.DataFrame`.

    Returns:
        `Table`.

    Raises:
        TableFileError: `frame` is not a data frame, or has no rows or no columns.
    """
    # Recognised by its attributes, so that pandas need not be imported here.
    if not all(hasattr(frame, name) for name in ("columns", "iloc", "dtypes")):
        raise TableFileError(f"frame is {type(frame).__name__}; give a pandas.DataFrame, or use from_csv for files.")
    if not len(frame) or not len(frame.columns):
        raise TableFileError(
            f"The frame has {len(frame)} rows and {len(frame.columns)} columns; give at least two rows."
        )
    columns = [_extract_cells(frame.iloc[:, index]) for index in range(len(frame.columns))]
    return Table("the frame", [str(name) for name in frame.columns], columns, np.arange(len(frame)), unit="row")


def _extract_cells(series: Any) -> Any:
    kind = getattr(series.dtype, "kind", "O")
    if kind in "biuf":
        # pandas columns with missing values are not NumPy arrays.
        if series.isna().any():
            return series.to_numpy(dtype="float64", na_value=np.nan)
        return series.to_numpy(dtype=getattr(series.dtype, "numpy_dtype", None))
    if kind == "M":
        # Times with a time zone become UTC; only differences matter.
        return series.to_numpy(dtype="datetime64[ns]")
    return ["" if missing else str(cell) for cell, missing in zip(series, series.isna(), strict=True)]

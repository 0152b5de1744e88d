"""Progress bars whose name, share and time left stand first, where a narrow terminal cuts nothing."""

from __future__ import annotations

import sys
import warnings
from typing import Any

with warnings.catch_warnings():
    # In a notebook without ipywidgets bars are text, and tqdm would say in red what could be installed.
    warnings.filterwarnings("ignore", message="IProgress not found")
    from tqdm.auto import tqdm

FORMAT = "{desc}: {percentage:3.0f}%, {remaining} left |{bar}| {n_fmt}/{total_fmt} {unit}{postfix}"


def progress_bar(name: str, total: float | None, unit: str, silent: bool = False, **settings: Any) -> tqdm:
    """Returns a progress bar, which is a context manager.

    Args:
        name: str, what is in progress, such as `"train"`.
        total: number of all units; None if it is not known.
        unit: str, what is counted, such as `"step"`.
        silent: bool, whether nothing is shown. Defaults to False.
        settings: other settings of tqdm.

    Returns:
        `tqdm.tqdm`.

    Example:
        >>> with progress_bar("verify", len(steps), "op") as bar:
        ...     bar.update()
    """
    # Without a total, tqdm's own format has what there is to say: the count and the rate.
    bar_format = FORMAT if total else None
    return tqdm(
        total=total,
        desc=f"{name:<8}",
        unit=unit,
        # A process may have been started without a place to draw it.
        disable=silent or sys.stderr is None,
        dynamic_ncols=True,
        bar_format=bar_format,
        **settings,
    )

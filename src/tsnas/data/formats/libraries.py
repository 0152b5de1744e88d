"""Loads libraries of formats that are not installed with tsnas, and turns their errors into those of tsnas."""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator
from typing import Any

from tsnas.errors import FormatError, TsnasError


def load(module: str, package: str, source: str) -> Any:
    """Returns a module.

    Args:
        module: str, such as `"pyarrow.parquet"`.
        package: str, what pip calls it.
        source: str, the file that needs it.

    Raises:
        FormatError: the package is not installed; the message has the command.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise FormatError(f"{source} needs the package {package}: pip install 'tsnas[formats]'.") from None


@contextlib.contextmanager
def refuse_damage(source: str, what: str) -> Iterator[None]:
    """Raises a FormatError for whatever a library raises, and keeps its warnings to itself.

    Args:
        source: str, the file.
        what: str, what it should be, such as `"Parquet file"`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except TsnasError:
        raise
    except Exception as error:  # Damaged bytes raise errors of any type in other people's parsers.
        text = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise FormatError(f"{source} is no whole {what}: {text}; export it again.") from None

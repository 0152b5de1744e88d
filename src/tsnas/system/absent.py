"""Packages that are refused to others, which try to load them and go on without."""

from __future__ import annotations

import contextlib
import importlib.abc
import sys
import threading
from collections.abc import Iterator, Sequence
from types import ModuleType


class _Finder(importlib.abc.MetaPathFinder):
    """Finder that refuses the modules inside a package to the thread that has made it."""

    def __init__(self, package: str):
        self._inside = f"{package}."
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Raises ModuleNotFoundError for what is inside the package; finds nothing else either."""
        if name.startswith(self._inside) and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is not loaded here", name=name)


@contextlib.contextmanager
def absent(package: str) -> Iterator[None]:
    """Context in which an import of a package fails in this thread, unless the package is loaded already.

    Where the package is can still be asked, and after the block it can be imported as ever.

    Args:
        package: str, name of a package that imports its parts from itself.

    Example:
        >>> with absent("keras"):
        ...     import tensorflow as tf
    """
    finder = _Finder(package)
    # What is loaded is not looked for.
    if package not in sys.modules:
        sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(finder)

"""One training of a method on a set: its name in the file of results, and what its result was made with."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
from collections.abc import Iterable
from importlib import metadata
from typing import Any

ROOT = pathlib.Path(__file__).parents[2]


@dataclasses.dataclass(frozen=True)
class Run:
    """One training of a method on a set.

    Args:
        set: str, name of the set.
        method: str, a key of `benchmarks.archive.methods.METHODS`.
        seed: int.
        board: str, board of the limits; None for a method that knows of none. Defaults to None.
        max_latency_ms, max_ram_kb: float, limits, or None likewise. Default to None.
    """

    set: str
    method: str
    seed: int
    board: str | None = None
    max_latency_ms: float | None = None
    max_ram_kb: float | None = None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Run:
        """Returns the run that a row is of."""
        return cls(**{field.name: row[field.name] for field in dataclasses.fields(cls)})

    def __str__(self) -> str:
        limits = "" if self.board is None else f", {self.max_latency_ms:g} ms, {self.max_ram_kb:g} KB, {self.board}"
        return f"{self.set}: {self.method}{limits}, seed {self.seed}"


def fingerprint(packages: Iterable[str]) -> dict[str, Any]:
    """Returns the versions of packages and, if tsnas is among them, the last commit of its sources.

    Returns:
        dict of `"versions"`, None for a package that is not installed, and `"commit"`: short hash of the last commit
        that changed `src/tsnas`, followed by "+" if files differ from it; None without tsnas or outside a repository.
    """
    packages = tuple(packages)
    return {
        "versions": {package: _version(package) for package in packages},
        "commit": _last_commit("src/tsnas") if "tsnas" in packages else None,
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _last_commit(folder: str) -> str | None:
    try:
        commit, changes = (
            subprocess.run(["git", "-C", str(ROOT), *command], capture_output=True, text=True, check=True).stdout
            for command in (["log", "-1", "--format=%h", "--", folder], ["status", "--porcelain", "--", folder])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit.strip() + ("+" if changes else "") or None


def is_stale(row: dict[str, Any], current: dict[str, Any]) -> bool:
    """Returns whether a row was made by other versions or sources than the fingerprint of now.

    What is unknown now, such as the version of a package that is not installed, tells nothing.
    """
    known = {name: version for name, version in current["versions"].items() if version is not None}
    if any(row["versions"].get(name) != version for name, version in known.items()):
        return True
    return current["commit"] is not None and row["commit"] != current["commit"]

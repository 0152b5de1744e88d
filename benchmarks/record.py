"""What every benchmark's JSON says about how it was made, and how it is written."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import platform
import sys
from importlib import metadata
from typing import Any

from tsnas.system.files import check_output_dir, write_file


def provenance(module: str, packages: tuple[str, ...]) -> dict[str, Any]:
    """Command, date, machine and versions, as plain JSON values."""
    return {
        "command": f"python -m {module} {' '.join(sys.argv[1:])}".strip(),
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {package: metadata.version(package) for package in packages},
    }


def write_json(path: str | os.PathLike[str], values: Any) -> None:
    """Writes values as JSON, whole or not at all; makes the folder if need be."""
    path = pathlib.Path(path)
    check_output_dir(path.parent)
    write_file(path, json.dumps(values, indent=2) + "\n")

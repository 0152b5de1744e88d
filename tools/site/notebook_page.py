"""The page of a notebook: its texts and code, and what the code prints if the build runs it (TSNAS_RUN_NOTEBOOKS=1)."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
from typing import Any

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
# Page of the site to the notebook that it shows.
NOTEBOOKS = {"first_notebook.md": EXAMPLES / "first_model.ipynb"}
RUN = "TSNAS_RUN_NOTEBOOKS"
TIMEOUT_S = 1200


def text(path: pathlib.Path) -> str:
    """The page as Markdown; an error of the code is an error of the build."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = _run(path) if os.environ.get(RUN) == "1" else notebook["cells"]
    parts = [part for cell in cells for part in _shown(cell)]
    title, *rest = parts
    link = f"This page is a notebook, [`examples/{path.name}`](../examples/{path.name})."
    heading, _, below = title.partition("\n")
    return "\n\n".join([heading, link, below.strip(), *rest]) + "\n"


def _run(path: pathlib.Path) -> list[Any]:
    """The cells with their outputs; what they write is in a folder that is removed."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=TIMEOUT_S, kernel_name="python3", resources=resources).execute()
    return notebook["cells"]


def _shown(cell: Any) -> list[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    # Warnings and logs are no result.
    printed = [out for out in cell["outputs"] if out.get("name") == "stdout" or "data" in out]
    texts = ["".join(out["text"] if "text" in out else out["data"].get("text/plain", "")) for out in printed]
    shown = "".join(text if text.endswith("\n") else f"{text}\n" for text in texts if text)
    return [f"```python\n{source}\n```", *([f"```text\n{shown}```"] if shown else [])]

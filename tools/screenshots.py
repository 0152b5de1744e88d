"""Takes the pictures of docs/screenshots.md: what a finished search shows in a terminal, a notebook and TensorBoard.

    python tools/screenshots.py runs/first exercises.npz

The folder is one that `tsnas search` has written, the file its windows. Needs Chromium.
"""

from __future__ import annotations

import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[1]
IMAGES = ROOT / "docs/images"
sys.path.insert(0, str(ROOT / "tests/report"))

import numpy as np  # noqa: E402
from browser import Browser  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

import tsnas  # noqa: E402
from tsnas.callbacks.search_board import decisions_picture  # noqa: E402

NOTEBOOK = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 16px; font: 14px sans-serif; width: 560px }}
.in {{ background: #f5f5f5; border: 1px solid #e0e0e0; padding: 8px; font: 13px monospace; margin-bottom: 10px }}
table {{ border-collapse: collapse; font-size: 13px }} caption {{ text-align: left; padding: 4px 0 }}
td, th {{ padding: 4px 10px; text-align: right; border: 0 }} tbody tr:nth-child(odd) {{ background: #f5f5f5 }}
</style><div class="in">clf</div>{table}"""


def notebook(classifier: tsnas.AutoClassifier, folder: pathlib.Path) -> None:
    """The verdict as a notebook shows it."""
    page = folder / "notebook.html"
    page.write_text(NOTEBOOK.format(table=classifier._repr_html_()))
    with Browser() as browser:
        browser.open(page, width=600, height=230)
        (IMAGES / "notebook.png").write_bytes(browser.screenshot(whole=False))
    page.unlink()


class LastPicture(tsnas.callbacks.ConstraintMonitor):
    """Keeps the picture of the decisions after each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.picture = decisions_picture(self.model)


def decisions(data: tsnas.datasets.Dataset) -> None:
    """The decisions at the end of a short search, as TensorBoard shows them."""
    last = LastPicture()
    quick = {"epochs": 1, "qat_epochs": 1, "finalists": 1, "search_epochs": 8, "seed": 0, "verbose": 0}
    part = np.arange(0, len(data.x_train), 2)
    clf = tsnas.AutoClassifier(max_latency_ms=20, max_ram_kb=32, strategy="evolution", **quick)
    clf.fit(data.x_train[part], data.y_train[part], groups=data.groups_train[part], callbacks=[last])
    figure = Figure(figsize=(last.picture.shape[1] / 100, last.picture.shape[0] / 100), dpi=100)
    figure.figimage(last.picture)
    figure.savefig(IMAGES / "decisions.png")


def main(run: str, windows: str) -> None:
    data = tsnas.datasets.load_npz(windows)
    notebook(tsnas.load(run), pathlib.Path(run))
    decisions(data)


if __name__ == "__main__":
    main(*sys.argv[1:])

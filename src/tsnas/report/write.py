"""Writes the report of a model: the page, its facts as JSON, and the model card."""

from __future__ import annotations

import json
import os
import pathlib

from sklearn.base import BaseEstimator

from tsnas.model.model import Model
from tsnas.model.scores import Judged
from tsnas.report.facts import collect
from tsnas.report.model_card import render_card
from tsnas.report.page import render_page
from tsnas.system.files import check_output_dir, write_file

PAGE_FILE, FACTS_FILE, CARD_FILE = "report.html", "report.json", "MODEL_CARD.md"


def write_report(
    model: Model,
    estimator: BaseEstimator,
    directory: str | os.PathLike[str],
    judged: Judged | None = None,
    command_line: str | None = None,
) -> list[pathlib.Path]:
    """Writes the report; see `AutoClassifier.report`.

    Args:
        model: `Model`.
        estimator: `AutoClassifier` to which it belongs, for its settings.
        directory: path of a folder, created if missing.
        judged: result of `Model.judge` on windows that `fit` has not seen. Defaults to None.
        command_line: str, the command that made the model. Defaults to None.

    Returns:
        list of the paths written.

    Raises:
        OutputDirError: the folder cannot be written to.
    """
    folder = check_output_dir(directory)
    facts = collect(model, estimator, judged, command_line)
    files = {
        PAGE_FILE: render_page(facts),
        FACTS_FILE: json.dumps(facts, indent=2, allow_nan=False) + "\n",
        CARD_FILE: render_card(facts),
    }
    for name, content in files.items():
        # Labels may hold unpaired surrogates, which UTF-8 cannot encode.
        write_file(folder / name, content.encode("utf-8", "replace"))
    return [folder / name for name in files]

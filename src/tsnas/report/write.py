"""Writes the report of a model: the page, its facts as JSON, and the model card."""

from __future__ import annotations

import json
import os
import pathlib

from sklearn.base import BaseEstimator

from tsnas.model.model import Model
from tsnas.model.scores import Judged
from tsnas.report.facts import collect
from tsnas.report.model_card import card
from tsnas.report.page import page
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
        estimator: `AutoClassifier` that it belongs to, for its settings.
        directory: path of a folder; made if missing.
        judged: result of `Model.judge` on windows that `fit` has not seen. Defaults to None.
        command_line: str, the command that made the model. Defaults to None.

    Returns:
        list of the paths written.

    Raises:
        OutputDirError: the folder cannot be written.
    """
    folder = check_output_dir(directory)
    facts = collect(model, estimator, judged, command_line)
    files = {
        PAGE_FILE: page(facts),
        FACTS_FILE: json.dumps(facts, indent=2, allow_nan=False) + "\n",
        CARD_FILE: card(facts),
    }
    for name, content in files.items():
        # Labels may hold halves of surrogate pairs, which UTF-8 has no bytes for.
        write_file(folder / name, content.encode("utf-8", "replace"))
    return [folder / name for name in files]

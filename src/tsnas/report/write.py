"""Writes the report of a fitted classifier: the page, its facts as JSON, and the model card."""

from __future__ import annotations

import json
import os
import pathlib
from typing import TYPE_CHECKING

from tsnas.model.scores import Judged
from tsnas.report.facts import collect
from tsnas.report.model_card import card
from tsnas.report.page import page
from tsnas.system.files import check_output_dir, write_file

if TYPE_CHECKING:
    from tsnas.classifier import AutoClassifier

PAGE_FILE, FACTS_FILE, CARD_FILE = "report.html", "report.json", "MODEL_CARD.md"


def write_report(
    classifier: AutoClassifier,
    directory: str | os.PathLike[str],
    judged: Judged | None = None,
    command_line: str | None = None,
) -> list[pathlib.Path]:
    """Writes the report; see `AutoClassifier.report`."""
    folder = check_output_dir(directory)
    facts = collect(classifier, judged, command_line)
    files = {
        PAGE_FILE: page(facts),
        FACTS_FILE: json.dumps(facts, indent=2, allow_nan=False) + "\n",
        CARD_FILE: card(facts),
    }
    for name, content in files.items():
        # Labels may hold halves of surrogate pairs, which UTF-8 has no bytes for.
        write_file(folder / name, content.encode("utf-8", "replace"))
    return [folder / name for name in files]

"""The picture of the first page shows the results that are kept: every model, left of the limit that it was given."""

import pathlib
import re
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))
from result_picture import IMAGES, THEMES, models, of_paper, write  # noqa: E402


def test_every_model_keeps_the_limit_that_it_is_drawn_at():
    found = models()
    assert [len(own) for own in found.values()] == [3] * len(found) == [3] * 5
    for limit_ms, own in found.items():
        assert all(0.5 * limit_ms < model["latency_ms"] <= limit_ms for model in own)
    assert len(of_paper()) == 2


def test_the_pictures_are_those_of_the_results(tmp_path):
    write(tmp_path)
    for theme in THEMES:
        drawn, kept = ((folder / f"result_{theme}.svg").read_text() for folder in (tmp_path, IMAGES))
        versions = {re.search(r"Matplotlib v(\S+),", text)[1] for text in (drawn, kept)}
        if len(versions) > 1:
            pytest.skip(f"pictures are compared within one version of Matplotlib, not among {versions}")
        assert drawn == kept, "draw them again: python tools/result_picture.py"

"""The pictures of docs/concepts.md can be drawn from the package as it is, and its number of networks is theirs."""

import pathlib
import re
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))
from concept_pictures import PICTURES, default_part  # noqa: E402


@pytest.mark.parametrize("name", sorted(set(PICTURES) - {"search"}))  # that one runs two searches
def test_picture_is_drawn(name, tmp_path):
    PICTURES[name]().savefig(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_the_number_of_networks_is_that_of_the_default_space():
    options = default_part().options
    choices = [len(option.choices) for option in options if len(option.choices) > 1]
    text = (REPOSITORY / "docs/concepts.md").read_text(encoding="utf-8")
    product = re.search(r"product of the choices: (.+?), about", text)[1]
    assert [int(factor) for factor in re.findall(r"\d+", product)] == choices

"""docs/troubleshooting.md has the messages that tsnas has: each is provoked, and compared word by word."""

import pathlib
import re

import pytest
from provoke import PROVOKED

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/troubleshooting.md"
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n\n```text\n(.*?)```\n\n\S", PAGE.read_text(), re.MULTILINE | re.DOTALL))


def plain(message):
    """A message as one line; how long a converted model is may differ between versions of TensorFlow."""
    return re.sub(r"Model of \d+ bytes", "Model of some bytes", " ".join(message.split()))


def test_every_section_has_its_message():
    assert list(SECTIONS) == list(PROVOKED) == re.findall(r"^## (.+)", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("heading", PROVOKED)
def test_message_is_what_a_user_reads(heading, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert plain(SECTIONS[heading]) == plain(PROVOKED[heading](tmp_path))

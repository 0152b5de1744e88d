"""Page and card: nothing from elsewhere, nothing of the user's taken for markup, the same bytes each time."""

import dataclasses
import html.parser
import json
import re

import pytest
from fitted import TINY, fitted, windows

from tsnas.data import Channels
from tsnas.report.text import cell_name

ODD = ['<script>alert("x")</script>', "a & b | `c` | *d*", "two\nlines 🏃 " + "very " * 40 + "long"]
LOADING = {"src", "href", "xlink:href", "action", "data", "poster", "srcset"}


class Reader(html.parser.HTMLParser):
    """Tags, what they would load, and the text."""

    def __init__(self):
        super().__init__()
        self.tags, self.loads, self.text, self.open = [], [], "", []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loads += [value for name, value in attributes if name in LOADING]

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    clf = fitted(labels=ODD)
    folder = tmp_path_factory.mktemp("report")
    x, codes = windows()
    clf.report(folder, x, clf.classes_[codes], command_line="tsnas search --out='<b>'")
    return folder


@pytest.fixture(scope="module")
def page(written):
    reader = Reader()
    reader.source = (written / "report.html").read_text()
    reader.feed(reader.source)
    return reader


def test_nothing_is_loaded_from_elsewhere(page):
    assert all(value.startswith(("#", "data:")) for value in page.loads)
    assert not {"script", "link", "iframe", "img", "object"} & set(page.tags)
    style = "".join(re.findall(r"<style>(.*?)</style>", page.source, flags=re.S))
    assert "@import" not in style
    assert all(target.startswith(("#", "data:")) for target in re.findall(r"url\(['\"]?([^)]*)", page.source))


def test_names_are_text_and_no_markup(page):
    assert "script" not in page.tags
    assert 'alert("x")' in page.text
    assert "a & b | `c` | *d*" in page.text


def test_rows_of_tables_in_the_card_stay_whole(written):
    lines = (written / "MODEL_CARD.md").read_text().splitlines()
    tables = [line for line in lines if line.startswith("|")]
    assert tables
    assert all(line.endswith("|") for line in tables)
    assert not any("<script>" in line for line in lines)


def test_the_verdict_and_the_parts_are_there(page):
    for words in (
        "macro-F1",
        "latency",
        "Memory over time",
        "Architecture",
        "Search",
        "Data",
        "How it was made",
        "Seed 7",
    ):
        assert words in page.text, words


def test_the_same_classifier_gives_the_same_bytes(tmp_path, written):
    clf = fitted(labels=ODD)
    x, codes = windows()
    clf.report(tmp_path, x, clf.classes_[codes], command_line="tsnas search --out='<b>'")
    for path in written.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_facts_are_json_that_any_program_reads(written):
    def refuse(constant):
        raise AssertionError(constant)

    facts = json.loads((written / "report.json").read_text(), parse_constant=refuse)
    assert facts["model"]["classes"] == ODD
    assert facts["reproduce"]["command_line"] == "tsnas search --out='<b>'"


def test_channels_have_their_names(tmp_path):
    clf = fitted(channels=Channels(("a<x>", "ay", "az"), ("m/s^2", "", ""), 50))
    clf.report(tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["model"]["channel_names"] == ["a<x> (m/s^2)", "ay", "az"]
    assert "<td>a&lt;x&gt; (m/s^2)</td>" in (tmp_path / "report.html").read_text()
    assert "\n| ay | " in (tmp_path / "MODEL_CARD.md").read_text()
    fitted().report(tmp_path)
    assert "\n| 0 | " in (tmp_path / "MODEL_CARD.md").read_text()


def test_a_network_of_several_members_is_drawn_once_and_said_to_be_several(page, tmp_path):
    sentence = "2 of these networks, which were trained apart, run one after another"
    assert sentence not in page.text
    fitted(dataclasses.replace(TINY, members=2)).report(tmp_path)
    text = (tmp_path / "report.html").read_text()
    assert sentence in text
    # The second member's layers have short names where there is little room.
    assert [cell_name(name) for name in ("member2_sensor_fusion_1_mid", "member2_classes", "sensor_fusion_1_mid")] == [
        "m2 1_mid",
        "m2 classes",
        "1_mid",
    ]
    assert "the mean of 2 such networks answers" in (tmp_path / "MODEL_CARD.md").read_text()

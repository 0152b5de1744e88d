"""Charts of a report: numbers of an axis never touch each other or leave the picture, however long they are."""

import itertools
import re

import pytest

from tsnas.report import svg
from tsnas.report.charts import FONT, WIDTH, contest_chart, epochs_chart
from tsnas.report.memory_chart import memory_chart

TEXT = re.compile(r'<text x="([\d.-]+)" y="([\d.-]+)"(?: text-anchor="(\w+)")?[^>]*>([^<]*)<')


def texts(picture):
    """(left, right, y) of each text of a chart, as wide as the widest of fonts has it."""
    found = []
    for x, y, anchor, content in TEXT.findall(str(picture)):
        width = svg.text_width(content, FONT)
        left = float(x) - {"": 0.0, "middle": width / 2, "end": width}[anchor]
        found.append((left, left + width, float(y)))
    return found


def assert_legible(picture, width=WIDTH):
    places = sorted(texts(picture), key=lambda place: (place[2], place[0]))
    assert places
    for left, right, _ in places:
        assert left >= 0
        assert right <= width + 0.1
    for one, other in itertools.pairwise(places):
        assert one[2] != other[2] or one[1] < other[0], (one, other)


@pytest.mark.parametrize("epochs", [1, 2, 3, 17, 100, 1000, 1080, 123_456])
@pytest.mark.parametrize("most", [0.00012, 1.0, 54_321.0])
def test_numbers_of_epochs_do_not_touch(epochs, most):
    assert_legible(epochs_chart("a", [("a", "blue", [most / 2, *[None] * (epochs - 2), most][:epochs])]))


@pytest.mark.parametrize(("first_ms", "second_ms"), [(0.000123, 0.000124), (2.5, 2.5), (99_990.5, 99_991.5)])
@pytest.mark.parametrize("limit", [None, 0.5, 2.0])
def test_numbers_of_a_contest_do_not_touch(first_ms, second_ms, limit):
    finalists = [
        {"latency_ms": ms, "macro_f1": score, "second_macro_f1": None}
        for ms, score in ((first_ms, 0.90121), (second_ms, 0.90122))
    ]
    contest = {"finalists": finalists, "winner": 0}
    picture = contest_chart(contest, None if limit is None else limit * first_ms)
    assert_legible(str(picture).replace(">winner<", "><"))


def test_layers_of_a_deep_network_are_numbered_without_touching():
    memory = {
        "steps": [{}] * 1200,
        "head_bytes": 5_000,
        "persistent_bytes": 100,
        "buffers": [
            {"name": "input", "kind": "input", "bytes": 9, "offset": 0, "first_step": 0, "last_step": 1},
        ],
    }
    picture = memory_chart(memory)
    width = float(re.search(r'width="([\d.]+)"', str(picture))[1])
    numbers = [place for place in texts(picture) if place[2] == 265]
    assert len(numbers) > 900
    assert_legible(picture, width)


def test_first_and_last_number_stay_and_those_between_give_way():
    labels = [(0.0, "1000"), (20.0, "2000"), (60.0, "3000"), (85.0, "4000"), (100.0, "5000")]
    assert [text for _, text in svg.spaced(labels, FONT, 200)] == ["1000", "3000", "5000"]
    assert svg.spaced([], FONT, 200) == []
    assert svg.spaced([(0.0, "1"), (2.0, "2")], FONT, 200) == [(0.0, "1")]

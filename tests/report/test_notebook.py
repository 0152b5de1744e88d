"""What a notebook shows of a classifier: a diagram before it is fitted, the verdict on its limits after."""

import dataclasses
from html.parser import HTMLParser

from fitted import SMALL, fitted

import tsnas


class Cells(HTMLParser):
    """The text of each row of a table."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data):
        if self.rows and data.strip():
            self.rows[-1].append(data.strip())


def table(clf):
    cells = Cells()
    cells.feed(clf._repr_html_())
    return {row[0]: row[1:] for row in cells.rows[1:]}


def test_each_limit_has_its_verdict():
    clf = fitted(SMALL, max_latency_ms=30.0, max_ram_kb=64)
    shown = table(clf)
    assert list(shown) == ["latency", "RAM", "flash"]
    assert shown["latency"] == [f"{clf.latency_ms_:.4g} ms", "30 ms", f"{100 * clf.latency_ms_ / 30:.0f} %", "kept"]
    assert shown["RAM"][1] == "64.0 KB"
    page = clf._repr_html_()
    assert "3 classes on nucleo_f446re" in page
    assert "validation macro-F1 0." in page
    assert clf._repr_mimebundle_()["text/html"] == page


def test_without_a_limit_there_is_none_and_without_a_contest_no_score():
    clf = fitted(SMALL, max_latency_ms=None, contest=False)
    assert table(clf)["latency"][1:] == ["\N{EN DASH}", "\N{EN DASH}", "no limit"]
    assert "macro-F1" not in clf._repr_html_()


def test_names_do_no_harm():
    board = dataclasses.replace(tsnas.load_board("nucleo_f446re"), name="<script>alert(1)</script>")
    page = fitted(SMALL, board=board)._repr_html_()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_before_it_is_fitted_it_is_the_diagram_of_scikit_learn():
    assert "sk-" in tsnas.AutoClassifier()._repr_html_()

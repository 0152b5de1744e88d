"""The page in a real browser: on a laptop and a phone, light and dark, and on paper."""

import os
import re

import pytest
from browser import INSTALL, Browser, executable
from fitted import LARGE, SMALL, fitted, windows

pytestmark = [
    pytest.mark.browser,
    # The project's own test command installs one as root; there, its lack is an error and no reason to skip.
    pytest.mark.skipif(not executable() and not os.environ.get("CI"), reason=f"no Chromium is installed: {INSTALL}"),
]


@pytest.fixture(scope="module")
def browser():
    with Browser() as running:
        yield running


@pytest.fixture(scope="module", params=[SMALL, pytest.param(LARGE, marks=pytest.mark.long)], ids=["small", "large"])
def page(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    clf = fitted(request.param)
    x, codes = windows(request.param, per_class=3)
    clf.report(folder, x, clf.classes_[codes])
    return folder / "report.html"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_has_no_complaints(browser, page, width, dark):
    browser.open(page, width=width, dark=dark)
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    assert not browser.complaints
    assert len(browser.requests) == 1
    background = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)[:3]))
    assert (brightness < 200) == dark
    assert browser.screenshot()[1:4] == b"PNG"


def test_it_prints_on_two_pages(browser, tmp_path):
    clf = fitted()
    x, codes = windows()
    clf.report(tmp_path, x, clf.classes_[codes])
    browser.open(tmp_path / "report.html")
    assert len(re.findall(rb"/Type\s*/Page[^s]", browser.pdf())) <= 2


def test_on_a_phone_every_table_keeps_what_its_rows_are_about(browser, page):
    browser.open(page, width=390)
    tables = browser.evaluate(
        """[...document.querySelectorAll('.scroll')].filter(box => box.querySelector('th[scope=row]')).map(box => {
          box.scrollLeft = 1e5;
          const [head, frame] = [box.querySelector('tbody th'), box].map(part => part.getBoundingClientRect());
          return [box.scrollLeft, head.left - frame.left, head.width, frame.width]})"""
    )
    assert any(scrolled for scrolled, *_ in tables)
    for scrolled, left, width, room in tables:
        assert not scrolled or 0 <= left < 40
        assert width < 0.6 * room
    # The milliseconds of each layer are seen without scrolling.
    browser.evaluate("document.querySelector('.scroll:has(.layers)').scrollLeft = 0")
    ends = browser.evaluate("document.querySelector('.layers tbody td').getBoundingClientRect().right")
    assert ends < 390

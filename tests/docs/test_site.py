"""The documentation's site: it builds without a warning, asks for nothing from elsewhere, and documents every name."""

import collections
import html.parser
import os
import pathlib
import re
import shutil
import subprocess
import sys
from inspect import ismodule

import pytest
from browser import INSTALL, Browser, executable
from markdown_it import MarkdownIt

import tsnas
from tsnas.commands.command import flag_head
from tsnas.commands.main import COMMANDS

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# Parts of a text that the site's Markdown and GitHub's must agree on.
PARTS = ("h2", "h3", "img", "li", "ol", "pre", "table", "ul")
MODULES = tuple(f"tsnas.{name}" for name in ("model", "data", "datasets", "cost", "callbacks", "errors", "plots"))

sys.path.insert(0, str(REPOSITORY / "tools/site"))
from reference_pages import PAGES, contents, public_names  # noqa: E402


def build(root, out):
    """Runs the strict build of a checkout."""
    # Not with --quiet: warnings that are not shown would not be counted.
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", f"--site-dir={out}"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


class Parts(html.parser.HTMLParser):
    """What a page loads by itself, the places in it that can be linked to, and how many parts its text has."""

    def __init__(self):
        super().__init__()
        self.loaded, self.ids = [], set()
        self.counts, self._in_text = collections.Counter(), False

    def handle_endtag(self, tag):
        self._in_text = self._in_text and tag != "article"

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self._in_text = self._in_text or tag == "article"
        if self._in_text and tag in PARTS:
            self.counts[tag] += 1
        self.ids |= {attrs["id"]} if "id" in attrs else set()
        loads = attrs.get("src") if tag in ("script", "img", "iframe") else None
        if tag == "link" and attrs.get("rel") in ("stylesheet", "preload", "preconnect", "icon"):
            loads = attrs.get("href")
        self.loaded += [loads] if loads else []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    done = build(REPOSITORY, out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def browser():
    with Browser() as running:
        yield running


@pytest.fixture(scope="module")
def pages(site):
    """Path of each page to what was read from it."""
    read = {}
    for path in site.rglob("*.html"):
        parser = Parts()
        parser.feed(path.read_text())
        read[path.relative_to(site).as_posix()] = parser
    return read


def test_every_page_is_there(pages):
    written = {path.relative_to(REPOSITORY / "docs").with_suffix(".html") for path in REPOSITORY.glob("docs/**/*.md")}
    assert {path.as_posix() for path in written} <= set(pages)
    beside = {"contributing.html", "notebook.html", "changelog.html", "security.html", "findings.html"}
    assert beside | {"reference/commands.html", "first_notebook.html"} <= set(pages)


def test_site_shows_what_github_shows(pages):
    """The two differ in lists and in code within them: what one of them joins or loses is to be written otherwise."""
    for path in sorted((REPOSITORY / "docs").rglob("*.md")):
        name = path.relative_to(REPOSITORY / "docs").with_suffix(".html").as_posix()
        if "--8<--" in path.read_text():  # A part of the README, which only the site has.
            continue
        here = Parts()
        here.feed(f"<article>{MarkdownIt('commonmark').enable('table').render(path.read_text())}</article>")
        assert pages[name].counts == here.counts, name


def test_nothing_comes_from_elsewhere(site, pages):
    for page, parser in pages.items():
        if page == "404.html":  # Its links are for the root of a server.
            continue
        for address in parser.loaded:
            assert "//" not in address, f"{page} loads {address}"
            assert (site / page).parent.joinpath(address.partition("?")[0]).is_file(), f"{page} loads {address}"


@pytest.mark.browser
@pytest.mark.skipif(not executable() and not os.environ.get("CI"), reason=f"no browser is installed: {INSTALL}")
def test_pages_are_no_wider_than_a_phone(site, browser):
    for page in (
        "index",
        "troubleshooting",
        "benchmarks",
        "howto/extend",
        "reference/commands/search",
        "reference/cost",
    ):
        browser.open(site / f"{page}.html", width=390, height=844)
        assert browser.evaluate("document.documentElement.scrollWidth") == 390, page
        assert browser.complaints == [], page
        assert all(request.startswith(("file:", "data:")) for request in browser.requests), page


@pytest.mark.browser
@pytest.mark.skipif(not executable() and not os.environ.get("CI"), reason=f"no browser is installed: {INSTALL}")
def test_the_front_page_shows_the_picture_and_the_result_at_first_sight(site, browser):
    browser.open(site / "index.html", width=1280, height=800)
    assert browser.evaluate("document.documentElement.scrollWidth") == 1280
    for part in ("article img", "article table"):
        box = browser.evaluate(f"document.querySelector({part!r}).getBoundingClientRect().toJSON()")
        assert box["height"] > 100, part
        assert box["top"] >= 0, part
        assert box["bottom"] <= 800, part
        assert box["right"] <= 1280, part


def test_reference_has_every_public_name(pages):
    found = {page.name: pages[f"reference/{page.name}.html"].ids for page in PAGES}
    for page, names in contents().items():
        for name in names:
            assert name in found[page], f"{name} is not on reference/{page}.html"
    documented = {name.rpartition(".")[2] for names in contents().values() for name in names}
    public = {name for name in tsnas.__all__ if not (name.startswith("__") or ismodule(getattr(tsnas, name)))}
    public |= {name for module in MODULES for name in public_names(module)}
    assert documented == public
    assert "tsnas.AutoClassifier.fit" in found["classifier"]


def test_reference_has_every_flag(site):
    index = (site / "reference/commands.html").read_text()
    for command in COMMANDS.values():
        page = f"commands/{command.name.split()[0]}.html"
        text = (site / "reference" / page).read_text()
        assert f"tsnas {command.name}" in text
        (anchor,) = re.findall(rf'href="{re.escape(page)}#([\w-]+)"><code>tsnas {command.name}</code>', index)
        assert f'id="{anchor}"' in text
        assert f">tsnas {command.name}<" in text.partition(f'id="{anchor}"')[2][:200]
        values = command.new_flags()
        for name in values:
            assert flag_head(values[name]) in text


@pytest.mark.long  # Each is a build of the whole site.
@pytest.mark.parametrize(
    "broken",
    [
        {
            "[Away](nowhere.md)": "link 'nowhere.md'",
            "[Away](boards.md#no-such-part)": "anchor '#no-such-part'",
            "[Away](../no_such_file.py)": "link '../no_such_file.py'",
            "![Away](images/none.png)": "link 'images/none.png'",
        },
        {"::: tsnas.NoSuchName": "tsnas.NoSuchName could not be found"},
    ],
)
def test_what_is_broken_fails_the_build(tmp_path, broken):
    for name in ("docs", "examples", "tools", "findings"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "mkdocs.yml", "benchmarks/NOTEBOOK.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / "src").symlink_to(REPOSITORY / "src")
    (tmp_path / "docs/added.md").write_text("# Added\n\n" + "\n\n".join(broken))
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    for complaint in broken.values():
        assert complaint in done.stdout + done.stderr

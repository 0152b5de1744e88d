"""What pages name exists: names of tsnas, files of the repository, results of benchmarks; the first pages are short."""

import ast
import json
import pathlib
import pkgutil
import re
import subprocess
import sys

import pytest

import tsnas

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
RESULTS = REPOSITORY / "benchmarks/results"
MOST_LINES = {"README.md": 120, "docs/benchmarks.md": 170}
BENCHMARKS = ("docs/benchmarks.md", "benchmarks/NOTEBOOK.md")
PAGES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for path in (
        REPOSITORY / "README.md",
        REPOSITORY / "CONTRIBUTING.md",
        REPOSITORY / "benchmarks/NOTEBOOK.md",
        *(REPOSITORY / "docs").rglob("*.md"),
    )
)
# Files of exported firmware and of the program's output, which look like attributes of the package.
NO_NAMES = {"tsnas.h"}
NAME = re.compile(r"(?<![\w./-])tsnas(?:\.[A-Za-z_]\w*)+")
# From the root of the repository, with or without a file at the end.
PATH = re.compile(r"(?<![\w./-])(?:src|benchmarks|docs|examples|firmware|tests|tools)/[\w./-]*\w")
# In backticks a source file may also be named from the package or from the probe's firmware, as its readers know it.
SOURCE = re.compile(r"`(\w+(?:/\w+)*/\w+\.(?:py|c|h|cpp|json|md))`")
ROOTS = (REPOSITORY, REPOSITORY / "src/tsnas", REPOSITORY / "firmware/probe")
MODULE = re.compile(r"python -m (benchmarks(?:\.\w+)*)")
# With the folder or by itself; a JSON in another folder is the reader's.
RESULT = re.compile(r"(?:(?<=benchmarks/results/)|(?<![\w/.]))[\w.]+\.json")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")


def text_of(page):
    return (REPOSITORY / page).read_text(encoding="utf-8")


def exists(name):
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_names_of_the_package_exist(page):
    named = set(NAME.findall(text_of(page))) - NO_NAMES
    assert [name for name in sorted(named) if not exists(name)] == []


def written_names():
    """Names of the package in pages for users, examples and examples of docstrings, but for imports and output."""
    texts = [text_of(page) for page in PAGES if page != "CONTRIBUTING.md"]
    texts += [path.read_text(encoding="utf-8") for path in (REPOSITORY / "examples").iterdir() if path.is_file()]
    for path in (REPOSITORY / "src/tsnas").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                texts.append((ast.get_docstring(node) or "").partition("\nExample:")[2])
    lines = [line for text in texts for line in text.splitlines() if not re.match(r"\W*(from|import) |\s*<", line)]
    return {name for line in lines for name in NAME.findall(line)} - NO_NAMES


# What other libraries load is kept between the groups of names, what tsnas has loaded is not.
RESOLVE = """
import functools, json, sys
from tsnas.system.quiet import import_tensorflow
import_tensorflow()
lacking = []
for names in json.load(sys.stdin):
    for loaded in [one for one in sys.modules if one.partition(".")[0] == "tsnas"]:
        del sys.modules[loaded]
    import tsnas
    for name in names:
        try:
            functools.reduce(getattr, name.split(".")[1:], tsnas)
        except AttributeError:
            lacking.append(name)
print(json.dumps(lacking))
"""


def test_names_are_reached_after_an_import_of_the_package_alone():
    names = written_names()
    assert {"tsnas.plots.plot_search", "tsnas.datasets.shoulder.load_data"} <= names
    firsts = {name.split(".")[1] for name in names}
    assert firsts - set(tsnas.__all__) == set()
    # One part of the package may load another one, and so hide that this is not reached by itself.
    groups = [sorted(name for name in names if name.startswith(f"tsnas.{first}.")) for first in sorted(firsts)]
    sent = json.dumps([group for group in groups if group])
    done = subprocess.run([sys.executable, "-c", RESOLVE], input=sent, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("page", PAGES)
def test_paths_of_the_repository_exist(page):
    text = text_of(page)
    lacking = [path for path in sorted(set(PATH.findall(text))) if not (REPOSITORY / path).exists()]
    written = {path for path in SOURCE.findall(text) if not path.startswith("runs/")}
    lacking += [path for path in sorted(written) if not any((root / path).exists() for root in ROOTS)]
    assert lacking == []


@pytest.mark.parametrize("page", PAGES)
def test_benchmarks_that_are_named_can_be_run(page):
    for module in MODULE.findall(text_of(page)):
        path = REPOSITORY / module.replace(".", "/")
        source = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
        assert source.is_file(), f"no module {module}"
        assert 'if __name__ == "__main__":' in source.read_text(encoding="utf-8"), f"{module} is no program"


def test_results_are_those_that_pages_name():
    kept = {path.name for path in RESULTS.iterdir()}
    named = {name for page in BENCHMARKS for name in RESULT.findall(text_of(page))}
    assert named - kept == set(), "named, but not kept"
    assert kept - named == set(), "kept, but named by no page"


@pytest.mark.parametrize("page", MOST_LINES)
def test_the_first_pages_are_short(page):
    assert len(text_of(page).splitlines()) <= MOST_LINES[page]


def test_links_of_the_readme_lead_somewhere():
    """The other pages are part of the site, whose build follows theirs."""
    for target, part in LINK.findall(text_of("README.md")):
        path = REPOSITORY / target
        assert path.exists(), target
        if part:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert part in slugs, f"{target}#{part}"


def test_the_navigation_has_every_page_once():
    pages = re.findall(r": (\S+\.md)$", text_of("mkdocs.yml").partition("\nnav:")[2], re.MULTILINE)
    assert len(pages) == len(set(pages))

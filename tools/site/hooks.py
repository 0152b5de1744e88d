"""Hooks of the documentation's site (mkdocs.yml): pages that are made, pages that are found, files outside docs/.

- CONTRIBUTING.md and others beside docs/ are pages; `reference/` is made from docstrings and from the commands' own
  flags; a notebook of examples/ is run by `make docs`.
  README.md is none: the front page has its example and its table, and other pages what they are about.
- A page of docs/ that the navigation does not name is put under "More".
- A link to a file of the repository that is no page becomes a link to a copy of it in the site.
"""

from __future__ import annotations

import pathlib
import posixpath
import re
import sys
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPIES = "files"
# Files beside docs/ that are pages of the site.
SHOWN = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "findings/README.md": "findings.md",
    "benchmarks/NOTEBOOK.md": "notebook.md",
}
SOURCES = {page: source for source, page in SHOWN.items()}
FRONT = "index.md"
LINK = re.compile(r"(?<!!)\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Puts pages that the navigation does not name under "More"."""
    named = set(_pages_of(config.nav))
    docs = pathlib.Path(config.docs_dir)
    found = sorted(path.relative_to(docs).as_posix() for path in docs.rglob("*.md"))
    more = [page for page in found if page not in named]
    if more:
        config.nav = [*(config.nav or []), {"More": more}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are made."""
    # mkdocs takes the folder of a hook off the path once it has read the hook.
    sys.path.insert(0, str(ROOT / "tools/site"))
    import commands_page
    import notebook_page
    import reference_pages

    for source, page in SHOWN.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    for place, text in commands_page.pages().items():
        files.append(File.generated(config, place, content=text))
    for place, notebook in notebook_page.NOTEBOOKS.items():
        files.append(File.generated(config, place, content=notebook_page.text(notebook)))
    for page in reference_pages.PAGES:
        files.append(File.generated(config, f"reference/{page.name}.md", content=reference_pages.text(page)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Sends links within the repository to the page that shows the file, or to a copy of it in the site."""

    here = page.file.src_uri
    # Where the links of the page start from in the repository.
    folder = posixpath.dirname(SOURCES.get(here, posixpath.join("docs", here)))
    if here == FRONT:  # Its picture gets the room of the table of contents.
        page.meta["hide"] = ["toc"]

    def sent(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1]))
        if target.startswith("docs/"):
            shown = target.removeprefix("docs/")
        elif target in SHOWN:
            shown = SHOWN[target]
        elif (ROOT / target).is_file():
            shown = f"{COPIES}/{target}"
            if files.get_file_from_path(shown) is None:
                files.append(File.generated(config, shown, abs_src_path=str(ROOT / target)))
        else:  # Broken, or a page that is made; mkdocs knows.
            return match[0]
        return f"]({posixpath.relpath(shown, posixpath.dirname(here) or '.')}{match[2] or ''})"

    return LINK.sub(sent, markdown)


def _pages_of(nav: Any) -> list[str]:
    """The pages that a navigation names, however deep."""
    if isinstance(nav, str):
        return [nav]
    if isinstance(nav, dict):
        nav = list(nav.values())
    return [page for part in nav or [] for page in _pages_of(part)]

"""The pages of the API reference: which public names stand where, read from the sources without importing them."""

from __future__ import annotations

import ast
import dataclasses
import pathlib

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "src"


@dataclasses.dataclass(frozen=True)
class ReferencePage:
    """One page.

    Args:
        name: str, its file is `reference/{name}.md`.
        title: str.
        introduction: str, what stands at its top.
        first: names of `tsnas` that it begins with.
        modules: modules whose public names follow, as far as no page has had them.
    """

    name: str
    title: str
    introduction: str
    first: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


PAGES = (
    ReferencePage(
        "classifier", "Classifier", "From windows and limits to a model.", ("AutoClassifier", "load"), ("tsnas.model",)
    ),
    ReferencePage(
        "searches",
        "Fronts and signals",
        "Searches that make more than one model, or that look for the signal as well.",
        ("ParetoSearch", "SignalSearch"),
    ),
    ReferencePage(
        "data", "Data", "What becomes of arrays and recordings before a search.", ("Signal",), ("tsnas.data",)
    ),
    ReferencePage("datasets", "Data sets", "Data that comes with tsnas, and files.", modules=("tsnas.datasets",)),
    ReferencePage(
        "space", "Search space", "What can be built, and a network that was chosen.", ("SpaceConfig", "Architecture")
    ),
    ReferencePage(
        "cost",
        "Boards, limits and costs",
        "What a network costs on a board.",
        ("Board", "board_names", "load_board", "Limits", "estimate_tflite"),
        ("tsnas.cost",),
    ),
    ReferencePage("callbacks", "Callbacks", "What listens to a search.", modules=("tsnas.callbacks",)),
    ReferencePage("plots", "Plots", "Pictures of a search.", modules=("tsnas.plots",)),
    ReferencePage(
        "errors",
        "Errors",
        "All derive from `TsnasError`. [Troubleshooting](../troubleshooting.md) shows the messages.",
        modules=("tsnas.errors",),
    ),
)


def contents() -> dict[str, list[str]]:
    """Page name to the full names that it documents, each name on one page only."""
    taken: set[str] = set()
    found: dict[str, list[str]] = {}
    for page in PAGES:
        names = [f"tsnas.{name}" for name in page.first]
        names += [f"{module}.{name}" for module in page.modules for name in public_names(module)]
        own = []
        for name in names:
            last = name.rpartition(".")[2]
            if last not in taken:
                taken.add(last)
                own.append(name)
        found[page.name] = own
    return found


def text(page: ReferencePage) -> str:
    """The page as Markdown for mkdocstrings."""
    blocks = [f"::: {name}\n" for name in contents()[page.name]]
    return "\n".join([f"# {page.title}", "", page.introduction, "", *blocks])


def public_names(module: str) -> list[str]:
    """The public names of a module: its `__all__`, else the classes and functions that it defines."""
    path = SOURCES / module.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(source.read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    defined = [node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    return [name for name in defined if not name.startswith("_")]

"""Layout of the package, read from its sources without importing it: no circles, no private members of other files."""

import ast
import collections
import itertools
import pathlib

import pytest

from tools.imports import SOURCES, circle, folder_graph, import_graph, imported, module_name, root_modules

MOST_AT_THE_ROOT = 6
PATHS = {module_name(path): path for path in sorted(SOURCES.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in PATHS.items()}
ARCHITECTURE = pathlib.Path(__file__).parents[1] / "docs/architecture.md"


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def of_its_own(node: ast.expr) -> bool:
    """Whether an expression is `self`, `cls` or `super()`, whose private members a class may use."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "super"
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def private_definitions(tree: ast.Module) -> set[str]:
    """Private names that a file defines: functions, classes and values, in the module or a class, and attributes."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and of_its_own(node.value):
            found.add(node.attr)
        if isinstance(node, ast.Module | ast.ClassDef):
            targets = [statement for statement in node.body if isinstance(statement, ast.Assign | ast.AnnAssign)]
            found |= {part.id for one in targets for part in ast.walk(one) if isinstance(part, ast.Name)}
    return set(filter(is_private, found))


def private_uses(tree: ast.Module, own: set[str], others: set[str]) -> list[str]:
    """Uses of private members that other files of the package define, as `line: name`.

    Members of foreign libraries, such as `os._exit`, are defined by no file of the package.
    """
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == SOURCES.name):
            found += [f"{node.lineno}: {alias.name}" for alias in node.names if is_private(alias.name)]
        elif isinstance(node, ast.Attribute) and node.attr in others - own and not of_its_own(node.value):
            found.append(f"{node.lineno}: {node.attr}")
    return found


def test_no_file_imports_itself_through_others():
    found = circle(import_graph())
    assert not found, " -> ".join(found)


def test_no_folder_imports_itself_through_others():
    found = circle(folder_graph(import_graph()))
    assert not found, " -> ".join(found)


def floors() -> list[set[str]]:
    """The folders on each floor of the picture in the documentation, from the top down."""
    lines = ARCHITECTURE.read_text(encoding="utf-8").partition("\n    commands ")[2].partition("\n\n")[0]
    names = [line.strip().partition("   ")[0].split() for line in f"commands {lines}".splitlines()]
    return [{name.removesuffix(".py") for name in floor} for floor in names]


def test_every_folder_imports_only_from_floors_below():
    floor_of = {name: number for number, names in enumerate(floors()) for name in names}
    graph = {folder.removeprefix("tsnas."): targets for folder, targets in folder_graph(import_graph()).items()}
    # The package itself, its version and its program are on no floor.
    for name in ("tsnas", "__main__", "version"):
        graph.pop(name)
    assert set(graph) == set(floor_of)
    upward = [
        f"{folder} -> {target}"
        for folder, targets in graph.items()
        for target in (one.removeprefix("tsnas.") for one in targets)
        if target in floor_of and floor_of[target] <= floor_of[folder]
    ]
    assert not upward, ", ".join(sorted(upward))


def test_no_private_member_of_another_file_is_used():
    definitions = {name: private_definitions(tree) for name, tree in TREES.items()}
    found = []
    for name, tree in TREES.items():
        others = set().union(*(names for other, names in definitions.items() if other != name))
        found += [f"{name}:{use}" for use in private_uses(tree, definitions[name], others)]
    assert not found, "\n" + "\n".join(found)


def test_few_modules_stand_at_the_root():
    assert len(root_modules()) <= MOST_AT_THE_ROOT


def test_no_file_name_occurs_twice():
    count = collections.Counter(path.name for path in PATHS.values() if path.name != "__init__.py")
    assert [name for name, times in count.items() if times > 1] == []


def test_the_first_line_of_every_file_says_what_it_is_for():
    assert [name for name, tree in TREES.items() if not (ast.get_docstring(tree) or "").split("\n")[0].strip()] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import tsnas.cost", {"tsnas.cost"}),
        ("from tsnas.cost import board", {"tsnas.cost.board"}),
        ("from tsnas.cost.board import Board", {"tsnas.cost.board"}),
        ("def f():\n    from tsnas.cost import Board", {"tsnas.cost"}),
        ("if TYPE_CHECKING:\n    from tsnas import cost", {"tsnas.cost"}),
        ("from .cost.board import Board", {"tsnas.cost.board"}),
        ("from . import cost", {"tsnas.cost"}),
        ("import os\nfrom numpy import cost", set()),
    ],
)
def test_imports_are_found_wherever_they_stand(source, expected):
    assert imported(ast.parse(source), "tsnas", ("tsnas", "tsnas.cost", "tsnas.cost.board")) == expected


def test_a_circle_is_named_in_the_direction_of_its_imports():
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    found = circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert found[0] == found[-1]
    assert set(itertools.pairwise(found)) == {("a", "b"), ("b", "c"), ("c", "a")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from tsnas.cost.board import _read", ["1: _read"]),
        ("job._settings", ["1: _settings"]),
        ("self.job._settings", ["1: _settings"]),
        ("self._settings + cls._settings + super()._settings", []),
        ("os._exit(1)\nlayer._inbound_nodes", []),
        ("class A:\n    _settings = 1\na._settings", []),
        ("job.__class__", []),
    ],
)
def test_private_members_of_others_are_told_from_own_and_foreign_ones(source, expected):
    tree = ast.parse(source)
    assert private_uses(tree, private_definitions(tree), {"_settings", "_read"}) == expected


def test_private_definitions():
    source = "_A = 1\ndef _f(_x):\n    _local = 2\nclass _C:\n    _b: int\n    def m(self):\n        self._d = 3\n"
    assert private_definitions(ast.parse(source)) == {"_A", "_f", "_C", "_b", "_d"}

"""Layout of the package, read from its sources without importing it: no circles, no private members of other files."""

import ast
import collections
import graphlib
import itertools
import pathlib

import pytest

SOURCES = pathlib.Path(__file__).parents[1] / "src/tsnas"
MOST_AT_THE_ROOT = 6


def module_name(path: pathlib.Path) -> str:
    """Dotted name of a file below a package folder, that of the package for its `__init__`."""
    parts = (SOURCES.name, *path.relative_to(SOURCES).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {module_name(path): path for path in sorted(SOURCES.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in PATHS.items()}
# The public names are imported in a stub, which the root loads when one of them is used.
STUB = ast.parse((SOURCES / "__init__.pyi").read_text(encoding="utf-8"))


def imported(tree: ast.AST, package: str, modules) -> set[str]:
    """Those of `modules` that a file imports, wherever in it: at the top, in a function, for type checkers alone.

    `package` is what relative imports start from.
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, (package if node.level else "", node.module)))
            assert node.level < 2, "imports from a folder above are written in full"
            found |= {full if (full := f"{base}.{alias.name}") in modules else base for alias in node.names}
    return found & set(modules)


def import_graph() -> dict[str, set[str]]:
    graph = {}
    for name, tree in TREES.items():
        is_package = PATHS[name].name == "__init__.py"
        graph[name] = imported(tree, name if is_package else name.rpartition(".")[0], TREES)
    graph[SOURCES.name] |= imported(STUB, SOURCES.name, TREES)
    return graph


def circle(graph: dict[str, set[str]]) -> list[str]:
    """A circle in a graph, its first node repeated at its end; empty if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        # It lists the nodes against the direction of the imports.
        return error.args[1][::-1]
    return []


def folder_of(module: str) -> str:
    """Folder of a module below the package, the module itself if it stands at the root."""
    return ".".join(module.split(".")[:2])


def folder_graph() -> dict[str, set[str]]:
    graph = collections.defaultdict(set)
    for name, targets in import_graph().items():
        graph[folder_of(name)] |= {folder_of(target) for target in targets} - {folder_of(name)}
    return dict(graph)


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
    found = circle(folder_graph())
    assert not found, " -> ".join(found)


def test_no_private_member_of_another_file_is_used():
    definitions = {name: private_definitions(tree) for name, tree in TREES.items()}
    found = []
    for name, tree in TREES.items():
        others = set().union(*(names for other, names in definitions.items() if other != name))
        found += [f"{name}:{use}" for use in private_uses(tree, definitions[name], others)]
    assert not found, "\n" + "\n".join(found)


def test_few_modules_stand_at_the_root():
    assert len(list(SOURCES.glob("*.py"))) <= MOST_AT_THE_ROOT


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

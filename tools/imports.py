"""Counts the imports of the package: files, arrows between files and between folders, circles, modules at the root.

    python tools/imports.py [SOURCES]     counts for src/tsnas, or for the package folder of another checkout

Imports are read from the sources, without importing them, wherever they stand: at the top of a file, in a function, or
for type checkers alone.
"""

from __future__ import annotations

import ast
import collections
import graphlib
import pathlib
import sys

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "src/tsnas"
Graph = dict[str, set[str]]


def module_name(path: pathlib.Path, sources: pathlib.Path = SOURCES) -> str:
    """Returns the dotted name of a file below a package folder, that of the package for its `__init__`."""
    parts = (sources.name, *path.relative_to(sources).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.AST, package: str, modules) -> set[str]:
    """Returns those of `modules` that a file imports; `package` is the one that relative imports start from."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, (package if node.level else "", node.module)))
            assert node.level < 2, "imports from a folder above are written in full"
            found |= {full if (full := f"{base}.{alias.name}") in modules else base for alias in node.names}
    return found & set(modules)


def import_graph(sources: pathlib.Path = SOURCES) -> Graph:
    """Returns the files that each file of the package imports, by dotted name."""
    paths = {module_name(path, sources): path for path in sorted(sources.rglob("*.py"))}
    graph = {}
    for name, path in paths.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        graph[name] = imported(ast.parse(path.read_text(encoding="utf-8")), package, paths)
    # The public names of some folders are imported in a stub, and loaded when one of them is used.
    for stub in sources.rglob("__init__.pyi"):
        name = module_name(stub, sources)
        graph[name] |= imported(ast.parse(stub.read_text(encoding="utf-8")), name, paths)
    return graph


def folder_graph(graph: Graph) -> Graph:
    """Returns the same between folders; a module at the root stands for itself."""
    folders: Graph = collections.defaultdict(set)
    for name, targets in graph.items():
        folders[folder_of(name)] |= {folder_of(target) for target in targets} - {folder_of(name)}
    return dict(folders)


def folder_of(module: str) -> str:
    """Returns the folder of a module below the package, the module itself if it stands at the root."""
    return ".".join(module.split(".")[:2])


def circle(graph: Graph) -> list[str]:
    """Returns a circle in a graph, its first node repeated at its end; empty if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        # It lists the nodes against the direction of the imports.
        return error.args[1][::-1]
    return []


def root_modules(sources: pathlib.Path = SOURCES) -> list[str]:
    """Returns the names of the modules at the root of the package, `__init__` among them."""
    return sorted(path.stem for path in sources.glob("*.py"))


def main() -> int:
    sources = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else SOURCES
    files = import_graph(sources)
    folders = folder_graph(files)
    root = root_modules(sources)
    print(f"files            {len(files)}, {sum(map(len, files.values()))} imports between them")
    print(f"folders          {len(folders)}, {sum(map(len, folders.values()))} arrows between them")
    print(f"modules at root  {len(root)}: {', '.join(root)}")
    for what, graph in (("files", files), ("folders", folders)):
        print(f"circle of {what:<7}{' -> '.join(circle(graph)) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

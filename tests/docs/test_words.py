"""Docstrings begin with what a thing is, or with what a function does, and not with a question about it."""

import ast
import pathlib
from collections.abc import Iterator

SOURCES = pathlib.Path(__file__).parents[2] / "src/tsnas"
# "What a network costs" is half a sentence: "Costs of a network" is a noun, "Returns the costs" says what is done.
AVOIDED = ("How", "Those", "What")


def docstrings(tree: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    """(dotted name, docstring) of a module and of all that is public in it."""
    if isinstance(tree, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        last = name.rpartition(".")[2]
        if last.startswith("_") and not isinstance(tree, ast.Module):
            return
        yield name, ast.get_docstring(tree) or ""
    for child in ast.iter_child_nodes(tree):
        own = f"{name}.{child.name}" if hasattr(child, "name") else name
        yield from docstrings(child, own)


def test_no_public_docstring_begins_with_a_question_word():
    found = []
    for path in sorted(SOURCES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name, text in docstrings(tree, ".".join(path.relative_to(SOURCES).with_suffix("").parts)):
            if text.split()[:1] and text.split()[0] in AVOIDED:
                found.append(f"{name}: {text.splitlines()[0]}")
    assert not found, "\n" + "\n".join(found)


def test_docstrings_are_found_in_everything_public():
    source = '''"""What a."""
class B:
    """How b."""
    def c(self):
        """Those c."""
        def d():
            """d"""
    def _e(self):
        """What e."""
        def f():
            """What f."""
    if True:
        def g(self):
            pass
class _H:
    """What h."""
    def i(self):
        """What i."""
'''
    found = list(docstrings(ast.parse(source), "m"))
    assert found == [("m", "What a."), ("m.B", "How b."), ("m.B.c", "Those c."), ("m.B.c.d", "d"), ("m.B.g", "")]

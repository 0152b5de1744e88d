"""Docstrings: every public name has one; those of the reference explain all that goes in and out, in one order."""

import ast
import importlib
import inspect
import pathlib
import pkgutil
import re
import textwrap

import pytest

import tsnas

SOURCES = pathlib.Path(tsnas.__file__).parent
# What the reference shows; other modules are for those who read the sources.
REFERENCE = tuple(f"tsnas.{name}" for name in ("model", "data", "datasets", "cost", "callbacks", "errors", "plots"))
ORDER = ("Args", "Call arguments", "Attributes", "Returns", "Raises", "Example", "Source")
SECTION = re.compile(rf"^({'|'.join(ORDER)}):", re.MULTILINE)


def modules():
    found = [name for _, name, _ in pkgutil.walk_packages([str(SOURCES)], "tsnas.")]
    return ["tsnas", *(name for name in found if not any(part.startswith("_") for part in name.split(".")))]


def reference_objects():
    """(full name, object) of all that the reference documents: functions, classes, and methods of those classes."""
    seen, found = set(), []
    for name in ("tsnas", *REFERENCE):
        module = importlib.import_module(name)
        exported = getattr(module, "__all__", None) or [
            key for key, value in vars(module).items() if getattr(value, "__module__", "") == name
        ]
        for key in exported:
            value = getattr(module, key)
            if key.startswith("_") or not (inspect.isclass(value) or inspect.isfunction(value)) or id(value) in seen:
                continue
            seen.add(id(value))
            found.append((f"{name}.{key}", value))
            if inspect.isclass(value):
                found += [(f"{name}.{key}.{method}", member) for method, member in own_members(value)]
    return found


def own_members(cls):
    """Public methods and properties that a class defines itself, but for what it takes over from Keras by its name."""
    inherited = {key for base in cls.__mro__[1:] for key in vars(base)}
    for key, value in vars(cls).items():
        value = getattr(value, "__func__", value)
        if key.startswith("_") or key in inherited:
            continue
        if inspect.isfunction(value) or isinstance(value, property):
            yield key, value


def parameters(value):
    """Names that a docstring must explain."""
    if isinstance(value, property):
        return []
    if inspect.isclass(value) and "__init__" not in vars(value):
        return []
    skipped = ("self", "cls", "args", "kwargs")
    return [name for name in inspect.signature(value).parameters if name not in skipped and not name.startswith("_")]


def returns_something(value):
    if inspect.isclass(value) or isinstance(value, property):
        return False
    tree = ast.parse(textwrap.dedent(inspect.getsource(value)))
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(tree))


def section(doc, title):
    """The text of one section, empty if it is not there."""
    parts = SECTION.split(doc)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(title, "")


def explained(text):
    """The names at the head of a section's entries."""
    heads = re.findall(r"^    (\*{0,2}\w[\w.*, ]*):", text, re.MULTILINE)
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


@pytest.mark.parametrize("module", modules())
def test_every_public_name_has_a_docstring(module):
    path = SOURCES.parent / module.replace(".", "/")
    tree = ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text())
    assert ast.get_docstring(tree), f"{module} does not say what it is for"
    lacking = [
        f"{module}.{node.name}"
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        # What every module of a command has is explained once, in `Command`.
        and not (module.startswith("tsnas.commands.") and node.name in ("run", "define_flags"))
    ]
    assert not lacking


def test_the_reference_explains_what_goes_in_and_out():
    lacking = []
    for name, value in reference_objects():
        doc = inspect.cleandoc(value.__doc__ or "")
        if not doc:
            lacking.append(f"{name}: no docstring")
            continue
        missing = [p for p in parameters(value) if p not in explained(section(doc, "Args"))]
        if missing:
            lacking.append(f"{name}: Args lacks {', '.join(missing)}")
        # Where nothing goes in, the first line says what comes out.
        if parameters(value) and returns_something(value) and not section(doc, "Returns").strip():
            lacking.append(f"{name}: no Returns")
        titles = SECTION.findall(doc)
        if titles != sorted(titles, key=ORDER.index):
            lacking.append(f"{name}: sections in the order {', '.join(titles)}")
    assert not lacking, "\n" + "\n".join(lacking)

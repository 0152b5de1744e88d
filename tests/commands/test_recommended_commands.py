"""Commands that messages recommend exist, with all their flags: what is pasted from one is never an unknown flag."""

import ast
import pathlib
import re
import shlex

import pytest

from tsnas.commands.main import COMMANDS

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "src/tsnas"
FIRST_WORDS = {name.split()[0] for name in COMMANDS}
# In backticks, or after a colon at the end of a line.
COMMAND = re.compile(rf"`(tsnas [^`]+)`|: (tsnas (?:{'|'.join(sorted(FIRST_WORDS))})\b[^`\n]*)$", re.MULTILINE)
# What stands for a value, or for a command, that is known only where the message is made.
VALUE = "VALUE"


def texts(tree):
    """Texts of a module, of several parts or one, and the lines where they stand; values of f-strings are `VALUE`."""
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else VALUE for part in node.values)
            yield "".join(parts), node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            yield node.value, node.lineno


def recommended():
    """(place, command) of all that is recommended."""
    for path in sorted(SOURCES.rglob("*.py")):
        for text, line in texts(ast.parse(path.read_text(encoding="utf-8"))):
            for quoted, last in COMMAND.findall(text):
                yield f"{path.relative_to(SOURCES)}:{line}", " ".join((quoted or last).split())


def problem(command):
    """What is wrong with a command, or None."""
    try:
        _, *words = shlex.split(command)
    except ValueError as error:
        return str(error)
    flags = [word for word in words if word.startswith("--")]
    name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
    if name in ("COMMAND", VALUE) or name.startswith("--"):
        return None if set(flags) <= {"--help", "--version"} else f"{flags} without a command"
    if name not in COMMANDS:
        # The first of two words stands for all commands that begin with it.
        return None if name in FIRST_WORDS and not flags else f"no command is called {name!r}"
    if "..." in command:
        return "what is to be filled in is not said"
    values = COMMANDS[name].new_flags()
    known = {f"--{name}" for name in values} | {"--help"}
    unknown = [flag for flag in flags if flag.partition("=")[0] not in known]
    return f"{name!r} has no flag {unknown}" if unknown else None


def test_commands_and_flags_of_messages_exist():
    found = list(recommended())
    assert len(found) > 30
    wrong = [f"{place}: `{command}`: {problem(command)}" for place, command in found if problem(command)]
    assert not wrong, "\n" + "\n".join(wrong)


def test_examples_can_be_pasted():
    for name, command in COMMANDS.items():
        assert problem(command.example) is None, name
        program, *words = shlex.split(command.example)
        assert [program, *words[: len(name.split())]] == ["tsnas", *name.split()]
        # Values as well: an unknown board of a list, say, is an error of absl's.
        command.new_flags()([name, *words[len(name.split()) :]])


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("tsnas find --data=x", "no command is called 'find'"),
        ("tsnas search --dat=x.npz", "'search' has no flag"),
        ("tsnas boards kit --port=x", "'boards kit' has no flag"),
        ("tsnas data --window=3", "no command is called 'data'"),
        ("tsnas search --data='x", "No closing quotation"),
        ("tsnas search --data=x ...", "not said"),
        ("tsnas data", None),
        ("tsnas search --data", None),
        ("tsnas VALUE --help", None),
    ],
)
def test_what_is_wrong_is_found(command, said):
    found = problem(command)
    assert (found is None) == (said is None)
    assert said is None or said in found


def test_texts_of_several_parts_are_one():
    tree = ast.parse('say("Try `tsnas boards "\n"kit`", f"Then: tsnas data read {path}")')
    assert [text for text, _ in texts(tree)] == ["Try `tsnas boards kit`", "Then: tsnas data read VALUE"]

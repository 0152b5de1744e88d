"""Every block of code in README.md, docs/ and the benchmarks' notebook is run as it stands, with short trainings.

Those of the README and of the first page after it are run each time, the others with the long tests; of these it is
checked each time that their Python compiles and that tsnas has the commands and flags.

What a reader brings to a page is given: their arrays and recordings (`given`), and files by the names that the pages
use (`files`). Commands of tsnas are run in this process. What installs something, builds with make or measures a
benchmark is not run, but what it names must exist. Blocks after `<!-- not run: reason -->` are not run either, but
their flags must be known.
"""

import ast
import collections
import copy
import os
import pathlib
import re
import shutil
import sys

import numpy as np
import own_recordings
import pytest
from blocks import PYTHON, SHELL, blocks_of
from quick import make_quick

from tsnas.commands.main import COMMANDS, run
from tsnas.cost.board import load_board
from tsnas.cost.latency import op_cycles
from tsnas.cost.measurements import OpMeasurement
from tsnas.cost.op_table import write_table

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# What runs functions eagerly says that it cannot do so for the reading of data.
pytestmark = pytest.mark.filterwarnings("ignore:Even though the:UserWarning")
PAGES = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/NOTEBOOK.md")]
PAGES += sorted((REPOSITORY / "docs").rglob("*.md"))
# What a user meets first.
FIRST = ("README.md", "docs/tutorial.md")
# As few as there can be: whoever marks another block says in review why it cannot be run.
MOST_NOT_RUN = 8
EMULATED = all(map(shutil.which, ("arm-none-eabi-gcc", "qemu-system-arm"))) or bool(os.environ.get("CI"))


def page_blocks(path):
    return blocks_of(path.read_text())


def name_of(path):
    return path.relative_to(REPOSITORY).as_posix()


@pytest.fixture(scope="module", params=["untrained", pytest.param("trained", marks=pytest.mark.long)])
def quick(request):
    with pytest.MonkeyPatch.context() as monkeypatch, make_quick(monkeypatch, request.param == "trained"):
        yield


@pytest.fixture(scope="module")
def given(quick):
    """What the reader of a page has: windows, recordings, and a fitted classifier."""
    import tsnas

    (x, y, groups), (x_test, y_test, _) = tsnas.datasets.shoulder.load_data()
    clf = tsnas.AutoClassifier(max_latency_ms=30, max_ram_kb=64, seed=0, verbose=0).fit(x, y, groups=groups)
    rows = [np.flatnonzero((groups == user) & (y == label))[:3] for user in np.unique(groups) for label in np.unique(y)]
    return {
        "x": x,
        "y": y,
        "groups": groups,
        "x_test": x_test,
        "y_test": y_test,
        "clf": clf,
        "recordings": [np.concatenate(x[row]) for row in rows],
        "labels": [y[row[0]] for row in rows],
        "users": [groups[row[0]] for row in rows],
    }


@pytest.fixture
def files(given, tmp_path, monkeypatch):
    """A folder with the files that pages name."""
    from tsnas.space.operators import space_ops

    arrays = {"x_train": given["x"], "y_train": given["y"], "groups_train": given["groups"]}
    arrays |= {"x_test": given["x_test"], "y_test": given["y_test"]}
    for name in ("mine.npz", "windows.npz"):
        np.savez(tmp_path / name, **arrays)
    board = load_board("nucleo_f446re")
    ops = space_ops(128, 6, 7)
    records = [_record(board, op) for op in ops]
    for name in ("mine.csv", "FILE.csv"):
        write_table(tmp_path / name, records)
    (tmp_path / "model.tflite").write_bytes(given["clf"].tflite_model_)
    own_recordings.phone(tmp_path / "phone")
    own_recordings.long(tmp_path / "long")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _record(board, op):
    """An operator that takes about as long as the model says."""
    cycles = round(1.02 * op_cycles(op, board))
    return OpMeasurement(board.name, "reader", op, cycles, cycles + 3000, 40000, 3000)


def works(block):
    """Whether it does something that takes what the reader of a page has."""
    return not block.not_run and (block.kind == PYTHON or (block.kind == SHELL and "tsnas" in block.text))


def pages():
    """Each page with code; those that are run with the long tests are marked so."""
    for path in PAGES:
        blocks = page_blocks(path)
        if blocks:
            long = name_of(path) not in FIRST and any(map(works, blocks))
            yield pytest.param(path, id=name_of(path), marks=[pytest.mark.long] if long else [])


@pytest.mark.parametrize("path", pages())
def test_page_does_what_it_says(path, quick, request, capsys):
    blocks = page_blocks(path)
    names = {"__name__": "page"}
    if any(map(works, blocks)):
        names |= request.getfixturevalue("given")
        # A page may fit it again.
        names["clf"] = copy.copy(names["clf"])
        request.getfixturevalue("files")
    for block in blocks:
        run_block(block, path, names)


@pytest.mark.parametrize("path", [path for path in PAGES if page_blocks(path)], ids=name_of)
def test_page_can_be_run(path):
    for block in page_blocks(path):
        run_block(block, path, {}, check_only=True)


def run_block(block, path, names, check_only=False):
    """Runs a block with `names`, or checks that it could be."""
    check_only = check_only or block.not_run is not None
    if block.kind == PYTHON:
        compiled = compile("\n" * block.line + block.text, str(path), "exec")
        if not check_only:
            exec(compiled, names)
    elif block.kind == SHELL:
        for words in block.commands():
            run_command(words, f"{name_of(path)}:{block.line}", check_only)


def test_few_blocks_are_not_run(capsys):
    marked = [(name_of(path), block) for path in PAGES for block in page_blocks(path) if block.not_run]
    with capsys.disabled():
        counts = collections.Counter(block.kind for path in PAGES for block in page_blocks(path))
        print(f"\n{counts[PYTHON]} blocks of Python and {counts[SHELL]} of the shell, {len(marked)} of them not run:")
        for page, block in marked:
            print(f"  {page}:{block.line}: {block.not_run}")
    assert len(marked) <= MOST_NOT_RUN


def run_command(words, place, check_only=False):
    """Runs a command of tsnas, or checks that what another one names exists."""
    while words and re.fullmatch(r"[A-Z_0-9]+=.*", words[0]):
        words = words[1:]
    program, *args = words or ["export"]
    if program == "sudo":
        program, *args = args
    if program == "tsnas" and check_only:
        name, *args = args
        if args and f"{name} {args[0]}" in COMMANDS:
            name, args = f"{name} {args[0]}", args[1:]
        COMMANDS[name].new_flags()([name, *args])
    elif program == "tsnas":
        if any("emulate" in word for word in args) and not EMULATED:
            return
        assert run(args) == 0, f"{place}: tsnas {' '.join(args)}"
    elif program == "pip":
        assert args[0] == "install", place
        extras = re.findall(r"\[([\w,]+)\]", " ".join(args))
        known = re.findall(r"^(\w+) =$", (REPOSITORY / "setup.cfg").read_text(), re.MULTILINE)
        assert {extra for group in extras for extra in group.split(",")} <= set(known), place
    elif program == "apt-get":
        makefile = (REPOSITORY / "Makefile").read_text()
        assert all(package in makefile for package in args[1:]), place
    elif program == "make":
        assert re.search(rf"^{args[0]}:", (REPOSITORY / "Makefile").read_text(), re.MULTILINE), place
    elif program in ("python", "python3"):
        check_module(args, place)
    else:
        assert program == "export" or check_only, f"{place}: nobody runs {program}"


def check_module(args, place):
    """`python -m MODULE --flags`: the module is there, and defines the flags or has them from a neighbour."""
    assert args[0] == "-m", place
    source = REPOSITORY / args[1].replace(".", "/")
    source = source / "__main__.py" if source.is_dir() else source.with_suffix(".py")
    if not args[1].startswith("benchmarks."):
        source = pathlib.Path(sys.modules[args[1].partition(".")[0]].__file__)
    assert source.is_file(), f"{place}: no module {args[1]}"
    seen, waiting = {}, [source]
    while waiting:
        path = waiting.pop()
        if path not in seen and path.is_file():
            seen[path] = path.read_text()
            waiting += imported(seen[path])
    for flag in re.findall(r"--(?:no)?(\w+)", " ".join(arg.partition("=")[0] for arg in args[2:])):
        assert re.search(rf"[\"'](--)?{flag}[\"']", "".join(seen.values())), f"{place}: {args[1]} has no flag --{flag}"


def imported(source):
    """Paths of the benchmarks that a benchmark imports from."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "benchmarks":
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return [REPOSITORY / (name.replace(".", "/") + ".py") for name in names]

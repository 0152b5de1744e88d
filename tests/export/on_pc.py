"""Exports compiled for this machine, with the kernels in plain C and everything that finds errors switched on."""

import atexit
import functools
import hashlib
import pathlib
import shutil
import subprocess
import tempfile

import pytest

FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wno-sign-conversion", "-Wno-float-conversion", "-pedantic"]
FLAGS += ["-Werror", "-O1", "-DTSNAS_PORTABLE"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def compile_export(folder, main, target, flags=(*FLAGS, *SANITIZERS)):
    """Compiles the `tsnas` folder of an export with a program's text."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler for this machine: install gcc")
    (folder / "main_of_test.c").write_text(main)
    sources = [*sorted((folder / "tsnas").glob("*.c")), folder / "main_of_test.c"]
    objects = [str(_compiled(compiler, source, flags, folder / "tsnas")) for source in sources]
    subprocess.run([compiler, *flags, *objects, "-lm", "-o", str(target)], check=True)
    return target


def _compiled(compiler, source, flags, headers):
    """The object of a source, kept for the next one with the same text and headers: kernels are in every export."""
    command = [compiler, *flags, f"-I{headers}", str(source)]
    # With comments, since these can be wrong as well, and without the names of files, which differ.
    text = subprocess.run([*command, "-E", "-P", "-CC"], capture_output=True, check=True).stdout
    target = _objects() / f"{hashlib.sha256(repr((compiler, flags)).encode() + text).hexdigest()}.o"
    if not target.exists():
        subprocess.run([*command, "-c", "-o", str(target)], check=True)
    return target


@functools.cache
def _objects():
    folder = tempfile.mkdtemp(prefix="objects-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(folder)

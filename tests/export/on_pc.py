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


def compile_export(folder, main, target, flags=(*FLAGS, *SANITIZERS), sources="tsnas"):
    """Compiles the folder of an export that has its sources with a program's text."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler for this machine: install gcc")
    (folder / "main_of_test.c").write_text(main)
    files = [*sorted((folder / sources).glob("*.c")), folder / "main_of_test.c"]
    objects = [str(_compiled(compiler, file, flags, folder / sources)) for file in files]
    subprocess.run([compiler, *flags, *objects, "-lm", "-o", str(target)], check=True)
    return target


def compile_program(folder, sources, program, stub, defines=()):
    """Compiles a program of an export, unchanged, with its sources and the stand-in of its platform.

    The program is C++ if its name ends in .ino or .cpp; `defines` go to all files.
    """
    if shutil.which("gcc") is None or shutil.which("g++") is None:
        pytest.skip("no C or C++ compiler for this machine: install g++")
    flags = ["-Wall", "-Wextra", "-Werror", "-O1", *defines, f"-I{folder / sources}", f"-I{stub}"]
    cpp = program.endswith((".ino", ".cpp"))
    main = folder / "main_of_test.o"
    command = ["g++", "-std=c++14", "-x", "c++"] if cpp else ["gcc", "-std=gnu11"]
    include = ["-include", "Arduino.h"] if program.endswith(".ino") else []
    subprocess.run([*command, *flags, *include, "-c", str(folder / program), "-o", str(main)], check=True)
    files = sorted((folder / sources).glob("*.c"))
    objects = [str(_compiled("gcc", file, ("-std=c99", *flags), folder / sources)) for file in files]
    target = folder / "program"
    rest = [str(stub / "main.cpp")] if (stub / "main.cpp").exists() else []
    subprocess.run(["g++", str(main), *rest, *objects, "-lm", "-o", str(target)], check=True)
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

"""Exports compiled for this machine, with the kernels in plain C and everything that finds errors switched on."""

import shutil
import subprocess

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
    sources = sorted((folder / "tsnas").glob("*.c"))
    command = [compiler, *flags, f"-I{folder / 'tsnas'}", *map(str, sources), str(folder / "main_of_test.c"), "-lm"]
    subprocess.run([*command, "-o", str(target)], check=True)
    return target

"""Builds the probe firmware of an emulated board with Debian's compilers; CMSIS-NN comes from a PyPI package."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence

from tsnas.errors import ToolchainError
from tsnas.probe.cores import CMSIS_NN, PORTABLE, Toolchain, choose_kernels, find_core
from tsnas.system.files import cache_dir
from tsnas.version import __version__

KERNELS_PACKAGE, KERNELS_VERSION = "bakenn", "1.0.0"
KERNEL_LIBRARY = f"CMSIS-NN 4.0 ({KERNELS_PACKAGE} {KERNELS_VERSION})"
# What the firmware reports as its kernels.
KERNEL_LIBRARIES = {CMSIS_NN: KERNEL_LIBRARY, PORTABLE: f"portable C (tsnas {__version__})"}
OPTIMISATION = "-O3"
FLAGS = (OPTIMISATION, "-std=c11", "-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-fdata-sections")
PORTABLE_FLAG = "-DTSNAS_PORTABLE"
# The kernels of exports, in plain C.
PORTABLE_SOURCES = pathlib.Path(__file__).parents[1] / "export" / "c"


def firmware_dir() -> pathlib.Path:
    """Returns the folder with the sources of the firmware."""
    return pathlib.Path(__file__).parent / "firmware"


def build(
    core: str,
    defines: tuple[str, ...] = (),
    cache: str | os.PathLike[str] | None = None,
    kernels: str | None = None,
) -> pathlib.Path:
    """Builds the firmware of an emulated board, once for each version of its sources.

    Args:
        core: str, one of `tsnas.probe.cores.CORES`.
        defines: tuple of str, further preprocessor symbols, such as `"PROBE_RESET_AFTER=50"`. Defaults to ().
        cache: folder of finished builds. Defaults to None: the user's cache.
        kernels: str, `"cmsis_nn"` or `"portable"`. Defaults to None: CMSIS-NN's where they can run.

    Returns:
        Path of the ELF file.

    Raises:
        ToolchainError: compiler or kernels are missing, or the compiler fails; the message says what to install.
        PortError, SettingError: there is no such core, or it cannot run these kernels.
    """
    sources, kernels = firmware_dir(), choose_kernels(core, kernels)
    files = [
        *sorted((sources / "core").glob("*.c")),
        *sorted((sources / "ops").glob("*.c")),
        sources / "ports" / "main.c",
    ]
    if kernels == PORTABLE:
        files.append(PORTABLE_SOURCES / "tsnas_kernels_portable.c")
    flags = [f"-D{define}" for define in defines]
    flags += [f'-DPROBE_KERNELS="{KERNEL_LIBRARIES[kernels]}"', f'-DPROBE_FLAGS="{OPTIMISATION}"']
    flags += [f"-I{sources / 'ops'}", f"-I{PORTABLE_SOURCES}"]
    command = compile_command(core, files, flags, kernels)
    folder = pathlib.Path(cache) if cache is not None else cache_dir()
    target = folder / f"probe-{core}-{_digest(command, [sources, PORTABLE_SOURCES])}.elf"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    # Another process may build the same: each has its own file, and the last one to finish puts it in place.
    handle, unfinished = tempfile.mkstemp(dir=folder, suffix=".part")
    os.close(handle)
    try:
        compile_image(command, unfinished, find_core(core).toolchain)
        os.replace(unfinished, target)
    finally:
        pathlib.Path(unfinished).unlink(missing_ok=True)
    return target


def compile_command(
    core: str, files: Sequence[pathlib.Path], flags: Sequence[str] = (), kernels: str | None = None
) -> list[str]:
    """Returns the command that compiles sources with kernels and the port of an emulated board, without its output.

    Args:
        core: str, one of `tsnas.probe.cores.CORES`.
        files: sequence of paths of C sources, `main` among them, and the portable kernels if these are chosen.
        flags: sequence of str, such as folders of headers. Defaults to ().
        kernels: str, `"cmsis_nn"` or `"portable"`. Defaults to None: CMSIS-NN's where they can run.

    Returns:
        list of str, the command, to which `compile_image` adds the output.

    Raises:
        ToolchainError: compiler or kernels are missing.
        PortError, SettingError: there is no such core, or it cannot run these kernels.
    """
    chosen, ports = find_core(core), firmware_dir() / "ports"
    sources = [*files, ports / chosen.startup, ports / chosen.port / "port.c"]
    if choose_kernels(core, kernels) == PORTABLE:
        choice = [PORTABLE_FLAG]
    else:
        library = kernels_dir()
        sources += sorted((library / "cmsis_nn" / "Source").rglob("*.c"))
        choice = [f"-I{library / 'cmsis_nn' / 'Include'}", f"-I{library / 'cmsis_core' / 'Include'}"]
    compiler = shutil.which(chosen.toolchain.compiler)
    if compiler is None:
        raise ToolchainError(f"{chosen.toolchain.compiler} is missing; install it with: {chosen.toolchain.install}")
    return [
        compiler,
        *chosen.toolchain.flags,
        *chosen.flags,
        *FLAGS,
        *flags,
        *choice,
        *chosen.toolchain.link_flags,
        f"-L{(ports / chosen.startup).parent}",
        f"-T{ports / chosen.port / chosen.name}.ld",
        *map(str, sources),
    ]


def compile_image(command: Sequence[str], target: str | os.PathLike[str], toolchain: Toolchain) -> None:
    """Runs a command of `compile_command`, for the family of cores that it is for.

    Raises:
        ToolchainError: the compiler fails; the message quotes it.
    """
    done = subprocess.run([*command, "-lm", "-o", os.fspath(target)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolchainError(
            f"{toolchain.compiler} cannot build the firmware:\n{done.stderr.strip()}\nInstall it: {toolchain.install}"
        )


def kernels_dir() -> pathlib.Path:
    """Returns the folder with the sources of CMSIS-NN, inside the package that carries them."""
    spec = importlib.util.find_spec(KERNELS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ToolchainError(
            f"The sources of CMSIS-NN are missing; install them with: pip install 'tsnas[emulator]' "
            f"({KERNELS_PACKAGE}=={KERNELS_VERSION}), or choose kernels='portable', which come with tsnas."
        )
    version = importlib.metadata.version(KERNELS_PACKAGE)
    if version != KERNELS_VERSION:
        raise ToolchainError(
            f"{KERNELS_PACKAGE} is {version}; install {KERNELS_VERSION}: pip install 'tsnas[emulator]'"
        )
    return pathlib.Path(spec.submodule_search_locations[0]) / "backend" / "cmsis_nn" / "vendor"


def _digest(command: list[str], folders: Sequence[pathlib.Path]) -> str:
    digest = hashlib.sha256("\0".join(command).encode())
    for path in sorted(path for folder in folders for kind in ("*.c", "*.h", "*.ld") for path in folder.rglob(kind)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

"""Builds the probe firmware of an emulated board with Debian's compilers; CMSIS-NN comes from a PyPI package."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence

from tsnas.errors import SettingError, ToolchainError
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
PORTABLE_KERNELS = ("tsnas_kernels_portable.c", "add.c", "mean.c", "softmax.c")


def firmware_dir() -> pathlib.Path:
    """Returns the folder with the sources of the firmware."""
    return pathlib.Path(__file__).parent / "firmware"


def build(
    core: str,
    defines: tuple[str, ...] = (),
    cache: str | os.PathLike[str] | None = None,
    kernels: str | None = None,
    cmsis_nn: str | os.PathLike[str] | None = None,
    cflags: str | None = None,
) -> pathlib.Path:
    """Builds the firmware of an emulated board, once for each version of its sources.

    Args:
        core: str, one of `tsnas.probe.cores.CORES`.
        defines: tuple of str, further preprocessor symbols, such as `"PROBE_RESET_AFTER=50"`. Defaults to ().
        cache: folder of finished builds. Defaults to None: the user's cache.
        kernels: str, `"cmsis_nn"` or `"portable"`. Defaults to None: CMSIS-NN's where they can run.
        cmsis_nn: folder of a checkout of CMSIS-NN, from 4.0 on, for its kernels. Defaults to None: 4.0, which a package
            carries.
        cflags: str, flags of the compiler in place of `-O3`, such as `"-Ofast"`. Defaults to None.

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
        files += [PORTABLE_SOURCES / name for name in PORTABLE_KERNELS]
    if cmsis_nn is not None and kernels != CMSIS_NN:
        raise SettingError(f"A folder of CMSIS-NN is given, but kernels={kernels!r} are chosen; leave one of them out.")
    library = KERNEL_LIBRARIES[kernels] if cmsis_nn is None else library_of(cmsis_nn)
    flags = [f"-D{define}" for define in defines]
    flags += [f'-DPROBE_KERNELS="{library}"', f'-DPROBE_FLAGS="{cflags or OPTIMISATION}"']
    flags += [f"-I{sources / 'ops'}", f"-I{PORTABLE_SOURCES}"]
    # The last flags count; other versions of the library may have warnings.
    flags += [] if cmsis_nn is None else ["-Wno-error"]
    flags += shlex.split(cflags or "")
    command = compile_command(core, files, flags, kernels, cmsis_nn)
    folder = pathlib.Path(cache) if cache is not None else cache_dir()
    read = [sources, PORTABLE_SOURCES] + ([] if cmsis_nn is None else [pathlib.Path(cmsis_nn)])
    target = folder / f"probe-{core}-{_digest(command, read)}.elf"
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
    core: str,
    files: Sequence[pathlib.Path],
    flags: Sequence[str] = (),
    kernels: str | None = None,
    cmsis_nn: str | os.PathLike[str] | None = None,
) -> list[str]:
    """Returns the command that compiles sources with kernels and the port of an emulated board, without its output.

    Args:
        core: str, one of `tsnas.probe.cores.CORES`.
        files: sequence of paths of C sources, `main` among them, and the portable kernels if these are chosen.
        flags: sequence of str, such as folders of headers. Defaults to ().
        kernels: str, `"cmsis_nn"` or `"portable"`. Defaults to None: CMSIS-NN's where they can run.
        cmsis_nn: folder of a checkout of CMSIS-NN. Defaults to None: that of the package that carries it.

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
        folder = library / "cmsis_nn" if cmsis_nn is None else checkout_of(cmsis_nn)
        # Since 2026 there are kernels for floating point as well, which need a C library that has such types.
        found = sorted((folder / "Source").rglob("*.c"))
        sources += [path for path in found if not path.stem.endswith(("_f16", "_f32"))]
        choice = [f"-I{folder / 'Include'}", f"-I{library / 'cmsis_core' / 'Include'}"]
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


def checkout_of(cmsis_nn: str | os.PathLike[str]) -> pathlib.Path:
    """Returns the folder of a checkout of CMSIS-NN.

    Raises:
        ToolchainError: it is none; the message says what it lacks.
    """
    folder = pathlib.Path(cmsis_nn)
    for name in ("Include/arm_nnfunctions.h", "Include/arm_nn_math_types.h", "Source/ConvolutionFunctions"):
        if not (folder / name).exists():
            raise ToolchainError(
                f"{str(folder)!r} is no checkout of CMSIS-NN 4.0 or later: it has no {name}. Give the folder that git "
                "clones from github.com/ARM-software/CMSIS-NN, at the version that your firmware has."
            )
    return folder


def library_of(cmsis_nn: str | os.PathLike[str]) -> str:
    """Returns the name of the kernels in a checkout of CMSIS-NN, with the revision and day that its header states."""
    text = (checkout_of(cmsis_nn) / "Include/arm_nnfunctions.h").read_text(encoding="utf-8", errors="replace")
    found = (re.search(rf"\${name}:\s*([\w. ]+?)\s*(?:\$|\n)", text) for name in ("Revision", "Date"))
    told = ", ".join(match[1] for match in found if match)
    return f"CMSIS-NN (arm_nnfunctions.h {told})" if told else "CMSIS-NN, version not stated"


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

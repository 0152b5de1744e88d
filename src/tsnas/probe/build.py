"""Builds the probe firmware of an emulated board with Debian's compiler and the kernels from a PyPI package."""

from __future__ import annotations

import dataclasses
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
from tsnas.system.files import cache_dir

COMPILER = "arm-none-eabi-gcc"
KERNELS_PACKAGE, KERNELS_VERSION = "bakenn", "1.0.0"
KERNEL_LIBRARY = f"CMSIS-NN 4.0 ({KERNELS_PACKAGE} {KERNELS_VERSION})"
INSTALL = "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"
OPTIMISATION = "-O3"
FLAGS = (
    "-mthumb",
    "-mfloat-abi=hard",
    OPTIMISATION,
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-ffunction-sections",
    "-fdata-sections",
)
LINK_FLAGS = ("-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs", "-Wl,--gc-sections")


@dataclasses.dataclass(frozen=True)
class Core:
    """An emulated board.

    Args:
        name: str, name of the core.
        port: str, folder under firmware/mbed_probe/ports.
        machine: str, QEMU's name of the board.
        flags: tuple of str, compiler flags.
    """

    name: str
    port: str
    machine: str
    flags: tuple[str, ...]


CORES = {
    "cortex-m4": Core("cortex-m4", "mps2", "mps2-an386", ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16")),
    "cortex-m33": Core(
        "cortex-m33", "mps2", "mps2-an505", ("-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-DPROBE_CORTEX_M33")
    ),
    "netduinoplus2": Core("cortex-m4", "netduinoplus2", "netduinoplus2", ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16")),
}


def firmware_dir() -> pathlib.Path:
    """Returns the folder with the sources of the firmware."""
    return pathlib.Path(__file__).parent / "mbed_probe"


def build(core: str, defines: tuple[str, ...] = (), cache: str | os.PathLike[str] | None = None) -> pathlib.Path:
    """Builds the firmware of an emulated board, once for each version of its sources.

    Args:
        core: str, one of `CORES`.
        defines: tuple of str, further preprocessor symbols, such as `"PROBE_RESET_AFTER=50"`. Defaults to ().
        cache: folder of finished builds. Defaults to None: the user's cache.

    Returns:
        Path of the ELF file.

    Raises:
        ToolchainError: compiler or kernels are missing, or the compiler fails; the message says what to install.
    """
    sources = firmware_dir()
    files = [
        *sorted((sources / "core").glob("*.c")),
        *sorted((sources / "ops").glob("*.c")),
        sources / "ports" / "main.c",
    ]
    flags = [f"-D{define}" for define in defines]
    flags += [f'-DPROBE_KERNELS="{KERNEL_LIBRARY}"', f'-DPROBE_FLAGS="{OPTIMISATION}"']
    command = compile_command(core, files, flags)
    folder = pathlib.Path(cache) if cache is not None else cache_dir()
    target = folder / f"probe-{core}-{_digest(command, sources)}.elf"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    # Another process may build the same: each has its own file, and the last one to finish puts it in place.
    handle, unfinished = tempfile.mkstemp(dir=folder, suffix=".part")
    os.close(handle)
    try:
        compile_image(command, unfinished)
        os.replace(unfinished, target)
    finally:
        pathlib.Path(unfinished).unlink(missing_ok=True)
    return target


def compile_command(core: str, files: Sequence[pathlib.Path], flags: Sequence[str] = ()) -> list[str]:
    """Returns the command that compiles sources with CMSIS-NN and the port of an emulated board, without its output.

    Args:
        core: str, one of `CORES`.
        files: sequence of paths of C sources, `main` among them.
        flags: sequence of str, such as folders of headers. Defaults to ().

    Returns:
        list of str, the command, to which `compile_image` adds the output.

    Raises:
        ToolchainError: compiler or kernels are missing.
    """
    chosen, ports, kernels = CORES[core], firmware_dir() / "ports", kernels_dir()
    compiler = shutil.which(COMPILER)
    if compiler is None:
        raise ToolchainError(f"{COMPILER} is missing; install it with: {INSTALL}")
    sources = [*files, ports / "startup.c", ports / chosen.port / "port.c"]
    sources += sorted((kernels / "cmsis_nn" / "Source").rglob("*.c"))
    return [
        compiler,
        *chosen.flags,
        *FLAGS,
        *flags,
        f"-I{kernels / 'cmsis_nn' / 'Include'}",
        f"-I{kernels / 'cmsis_core' / 'Include'}",
        *LINK_FLAGS,
        f"-L{ports}",
        f"-T{ports / chosen.port / chosen.name}.ld",
        *map(str, sources),
    ]


def compile_image(command: Sequence[str], target: str | os.PathLike[str]) -> None:
    """Runs a command of `compile_command`.

    Raises:
        ToolchainError: the compiler fails; the message quotes it.
    """
    done = subprocess.run([*command, "-lm", "-o", os.fspath(target)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolchainError(f"{COMPILER} cannot build the firmware:\n{done.stderr.strip()}\nInstall it: {INSTALL}")


def kernels_dir() -> pathlib.Path:
    """Returns the folder with the sources of CMSIS-NN, inside the package that carries them."""
    spec = importlib.util.find_spec(KERNELS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ToolchainError(
            f"The kernels' sources are missing; install them with: pip install 'tsnas[emulator]' "
            f"({KERNELS_PACKAGE}=={KERNELS_VERSION})"
        )
    version = importlib.metadata.version(KERNELS_PACKAGE)
    if version != KERNELS_VERSION:
        raise ToolchainError(
            f"{KERNELS_PACKAGE} is {version}; install {KERNELS_VERSION}: pip install 'tsnas[emulator]'"
        )
    return pathlib.Path(spec.submodule_search_locations[0]) / "backend" / "cmsis_nn" / "vendor"


def _digest(command: list[str], sources: pathlib.Path) -> str:
    digest = hashlib.sha256("\0".join(command).encode())
    for path in sorted(path for pattern in ("*.c", "*.h", "*.ld") for path in sources.rglob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]

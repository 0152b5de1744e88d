"""The probe firmware as a project for a platform, such as a sketch for Arduino, with everything that it needs."""

from __future__ import annotations

import dataclasses
import os
import pathlib

from tsnas.errors import SettingError
from tsnas.probe.build import (
    KERNEL_LIBRARIES,
    KERNEL_LIBRARY,
    PORTABLE_KERNELS,
    PORTABLE_SOURCES,
    firmware_dir,
    kernels_dir,
)
from tsnas.probe.cores import CMSIS_NN, KERNELS, PORTABLE
from tsnas.system.files import write_files

# What every project takes from the sources of exports, and what those with the portable kernels take.
SHARED_FILES = ("fixed_point.h",)
PORTABLE_FILES = ("tsnas_choice.h", "tsnas_kernels.h", "arithmetic.h", *PORTABLE_KERNELS)


@dataclasses.dataclass(frozen=True)
class Platform:
    """A platform that the probe firmware has a port for.

    Args:
        kernels: str, its default kernels.
        files: dict of the port's files, with their names in the project; `{name}` is that of the project's folder.
        extra: dict of further text of one kind of kernels, as (kernels, name in the port) to the name in the project,
            where it is added to what that file has already.
        cmsis_nn: str, the CMSIS-NN that it brings, or None if the project has to have the sources.
        steps: tuple of str, what to do in the project's folder.
    """

    kernels: str
    files: dict[str, str]
    extra: dict[tuple[str, str], str]
    cmsis_nn: str | None
    steps: tuple[str, ...]


PLATFORMS = {
    "arduino": Platform(
        PORTABLE,
        {"probe.ino": "{name}.ino"},
        {},
        None,
        ("Open {name}.ino in the Arduino IDE, choose the board and its port, and upload.",),
    ),
    "zephyr": Platform(
        CMSIS_NN,
        {"main.c": "main.c", "CMakeLists.txt": "CMakeLists.txt", "prj.conf": "prj.conf"},
        {(CMSIS_NN, "cmsis_nn.conf"): "prj.conf"},
        "CMSIS-NN of Zephyr",
        ("west build -b BOARD --pristine", "west flash"),
    ),
    "mbed": Platform(
        CMSIS_NN,
        {"main.cpp": "main.cpp", "mbed_app.json": "mbed_app.json", "mbed-os.lib": "mbed-os.lib"},
        {(CMSIS_NN, "cmsis-nn.lib"): "cmsis-nn.lib", (CMSIS_NN, "mbedignore"): ".mbedignore"},
        "CMSIS-NN 4.0",
        ("mbed config root .", "mbed deploy", "mbed compile -m NUCLEO_F446RE -t GCC_ARM --profile release --flash"),
    ),
}


def write_project(platform: str, directory: str | os.PathLike[str], kernels: str | None = None) -> list[pathlib.Path]:
    """Writes the probe firmware as a project that the tools of a platform build.

    Args:
        platform: str, `"arduino"`, `"zephyr"` or `"mbed"`.
        directory: path of a folder, created if missing. A sketch has its name.
        kernels: str, `"cmsis_nn"` or `"portable"`. Defaults to None: CMSIS-NN's where the platform brings them, on
            Arduino the portable ones.

    Returns:
        list of the paths written.

    Raises:
        SettingError: no such platform, no such kernels, or a name that a sketch cannot have.
        ToolchainError: CMSIS-NN is not installed, for a sketch with its kernels.
        OutputDirError: the folder cannot be written to.

    Example:
        >>> write_project("arduino", "tsnas_probe")[0].name
        'tsnas_probe.ino'
    """
    if platform not in PLATFORMS:
        raise SettingError(f"platform={platform!r} is not known; choose one of {', '.join(map(repr, PLATFORMS))}.")
    chosen = PLATFORMS[platform]
    kernels = kernels or chosen.kernels
    if kernels not in KERNELS:
        raise SettingError(f"kernels={kernels!r} are not known; choose one of {', '.join(map(repr, KERNELS))}.")
    name = pathlib.Path(directory).resolve().name
    if platform == "arduino" and not all(part.isidentifier() for part in (f"a{part}" for part in name.split("-"))):
        raise SettingError(
            f"A sketch has the name of its folder, and {name!r} is none: use letters, digits, _ and -, such as "
            "tsnas_probe."
        )
    port = firmware_dir() / "ports" / platform
    files = {target.format(name=name): (port / source).read_text() for source, target in chosen.files.items()}
    for (choice, source), target in chosen.extra.items():
        if choice == kernels:
            files[target] = files.get(target, "") + (port / source).read_text()
    files |= _sources(kernels, chosen.cmsis_nn or KERNEL_LIBRARY)
    if kernels == CMSIS_NN and chosen.cmsis_nn is None:
        files |= _cmsis_nn_files()
    return write_files(directory, files)


def _sources(kernels: str, cmsis_nn: str) -> dict[str, str]:
    """Returns the sources that all ports share, of which those with kernels say which they are."""
    root = firmware_dir()
    files = {
        f"src/{folder}/{path.name}": path.read_text()
        for folder in ("core", "ops")
        for path in sorted((root / folder).glob("*.[ch]"))
        if not path.name.startswith("library_")
    }
    library = f"library_{kernels}.c"
    files[f"src/ops/{library}"] = (root / "ops" / library).read_text()
    taken = SHARED_FILES + (PORTABLE_FILES if kernels == PORTABLE else ())
    files |= {f"src/ops/{name}": (PORTABLE_SOURCES / name).read_text() for name in taken}
    if kernels == PORTABLE:
        # A sketch has no compiler flags of its own.
        text = f'#define TSNAS_PORTABLE\n#define PROBE_KERNELS "{KERNEL_LIBRARIES[PORTABLE]}"\n'
        for name in (library, "tsnas_kernels_portable.c", "tflm_arithmetic.h"):
            files[f"src/ops/{name}"] = text + files[f"src/ops/{name}"]
    else:
        text = f'#define PROBE_KERNELS "{cmsis_nn}"\n'
        files[f"src/ops/{library}"] = text + files[f"src/ops/{library}"]
    return files


def _cmsis_nn_files() -> dict[str, str]:
    """Returns CMSIS-NN's sources in one folder with ours, where a sketch's sources find its headers."""
    root = kernels_dir()
    paths = [*(root / "cmsis_nn" / "Source").rglob("*.c"), *root.glob("*/Include/*.h")]
    files = {f"src/ops/{path.name}": path.read_text() for path in sorted(paths)}
    return files | {"src/ops/LICENSE_CMSIS_NN.txt": (root / "cmsis_nn" / "LICENSE.txt").read_text()}

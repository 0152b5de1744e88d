"""The emulated boards: core, QEMU's machine, compiler, and the kernels that can run there."""

from __future__ import annotations

import dataclasses

from tsnas.errors import PortError, SettingError

CMSIS_NN, PORTABLE = "cmsis_nn", "portable"
KERNELS = (CMSIS_NN, PORTABLE)


@dataclasses.dataclass(frozen=True)
class Toolchain:
    """Compiler and emulator of a family of cores.

    Args:
        compiler: str, name of the C compiler.
        emulator: str, name of QEMU's program.
        install: str, the command that installs both on Debian.
        flags: tuple of str, flags for all cores of the family.
        link_flags: tuple of str, flags of the linker.
        options: tuple of str, options of the emulator.
    """

    compiler: str
    emulator: str
    install: str
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    options: tuple[str, ...] = ()


ARM = Toolchain(
    compiler="arm-none-eabi-gcc",
    emulator="qemu-system-arm",
    install="sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
    flags=("-mthumb",),
    link_flags=("-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs", "-Wl,--gc-sections"),
)
RISCV = Toolchain(
    compiler="riscv64-unknown-elf-gcc",
    emulator="qemu-system-riscv32",
    install="sudo apt-get install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc",
    flags=("-march=rv32imac", "-misa-spec=2.2", "-mabi=ilp32", "--specs=picolibc.specs"),
    link_flags=("-nostartfiles", "-Wl,--gc-sections,--no-warn-rwx-segments"),
    # Without its own firmware, QEMU starts at the first address of the image.
    options=("-bios", "none"),
)


@dataclasses.dataclass(frozen=True)
class Core:
    """An emulated board.

    Args:
        name: str, name of the core.
        port: str, folder under `ports` of the firmware.
        startup: str, its start-up code, a path under `ports`.
        machine: str, QEMU's name of the board.
        flags: tuple of str, compiler flags.
        instructions_per_tick: float, of the timer that the port reads; see its `probe_port_info`.
        toolchain: `Toolchain`. Defaults to Arm's.
        kernels: tuple of str, the kernels that can run there, the default first. Defaults to all.
    """

    name: str
    port: str
    startup: str
    machine: str
    flags: tuple[str, ...]
    instructions_per_tick: float
    toolchain: Toolchain = ARM
    kernels: tuple[str, ...] = KERNELS


START = "cortex_m/startup.c"
M4_FLAGS = ("-mfloat-abi=hard", "-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16")
M3_FLAGS = ("-mfloat-abi=soft", "-mcpu=cortex-m3", "-DPROBE_CORTEX_M3")
M7_FLAGS = ("-mfloat-abi=hard", "-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-DPROBE_CORTEX_M7")
M33_FLAGS = ("-mfloat-abi=hard", "-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-DPROBE_CORTEX_M33")
# With MVE, as the core's full name says to the compiler.
M55_FLAGS = ("-mfloat-abi=hard", "-mcpu=cortex-m55", "-DPROBE_CORTEX_M55")
# QEMU has no board of this core with enough memory: its code runs on a Cortex-M3, which has all of its instructions.
M0PLUS_FLAGS = ("-mfloat-abi=soft", "-mcpu=cortex-m0plus", "-DPROBE_CORTEX_M0PLUS")
CORES = {
    "cortex-m4": Core("cortex-m4", "mps2", START, "mps2-an386", M4_FLAGS, 5 / 8),
    "cortex-m3": Core("cortex-m3", "mps2", START, "mps2-an385", M3_FLAGS, 5 / 8),
    "cortex-m7": Core("cortex-m7", "mps2", START, "mps2-an500", M7_FLAGS, 5 / 8),
    "cortex-m33": Core("cortex-m33", "mps2", START, "mps2-an505", M33_FLAGS, 25 / 32),
    "cortex-m55": Core("cortex-m55", "mps2", START, "mps3-an547", M55_FLAGS, 125 / 256),
    "cortex-m0plus": Core("cortex-m0plus", "mps2", START, "mps2-an385", M0PLUS_FLAGS, 5 / 8),
    "riscv32": Core("riscv32", "riscv_virt", "riscv_virt/startup.c", "virt", (), 1.0, RISCV, (PORTABLE,)),
    "netduinoplus2": Core("cortex-m4", "netduinoplus2", START, "netduinoplus2", M4_FLAGS, 1 / 64),
}


def find_core(name: str) -> Core:
    """Returns an emulated board by name.

    Raises:
        PortError: there is none of this name.
    """
    if name not in CORES:
        raise PortError(f"No emulated board has core {name!r}; choose {' or '.join(CORES)}.")
    return CORES[name]


def board_flags(core: str) -> str | None:
    """Returns the flags of an Arm compiler for firmware of a core, or None for cores of others, or unknown ones.

    Args:
        core: str, as boards name it.

    Example:
        >>> board_flags("cortex-m4")
        '-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16'
    """
    found = CORES.get(core)
    if found is None or found.toolchain is not ARM:
        return None
    flags = {flag.partition("=")[0]: flag for flag in (*ARM.flags, *found.flags)}
    return " ".join(flags[name] for name in ("-mcpu", "-mthumb", "-mfloat-abi", "-mfpu") if name in flags)


def choose_kernels(core: str, kernels: str | None = None) -> str:
    """Returns the kernels to run on an emulated board.

    Args:
        core: str, one of `CORES`.
        kernels: str, one of `KERNELS`. Defaults to None: CMSIS-NN's where they can run, else the portable ones.

    Raises:
        PortError: there is no such core.
        SettingError: there are no such kernels, or they cannot run on this core.

    Example:
        >>> choose_kernels("riscv32")
        'portable'
    """
    chosen = find_core(core)
    if kernels is None:
        return chosen.kernels[0]
    if kernels not in KERNELS:
        raise SettingError(f"kernels={kernels!r} are not known; choose one of {', '.join(map(repr, KERNELS))}.")
    if kernels not in chosen.kernels:
        raise SettingError(
            f"kernels={kernels!r} cannot run on {core!r}: CMSIS-NN is for Arm's cores. Choose kernels='portable'."
        )
    return kernels

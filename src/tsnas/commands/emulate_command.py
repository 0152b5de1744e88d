"""tsnas emulate: starts an emulated board with the probe firmware, behind a TCP port."""

from __future__ import annotations

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.commands.kernel_flags import CORES, define_kernels
from tsnas.system.terminal import say


def define_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_enum(
        "core",
        "cortex-m4",
        CORES,
        "Core of the emulated board, or the name of a QEMU board.",
        flag_values=values,
    )
    define_kernels(values)
    flags.DEFINE_integer("tcp_port", 0, "Port on 127.0.0.1; 0 for any free one.", 0, 65535, flag_values=values)
    flags.DEFINE_bool("build_only", False, "Build the firmware, print its path and exit.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.probe.build import build
    from tsnas.probe.emulator import Emulator

    refuse_arguments(arguments)
    elf = build(values.core, kernels=values.kernels)
    if values.build_only:
        if values.tcp_port:
            raise UsageError("--tcp_port has no effect with --build_only; leave one of them out")
        print(elf)
        return
    with Emulator(values.core, elf, values.tcp_port) as board:
        say(f"Emulated {values.core}, probe firmware {elf}.\nPort: {board.url} (one connection; Ctrl-C ends it)")
        shape = "--shape=128x9 --classes=6"
        say(f"In another terminal: tsnas characterize --port={board.url} --board=nucleo_f446re {shape}")
        board.wait()


COMMAND = Command(
    name="emulate",
    summary="Start an emulated board with the probe firmware, to try commands that need a board.",
    usage="[--core=CORE] [--kernels=KERNELS] [--tcp_port=PORT]",
    example="tsnas emulate --core=cortex-m4",
    define_flags=define_flags,
    run=run,
    details="Builds the firmware with arm-none-eabi-gcc or riscv64-unknown-elf-gcc, starts QEMU and prints the port. "
    "The emulated board counts instructions, not cycles.",
)

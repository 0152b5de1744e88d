"""Flags about kernels: those of an emulated board, with its core, and those that a board is flashed with."""

from __future__ import annotations

from absl import flags

# As in `tsnas.probe.cores`, which is not imported for the sake of a quick `--help`; a test compares them.
CORES = ("cortex-m4", "cortex-m3", "cortex-m7", "cortex-m33", "cortex-m55", "cortex-m0plus", "riscv32", "netduinoplus2")
KERNELS = ("cmsis_nn", "portable")


def define_kernels(values: flags.FlagValues) -> None:
    """Defines the flag --kernels of commands that start an emulated board."""
    flags.DEFINE_enum(
        "kernels",
        None,
        KERNELS,
        "Kernels on the emulated board: CMSIS-NN, or those in plain C. Default: CMSIS-NN on Arm's cores.",
        flag_values=values,
    )


def define_board_kernels(values: flags.FlagValues) -> None:
    """Defines the flag --kernels of commands that predict costs on a board."""
    flags.DEFINE_string(
        "kernels",
        None,
        "Kernels that the board is flashed with: cmsis_nn, reference (TensorFlow Lite Micro's own), portable (plain C, "
        "as in exports), esp_nn, or others that its file has figures for. Default: the best documented of the board.",
        flag_values=values,
    )

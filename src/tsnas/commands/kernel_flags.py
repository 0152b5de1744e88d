"""Flags of the commands that start an emulated board: its core, and the kernels that run there."""

from __future__ import annotations

from absl import flags

# As in `tsnas.probe.cores`, which is not imported for the sake of a quick `--help`; a test compares them.
CORES = ("cortex-m4", "cortex-m33", "cortex-m0plus", "riscv32", "netduinoplus2")
KERNELS = ("cmsis_nn", "portable")


def define_kernels(values: flags.FlagValues) -> None:
    """Defines the flag --kernels."""
    flags.DEFINE_enum(
        "kernels",
        None,
        KERNELS,
        "Kernels on the emulated board: CMSIS-NN, or those in plain C. Default: CMSIS-NN on Arm's cores.",
        flag_values=values,
    )

"""Parts of a board: names of kernels, error of its latencies, factors of operators, constants of its runtime, NPU."""

from __future__ import annotations

import dataclasses
import os
import re

# Names of kernels. One word names them wherever they are chosen: board files, estimates, exports, the emulator.
CMSIS_NN, ESP_NN, REFERENCE, PORTABLE = "cmsis_nn", "esp_nn", "reference", "portable"
# Plain loops, written for no core.
PLAIN_KERNELS = (REFERENCE, PORTABLE)
# Cores with MVE (Helium), unless the maker of a chip has left it out: CMSIS-NN has kernels with vectors for them.
MVE_CORES = ("cortex-m52", "cortex-m55", "cortex-m85")
# Cores of Arm, of which everybody has other spellings.
CORTEX_M = (
    *("cortex-m0", "cortex-m0plus", "cortex-m1", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m23", "cortex-m33"),
    *("cortex-m35p", *MVE_CORES),
)
# Fields that hold for every kind of kernels; all others belong to one of them.
BOARD_FIELDS = (
    "name",
    "description",
    "core",
    "clock_hz",
    "ram_bytes",
    "flash_bytes",
    "active_power_mw",
    "flash_byte_cycles",
)


def core_named(text: str) -> str:
    """Returns the name of a core by any of its spellings; a core that is not Arm's as it was given.

    Args:
        text: str, such as `"Cortex-M55"`, `"cortex_m4f"` or `"M0+"`.

    Returns:
        str, such as `"cortex-m55"`.
    """
    short = re.sub(r"[^a-z0-9]", "", text.lower().replace("+", "plus")).removeprefix("arm").removeprefix("cortex")
    return next((core for core in CORTEX_M if core.removeprefix("cortex-") in (short, short.removesuffix("f"))), text)


@dataclasses.dataclass(frozen=True)
class LatencyError:
    """Error of the latency model on operators that it was not fitted to.

    Args:
        median_relative: float, median of |predicted / measured - 1|.
        p95_relative: float, its 95th percentile.
        n_ops: int, number of those operators.
        split: str, how they were held out.
    """

    median_relative: float
    p95_relative: float
    n_ops: int
    split: str


@dataclasses.dataclass(frozen=True)
class Factor:
    """Factor of one kind of operator: its timings, in multiples of the model before it was calibrated by them.

    Args:
        factor: float, by which the cycles of the model are multiplied.
        margin_relative: float, relative margin of the product.
        timed: bool, whether timings tell the factor; else it is that of the other kinds.
    """

    factor: float
    margin_relative: float
    timed: bool


@dataclasses.dataclass(frozen=True)
class Runtime:
    """Constants of the TensorFlow Lite Micro build on a board, in bytes; see `tsnas.cost.memory`.

    Args:
        alignment: int, buffers in the arena start at multiples of this.
        base_bytes: int, persistent bytes of any model with one input and one output.
        extra_input_bytes: int, persistent bytes of each further input of a model.
        tensor_bytes: int, persistent bytes of each tensor, weights included.
        slack_bytes: int, most bytes that alignment can add to a model of several operators, compared with single ones.
        conv2d_slack_bytes: int, bytes that later TFLM versions keep for each convolution beyond the measured version.
        op_bytes: dict of the persistent bytes of each kind of operator, without its tensors.
    """

    alignment: int
    base_bytes: int
    extra_input_bytes: int
    tensor_bytes: int
    slack_bytes: int
    conv2d_slack_bytes: int
    op_bytes: dict[str, int]


@dataclasses.dataclass(frozen=True)
class Npu:
    """An NPU as Vela is told of it.

    Args:
        accelerator: str, such as `"ethos-u55-128"`: with 128 multiply-accumulates per cycle.
        system_config: str, section of Vela's own `Arm/vela.ini` with the clocks and the speed of the memories, such as
            `"Ethos_U55_High_End_Embedded"`.
        memory_mode: str, section of the same file that says which memory holds what, such as `"Shared_Sram"`.
    """

    accelerator: str
    system_config: str
    memory_mode: str

    def command(self, file: str | os.PathLike[str]) -> list[str]:
        """Returns the command that compiles a .tflite file as its costs were found."""
        how = (f"--accelerator-config={self.accelerator}", f"--system-config={self.system_config}")
        return ["vela", *how, f"--memory-mode={self.memory_mode}", "--config=Arm/vela.ini", os.fspath(file)]

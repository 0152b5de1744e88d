"""tsnas probe: writes the probe firmware as a project for a board, such as a sketch for Arduino."""

from __future__ import annotations

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.commands.kernel_flags import KERNELS
from tsnas.system.terminal import say

# As in `tsnas.probe.port_project`, which is not imported for the sake of a quick `--help`; a test compares them.
PLATFORMS = ("arduino", "zephyr", "mbed")


def define_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_enum("platform", None, PLATFORMS, "What builds the firmware. Required.", flag_values=values)
    flags.DEFINE_string(
        "out", None, "Folder to write to; created if missing. A sketch has its name. Required.", flag_values=values
    )
    flags.DEFINE_enum(
        "kernels",
        None,
        KERNELS,
        "Kernels to measure: CMSIS-NN, for Arm's cores, or those in plain C. Default: CMSIS-NN where the platform "
        "brings it, on Arduino plain C.",
        flag_values=values,
    )


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    import pathlib

    from tsnas.probe.port_project import PLATFORMS as KNOWN
    from tsnas.probe.port_project import write_project

    refuse_arguments(arguments)
    for name in ("platform", "out"):
        if not values[name].value:
            raise UsageError(f"--{name} is required")
    written = write_project(values.platform, values.out, values.kernels)
    platform = KNOWN[values.platform]
    say(f"Wrote {len(written)} files to {values.out}, with the {values.kernels or platform.kernels} kernels. There:")
    for step in platform.steps:
        say(f"  {step.format(name=pathlib.Path(values.out).resolve().name)}")
    say("Then: tsnas characterize --port=PORT --board=NAME --ram_kb=KB --flash_kb=KB --shape=TIMExCHANNELS --classes=N")


COMMAND = Command(
    name="probe",
    summary="Write the probe firmware for a board, as a sketch for Arduino or a project for Zephyr or Mbed OS.",
    usage="--platform=PLATFORM --out=DIR [--kernels=KERNELS]",
    example="tsnas probe --platform=arduino --out=tsnas_probe",
    define_flags=define_flags,
    run=run,
    details="On the board, the firmware runs single operators and counts the cycles that they take, for "
    "`tsnas characterize` and `tsnas verify`.",
)

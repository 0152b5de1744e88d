"""tsnas boards kit: writes four small models as a sketch that times them, to calibrate a board."""

from __future__ import annotations

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.system.terminal import say


def define_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string("out", None, "Folder to write to; created if missing. Required.", flag_values=values)
    flags.DEFINE_string(
        "core",
        "cortex-m4",
        "Core of the board. Matters if it has MVE (cortex-m52, cortex-m55, cortex-m85): CMSIS-NN then takes more RAM.",
        flag_values=values,
    )
    flags.DEFINE_bool("overwrite", False, "Replace the files of an earlier kit.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.system.files import check_output_dir
    from tsnas.system.quiet import import_tensorflow

    refuse_arguments(arguments)
    if not values.out:
        raise UsageError("--out is required")
    check_output_dir(values.out)
    import_tensorflow()
    from tsnas.commands.job import list_files
    from tsnas.export.kit import write_kit

    paths = write_kit(values.out, values.overwrite, values.core)
    say(f"Wrote to {values.out}:\n{list_files(paths)}\n\nREADME.md says how to go on.")


COMMAND = Command(
    name="boards kit",
    summary="Write four small models as a sketch that times them, to calibrate a board.",
    usage="--out=DIR [--core=CORE] [--overwrite]",
    example="tsnas boards kit --out=runs/kit",
    define_flags=define_flags,
    run=run,
    details="The sketch is for any Arduino core of 32 bits. It prints one line for each model, which `tsnas boards "
    "calibrate` reads.",
)

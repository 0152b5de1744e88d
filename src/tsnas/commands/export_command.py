"""tsnas export: writes firmware sources of a finished model, and runs them on an emulated board."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Any

from absl import flags

from tsnas.commands.command import Command, UsageError
from tsnas.commands.job import DATASETS, ONE_SOURCE, load_dataset
from tsnas.commands.kernel_flags import CORES, define_kernels
from tsnas.system.terminal import columns, fit_table, say

if TYPE_CHECKING:
    import numpy as np

    from tsnas.export import Firmware

FORMATS = ("tflite", "c", "tflm", "arduino", "espidf", "mbed", "zephyr")
SHOWN = 10


def define_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_enum("format", "c", FORMATS, "Format of the export.", flag_values=values)
    flags.DEFINE_string("out", None, "Folder to write to; created if missing. Required.", flag_values=values)
    flags.DEFINE_string("board", None, "Board to estimate for. Default: that of the model.", flag_values=values)
    flags.DEFINE_string(
        "data",
        None,
        "A .npz file whose test windows, or else training windows, are used for the self-test.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "dataset", None, DATASETS, "A public data set instead of --data, as for `tsnas search`.", flag_values=values
    )
    flags.DEFINE_integer(
        "stride",
        None,
        "Samples from one result to the next. Default: that of the model, or half a window.",
        1,
        flag_values=values,
    )
    flags.DEFINE_float(
        "rate_hz",
        None,
        "Raw samples per second, at which the examples read a sensor. Default: that of the model's signal.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "units",
        None,
        "Units of the raw channels, one for each or one for each three, such as m/s2,rad/s; for the sketch of "
        "--format=arduino that reads an inertial sensor. Default: those of the model's channels, if it names them.",
        flag_values=values,
    )
    flags.DEFINE_boolean(
        "emulate", False, "Also compile the sources and run them on an emulated board.", flag_values=values
    )
    flags.DEFINE_integer("windows", 100, "Number of windows for the emulated board.", 1, flag_values=values)
    flags.DEFINE_enum(
        "core", None, CORES, "Core of the emulated board. Default: that of the model's board.", flag_values=values
    )
    define_kernels(values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import board_beside
    from tsnas.export import Firmware, export_model
    from tsnas.export.model_json import read_model_json
    from tsnas.export.plain import is_plain
    from tsnas.tflite.parser import read_model_bytes

    if len(arguments) != 1:
        raise UsageError(f"expected the path of one model or of the folder of a search, not {len(arguments)} arguments")
    if not values.out:
        raise UsageError("--out is required")
    if values.data and values.dataset:
        raise UsageError(ONE_SOURCE)
    if values.emulate and values.format != "c":
        raise UsageError(f"--emulate requires --format=c; sources of --format={values.format} need their own platform")
    for name in ("core", "kernels"):
        if values[name].value and not values.emulate:
            raise UsageError(
                f"--{name} is for --emulate alone; what is written has both kinds of kernels where it has any, chosen "
                "when it is compiled (-DTSNAS_PORTABLE for the portable ones)"
            )
    path = pathlib.Path(arguments[0])
    tflite = read_model_bytes(path / "model.tflite" if path.is_dir() else path)
    if is_plain(tflite):
        _export_plain(tflite, values)
        return
    card = read_model_json(path)
    firmware = Firmware.of(tflite, values.board or board_beside(path), smooth=card.get("smooth", 1))
    kernels = _choose_kernels(firmware, values) if values.emulate else ""
    x, y = _load_windows(values)
    written = export_model(
        firmware,
        values.out,
        values.format,
        x,
        values.stride,
        card["architecture"] if isinstance(card.get("architecture"), list) else [],
        rate_hz=values.rate_hz,
        units=values.units,
    )
    _list_files(values.out, written)
    if values.emulate:
        _emulate(firmware, x, y, values, kernels)


def _list_files(folder: str, written: list[pathlib.Path]) -> None:
    say(f"Wrote to {folder}:")
    for file in written:
        say(f"  {file.stat().st_size:>10,} bytes  {file.relative_to(folder)}")


# Flags that only a model of tsnas has a use for: it says how windows become its input and classes its output.
OWN_FLAGS = ("data", "dataset", "stride", "rate_hz", "units")


def _export_plain(tflite: bytes, values: flags.FlagValues) -> None:
    """Exports a file that tsnas did not make."""
    from tsnas.export.plain import export_plain

    given = [name for name in OWN_FLAGS if values[name].value] + ["emulate"] * values.emulate
    if given:
        raise UsageError(
            f"--{given[0]} is for models made by tsnas, which say how input is standardised and how classes "
            "are named; of this one the network alone is exported (`tsnas verify` runs its operators on a board)"
        )
    if values.board is None:
        raise UsageError("--board is required: the file does not name its board; `tsnas boards` lists the names")
    _list_files(values.out, export_plain(tflite, values.board, values.out, values.format))


def _load_windows(values: flags.FlagValues) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Loads raw windows and their labels, if any are given."""
    if values.dataset:
        named = load_dataset(values.dataset)
        return named.x_test, named.y_test
    if not values.data:
        return None, None
    from tsnas.datasets import load_npz

    data = load_npz(values.data)
    return (data.x_train, data.y_train) if data.x_test is None else (data.x_test, data.y_test)


def _choose_kernels(firmware: Firmware, values: flags.FlagValues) -> str:
    """Returns the kernels for the emulated board; refuses what it cannot run before anything is written."""
    from tsnas.probe.cores import choose_kernels

    return choose_kernels(values.core or firmware.board.core, values.kernels)


def _emulate(firmware: Firmware, x: Any, y: Any, values: flags.FlagValues, kernels: str) -> None:
    import numpy as np

    from tsnas.export.emulate import verify_export
    from tsnas.export.selftest import SelfTest
    from tsnas.system.bars import progress_bar

    count, core = values.windows, values.core or firmware.board.core
    if x is None:
        chosen, labels = SelfTest.of(firmware, None, count).windows, None
    else:
        places = np.unique(np.linspace(0, len(x) - 1, count).round().astype(int))
        chosen, labels = np.asarray(x)[places], np.asarray(y)[places]
    say(f"\nCompiling with the {kernels} kernels and running on an emulated {core}:")
    with progress_bar("emulate", len(chosen), "window") as bar:
        verified = verify_export(firmware, chosen, core, bar.update, kernels)
    names = [firmware.classes[i] for i in verified.answers.classes]
    headers, listed = ["window", "class"], [[str(place) for place in range(len(names))], names]
    if labels is not None:
        headers, listed = [*headers, "label"], [*listed, [str(label) for label in labels]]
    rows = list(zip(*listed, strict=True))[:SHOWN]
    print(fit_table(rows, headers, ["left"] * len(headers), columns(), shorten={"class": 12, "label": 12}))
    if labels is not None:
        right = sum(name == str(label) for name, label in zip(names, labels, strict=True))
        say(f"... {right} of {len(names)} windows were classified correctly")
    say(f"\n{verified}")


COMMAND = Command(
    name="export",
    summary="Write a model as firmware sources, and optionally run them on an emulated board.",
    usage="(DIR | FILE.tflite) --out=DIR [--format=FORMAT] [--data=FILE.npz | --dataset=NAME] [--emulate "
    "[--core=CORE] [--kernels=KERNELS]] [--flag=value ...]",
    example="tsnas export runs/demo --out=runs/firmware --dataset=shoulder --emulate",
    define_flags=define_flags,
    run=run,
    details="The sources take raw sensor values sample by sample, return class names, and include a self-test. "
    "--emulate compares every output byte with the reference interpreter, prints the time per window that corresponds "
    "to the counted instructions, and ends with exit code 2 if a byte differs. Of a .tflite file that others made, the "
    "network alone is exported (--format=c, arduino or tflite, with --board), with a self-test of random windows.",
)

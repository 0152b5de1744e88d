"""tsnas data windows: from CSV files to the .npz file that a search takes."""

from __future__ import annotations

import io
import pathlib
from typing import Any

from absl import flags

from tsnas.commands.command import Command, UsageError, no_arguments
from tsnas.commands.csv_flags import (
    define_csv_flags,
    define_test_groups,
    define_window_flags,
    recordings_of,
    require_labels,
)
from tsnas.commands.job import text_flag
from tsnas.system.words import plural


def define_flags(values: flags.FlagValues) -> None:
    define_csv_flags(values)
    define_window_flags(values)
    define_test_groups(values)
    flags.DEFINE_enum(
        "rule",
        "majority",
        ["majority", "strict"],
        "What becomes of a window with several labels: it gets the most frequent one, or is left out.",
        flag_values=values,
    )
    text_flag(values, "out", "The .npz file to write. Required.")
    flags.DEFINE_bool("overwrite", False, "Replace the file if it is there.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    import numpy as np

    from tsnas.data import Signal
    from tsnas.system.files import write_file

    no_arguments(arguments)
    for name in ("csv", "window", "out"):
        if values[name].value is None:
            raise UsageError(f"--{name} is required")
    require_labels(values)
    out = pathlib.Path(values.out)
    if out.suffix != ".npz":
        raise UsageError(f"--out is {str(out)!r}; the file ends in .npz")
    if out.exists() and not values.overwrite:
        raise UsageError(f"{str(out)!r} is there already; give --overwrite to replace it, or another --out")
    signal = Signal(values.window, values.stride)
    data = recordings_of(values)
    parts = {"train": data}
    if values.test_groups is not None:
        parts["train"], parts["test"] = data.split(values.test_groups)
    arrays: dict[str, Any] = {}
    for part, recordings in parts.items():
        x, y, groups = recordings.windows(signal, values.rule)
        arrays |= {f"x_{part}": x, f"y_{part}": y, f"groups_{part}": groups}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_file(out, content.getvalue())
    print("\n".join(data.notes), end="\n\n" if data.notes else "")
    for part in parts:
        x = arrays[f"x_{part}"]
        distinct = {name: len(np.unique(arrays[f"{name}_{part}"])) for name in ("y", "groups")}
        print(
            f"{part:<5}  {len(x):,} windows of {x.shape[1]} samples and {x.shape[2]} channels at {data.rate_hz:g} Hz, "
            f"{plural(distinct['y'], 'class')}, {plural(distinct['groups'], 'group')}"
        )
    print(f"\nWrote {out}. Look at it with: tsnas data check --data={out}")


COMMAND = Command(
    name="data windows",
    summary="Cut CSV files of sensor data into windows, for `tsnas search --data`.",
    usage="--csv=FOLDER (--time=COLUMN | --rate_hz=HZ) (--label=COLUMN | --label_from=folder | --pattern=REGEX) "
    "--window=SAMPLES --out=FILE.npz [--test_groups=GROUP[,GROUP ...]] [--flag=value ...]",
    example="tsnas data windows --csv=recordings --time=time_ms --label_from=folder --window=128 --out=windows.npz",
    define_flags=define_flags,
    run=run,
    details="Rows are put in order by time, gaps divide recordings, and samples are brought to one rate; each change "
    "is printed. The names of the arrays are those of `tsnas search --data`.",
)

"""tsnas data windows: cuts CSV files into windows, in a .npz file that a search takes."""

from __future__ import annotations

import io
import pathlib
from typing import Any

from absl import flags

from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.commands.csv_flags import (
    define_csv_flags,
    define_test_groups,
    define_window_flags,
    read_recordings,
    require_labels,
)
from tsnas.commands.job import define_text_flag
from tsnas.system.words import plural


def define_flags(values: flags.FlagValues) -> None:
    define_csv_flags(values)
    define_window_flags(values)
    define_test_groups(values)
    flags.DEFINE_enum(
        "rule",
        "majority",
        ["majority", "strict"],
        "Rule for windows with several labels: use the most frequent one, or leave the window out.",
        flag_values=values,
    )
    define_text_flag(values, "out", "The .npz file to write. Required.")
    flags.DEFINE_bool("overwrite", False, "Replace the file if it exists.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    import numpy as np

    from tsnas.data import Signal
    from tsnas.system.files import write_file

    refuse_arguments(arguments)
    for name in ("csv", "window", "out"):
        if values[name].value is None:
            raise UsageError(f"--{name} is required")
    require_labels(values)
    out = pathlib.Path(values.out)
    if out.suffix != ".npz":
        raise UsageError(f"--out is {str(out)!r}, but must end in .npz")
    if out.exists() and not values.overwrite:
        raise UsageError(f"{str(out)!r} already exists; give --overwrite to replace it, or another --out")
    signal = Signal(values.window, values.stride)
    data = read_recordings(values)
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
    print(f"\nWrote {out}. Check it with: tsnas data check --data={out}")


COMMAND = Command(
    name="data windows",
    summary="Cut CSV files of sensor data into windows, for `tsnas search --data`.",
    usage="--csv=FOLDER (--time=COLUMN | --rate_hz=HZ) (--label=COLUMN | --label_from=folder | --pattern=REGEX) "
    "--window=SAMPLES --out=FILE.npz [--test_groups=GROUP[,GROUP ...]] [--flag=value ...]",
    example="tsnas data windows --csv=recordings --time=time_ms --label_from=folder --window=128 --out=windows.npz",
    define_flags=define_flags,
    run=run,
    details="Rows are sorted by time, gaps divide recordings, and samples are resampled to one rate; each kind of "
    "change is printed. The arrays have the names that `tsnas search --data` expects.",
)

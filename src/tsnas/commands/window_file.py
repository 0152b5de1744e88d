"""Writes the windows of recordings to a .npz file that a search takes, for commands."""

from __future__ import annotations

import io
import pathlib
import shlex
import typing
from typing import Any

from tsnas.commands.command import UsageError
from tsnas.system.terminal import say
from tsnas.system.words import plural

if typing.TYPE_CHECKING:
    from tsnas.data import RecordingSet, Signal


def check_out(out: str, overwrite: bool) -> None:
    """Raises UsageError unless a .npz file of this name may be written."""
    if pathlib.Path(out).suffix != ".npz":
        raise UsageError(f"--out is {out!r}, but must end in .npz")
    if pathlib.Path(out).exists() and not overwrite:
        raise UsageError(f"{out!r} already exists; give --overwrite to replace it, or another --out")


def write_windows(data: RecordingSet, signal: Signal, rule: str, test_groups: list[str] | None, out: str) -> None:
    """Cuts recordings into windows, writes them, and prints how many there are."""
    import numpy as np

    from tsnas.system.files import write_file

    parts = {"train": data}
    if test_groups is not None:
        parts["train"], parts["test"] = data.split(test_groups)
    arrays: dict[str, Any] = {}
    for part, recordings in parts.items():
        x, y, groups = recordings.windows(signal, rule)
        arrays |= {f"x_{part}": x, f"y_{part}": y, f"groups_{part}": groups}
    # They travel on to reports and firmware.
    arrays["channels"] = np.array(data.channels)
    if data.known_rate_hz is not None:
        arrays["rate_hz"] = np.array(data.known_rate_hz)
    if data.units:
        arrays["units"] = np.array(data.units)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_file(pathlib.Path(out), content.getvalue())
    for part in parts:
        x = arrays[f"x_{part}"]
        distinct = {name: len(np.unique(arrays[f"{name}_{part}"])) for name in ("y", "groups")}
        say(
            f"{part:<5}  {len(x):,} windows of {x.shape[1]} samples and {x.shape[2]} channels at {data.rate_hz:g} Hz, "
            f"{plural(distinct['y'], 'class')}, {plural(distinct['groups'], 'group')}"
        )
    groups = np.unique(arrays["groups_train"]).tolist()
    if test_groups is not None and len(groups) == 1:
        say(
            f"\nwarning: All windows to train on are of one group, {groups[0]!r}: a search cannot tell what holds for "
            "others. Hold out fewer groups, or record more of them."
        )
    say(f"\nWrote {out}. Check it with: tsnas data check --data={shlex.quote(str(out))}")

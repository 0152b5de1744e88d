"""The result of a check of data: statistics of channels, counts of classes and findings, and their printed form."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from typing import Any

from tsnas.system.terminal import fit_table
from tsnas.system.words import number, plural

SEVERITIES = ("error", "warning", "info")
WIDTH = 100
MOST_GROUPS = 8


@dataclasses.dataclass(frozen=True)
class Finding:
    """One observation about the data.

    Args:
        severity: str, `"error"`: a search would refuse the data; `"warning"`: scores or the model may be worth less
            than they seem; `"info"`: good to know.
        kind: str, such as `"clipped"`, for use in programs.
        message: str, one or two sentences: the observation, with numbers, and what to do about it.
        numbers: dict of the figures in the message.
    """

    severity: str
    kind: str
    message: str
    numbers: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class ChannelSummary:
    """Statistics of the finite values of one channel.

    Args:
        name: str.
        minimum, maximum, mean, std: float, in the units of the channel.
        clipped: float, fraction of the samples that are in runs of three or more at the minimum or the maximum.
        clipped_at: tuple of float, the minimum, the maximum or both, whichever have such runs.
        still: float, fraction of the samples that are in long runs of one value between minimum and maximum.
        missing: int, number of samples that are NaN or infinite.
        constant: bool, whether all samples have the same value.
    """

    name: str
    minimum: float
    maximum: float
    mean: float
    std: float
    clipped: float
    clipped_at: tuple[float, ...]
    still: float
    missing: int
    constant: bool


@dataclasses.dataclass(frozen=True)
class DataReport:
    """The result of `tsnas.data.check`, which `print` shows as text.

    Args:
        heading: str, a one-line description of the data.
        channels: tuple of `ChannelSummary`.
        counts: dict of class to dict of group to the number of its windows, or of samples if no windows were cut; the
            group is None if no groups are known.
        noun: str, the items that were counted: `"window"` or `"sample"`.
        notes: tuple of str, the changes that were made when the data were read.
        findings: tuple of `Finding`, errors first.
    """

    heading: str
    channels: tuple[ChannelSummary, ...]
    counts: dict[Any, dict[Any, int]]
    noun: str
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True if there is neither an error nor a warning."""
        return all(finding.severity == "info" for finding in self.findings)

    def kinds(self) -> set[str]:
        """Returns the kinds of all findings."""
        return {finding.kind for finding in self.findings}

    def to_json(self) -> dict[str, Any]:
        """Returns a dict of plain JSON values; keys of `counts` become text, values that are not finite become None."""
        counts = {str(label): {str(group): n for group, n in row.items()} for label, row in self.counts.items()}
        channels = [
            {
                name: None if isinstance(value, float) and not math.isfinite(value) else value
                for name, value in dataclasses.asdict(channel).items()
            }
            for channel in self.channels
        ]
        return dataclasses.asdict(self) | {"channels": channels, "counts": counts}

    def __str__(self) -> str:
        return self.text()

    def text(self, width: int | None = None) -> str:
        """Returns the report as `print` shows it.

        Args:
            width: int, columns that a line may take; some columns of tables are then shortened or left out. Defaults
                to None: whole tables, and text of 100 columns.

        Returns:
            str.
        """
        parts = [self.heading, _format_channels(self.channels, width)]
        if self.counts:
            parts.append(_format_classes(self.counts, self.noun, width))
        most = min(width or WIDTH, WIDTH)
        if self.notes:
            notes = [_wrap_item(note, "- ", most) for note in self.notes]
            parts.append("\n".join(["Changes made while reading:", *notes]))
        parts.append("\n".join(_wrap_item(found.message, f"{found.severity}: ", most) for found in self.findings))
        if self.ok:
            parts.append("No error and no warning.")
        return "\n\n".join(part for part in parts if part)


def _wrap_item(text: str, start: str, width: int) -> str:
    return textwrap.fill(text, width, initial_indent=start, subsequent_indent="  ", break_on_hyphens=False)


def _format_channels(channels: tuple[ChannelSummary, ...], width: int | None) -> str:
    rows = [
        (
            channel.name,
            *(number(value) for value in (channel.minimum, channel.maximum, channel.mean, channel.std)),
            _format_share(channel.clipped),
            "all" if channel.constant else _format_share(channel.still),
            f"{channel.missing:,}" if channel.missing else "-",
        )
        for channel in channels
    ]
    headers = ("channel", "min", "max", "mean", "std", "clipped", "still", "missing")
    align = ("left",) + 7 * ("right",)
    return fit_table(rows, headers, align, width, shorten={"channel": 12}, drop=("std", "mean", "max", "min"))


def _format_share(share: float) -> str:
    return "-" if not share else "<0.1%" if share < 0.001 else f"{100 * share:.1f}%"


def _format_classes(counts: dict[Any, dict[Any, int]], noun: str, width: int | None) -> str:
    groups = list(dict.fromkeys(group for row in counts.values() for group in row))
    known = groups != [None]
    # Many groups would not fit on a line; their number and range say most.
    by_group = known and len(groups) <= MOST_GROUPS
    table = _class_table(counts, noun, groups, by_group, width)
    if by_group and width and max(map(len, table.splitlines())) > width:
        table = _class_table(counts, noun, groups, False, width)
    return (f"{plural(len(counts), 'class')} in {plural(len(groups), 'group')}\n\n" if known else "") + table


def _class_table(
    counts: dict[Any, dict[Any, int]], noun: str, groups: list[Any], by_group: bool, width: int | None
) -> str:
    known = groups != [None]
    headers: list[str] = ["class", f"{noun}s", "share"]
    headers += [str(group) for group in groups] if by_group else ["groups", "in each"] if known else []
    total = sum(sum(row.values()) for row in counts.values())
    rows = []
    for label, row in counts.items():
        count = sum(row.values())
        cells = [str(label), f"{count:,}", f"{100 * count / total:.1f}%"]
        if by_group:
            cells += [f"{row[group]:,}" if row.get(group) else "-" for group in groups]
        elif known:
            cells += [f"{len(row):,}", f"{min(row.values()):,} to {max(row.values()):,}"]
        rows.append(cells)
    return fit_table(rows, headers, ["left"] + ["right"] * (len(headers) - 1), width, shorten={"class": 12})

"""Checks classes and groups: the number of each, and what it means for scores."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tsnas.data.checks.class_names import name_findings
from tsnas.data.checks.material import WINDOW, Material
from tsnas.data.checks.report import Finding
from tsnas.errors import FewWindowsWarning
from tsnas.system.words import listed, plural

FEWEST_WINDOWS = 50
# With fewer, even those that are split off to judge networks are one or two; a job itself says so.
FEWEST_TRAINED = 10
LARGEST_IMBALANCE = 10.0
# Classes that a warning names at most.
MOST_NAMED = 5

Counts = dict[Any, dict[Any, int]]


def class_counts(labels: np.ndarray, groups: np.ndarray | None) -> Counts:
    """Counts each class in each group: dict of class to dict of group to count."""
    if groups is None:
        names, counts = np.unique(labels, return_counts=True)
        return {name: {None: count} for name, count in zip(names.tolist(), counts.tolist(), strict=True)}
    found: Counts = {}
    group_names, codes = np.unique(groups, return_inverse=True)
    for label in np.unique(labels).tolist():
        counts = np.bincount(codes[labels == label], minlength=len(group_names))
        found[label] = {group_names[at].item(): int(counts[at]) for at in np.flatnonzero(counts)}
    return found


def class_findings(material: Material, counts: Counts) -> list[Finding]:
    """Returns the findings that follow from the counts of classes and groups."""
    found = []
    totals = {label: sum(row.values()) for label, row in counts.items()}
    noun = material.noun
    found += name_findings(list(totals), material)
    if len(totals) == 1:
        found.append(
            Finding(
                "error",
                "single class",
                f"There is a single class, {next(iter(totals))!r}; a classifier needs at least two. Check how labels "
                "are taken from columns or names.",
            )
        )
        return found
    least, most = min(totals, key=totals.__getitem__), max(totals, key=totals.__getitem__)
    ratio = totals[most] / totals[least]
    if ratio > LARGEST_IMBALANCE:
        found.append(
            Finding(
                "warning",
                "imbalance",
                f"Class {most!r} has {ratio:.0f} times as many {noun}s as class {least!r} ({totals[most]:,} and "
                f"{totals[least]:,}); look at macro-F1 rather than accuracy, and record more of {least!r}.",
                {"ratio": ratio, "most": most, "least": least},
            )
        )
    if noun == WINDOW:
        for label, count in totals.items():
            if count < FEWEST_WINDOWS:
                found.append(
                    Finding(
                        "warning",
                        "few windows",
                        f"Class {label!r} has {plural(count, 'window')}, fewer than {FEWEST_WINDOWS}, so its scores "
                        "are little more than luck; record more of it, or lower the stride.",
                        {"class": label, "windows": count},
                    )
                )
    return found + (_without_groups(material) if material.groups is None else _with_groups(counts))


def warn_of_few_windows(codes: np.ndarray, classes: np.ndarray) -> None:
    """Warns (`FewWindowsWarning`) of classes that have so few windows to train on that scores say little about them.

    Args:
        codes: int array (windows,), class codes.
        classes: array of the class labels.
    """
    counts = np.bincount(codes, minlength=len(classes)).tolist()
    few = {label: count for label, count in zip(classes.tolist(), counts, strict=True) if count < FEWEST_TRAINED}
    if not few:
        return
    fewest = sorted(few, key=few.__getitem__)
    named = listed([f"{label!r} ({few[label]})" for label in fewest[:MOST_NAMED]])
    more = "" if len(few) <= MOST_NAMED else f", and {plural(len(few) - MOST_NAMED, 'more class')} likewise"
    warnings.warn(
        f"Few windows: {'class' if len(few) == 1 else 'classes'} {named}{more}: fewer than {FEWEST_TRAINED}. Scores of "
        "such a class are little more than luck; record more of it, or lower the stride.",
        FewWindowsWarning,
        stacklevel=4,
    )


def _without_groups(material: Material) -> list[Finding]:
    if not material.sources:
        return []
    return [
        Finding(
            "info",
            "no groups",
            f"No group is given, so each of {plural(len(set(material.sources)), 'file')} is a group. If a user has "
            "several files, validation sees users that are known from training; give group, group_from or pattern.",
            {"files": len(set(material.sources))},
        )
    ]


def _with_groups(counts: Counts) -> list[Finding]:
    groups = {group for row in counts.values() for group in row}
    if len(groups) == 1:
        return [
            Finding(
                "warning",
                "single group",
                f"All data are of one group, {next(iter(groups))!r}: there is no telling how well a network does for "
                "another group, such as another user; record several.",
            )
        ]
    found = []
    for label, row in counts.items():
        if len(row) == 1:
            found.append(
                Finding(
                    "warning",
                    "class in one group",
                    f"Class {label!r} is in only one of {len(groups)} groups, {next(iter(row))!r}: a network may "
                    "recognise the group rather than the class, and no split by group can validate the class; record "
                    "it in other groups too.",
                    {"class": label, "group": next(iter(row))},
                )
            )
    return found


def held_out_findings(train: Counts, test: Counts) -> list[Finding]:
    """Returns findings about classes that are only in the training data or only in the test data."""
    found = []
    for label in test:
        if label not in train:
            found.append(
                Finding("error", "unknown class", f"Class {label!r} is in the test data, but not in the training data.")
            )
    for label in train:
        if label not in test:
            found.append(
                Finding(
                    "warning",
                    "class not tested",
                    f"Class {label!r} is not in the test data, so the test says nothing about it; hold out a group "
                    "that has it.",
                )
            )
    return found

"""Checks the names of classes and groups: the same name in two spellings, takes of one class, labels that are users."""

from __future__ import annotations

import collections
import re
from typing import Any

import numpy as np

from tsnas.data.checks.material import Material
from tsnas.data.checks.report import Finding
from tsnas.system.words import listed

_NUMBERED = re.compile(r"(.*?[^\W\d_])[\s_.-]*\d+")
_PERSON = re.compile(
    r"(user|subject|subj|sub|person|participant|patient|volunteer|proband|rider|wearer|s|p|u)[\s_.-]*\d+", re.IGNORECASE
)


def name_findings(labels: list[Any], material: Material) -> list[Finding]:
    """Returns findings about the names of classes, and whether groups rather look like them."""
    names = [str(label) for label in labels]
    return _spellings(names) + (_swapped(names, material) or _takes(names))


def _spellings(names: list[str]) -> list[Finding]:
    by_key = collections.defaultdict(list)
    for name in names:
        by_key[re.sub(r"[\s_-]+", "", name.casefold())].append(name)
    return [
        Finding(
            "warning",
            "similar classes",
            f"Classes {listed([repr(name) for name in same])} differ only in case, blanks or hyphens, so they are "
            "probably one class: write it in one way.",
            {"classes": same},
        )
        for same in by_key.values()
        if len(same) > 1
    ]


def _takes(names: list[str]) -> list[Finding]:
    """Returns a finding if classes are the same name with several numbers, as takes of one class have."""
    stems = collections.defaultdict(list)
    for name in names:
        match = _NUMBERED.fullmatch(name)
        stems[match.group(1) if match else name].append(name)
    several = {stem: own for stem, own in stems.items() if len(own) > 1}
    # Numbers alone tell the classes apart where all have the same name.
    if len(stems) < 2 or not several:
        return []
    stem, own = next(iter(several.items()))
    return [
        Finding(
            "warning",
            "numbered classes",
            f"Classes {listed([repr(name) for name in own[:4]])} look like takes of one class, {stem!r}: there are "
            f"{len(names)} classes, but only {len(stems)} names. If so, let the pattern stop before the number, such "
            r"as (?P<label>[a-zA-Z]+)_\d+.",
            {"stems": several},
        )
    ]


def _swapped(names: list[str], material: Material) -> list[Finding]:
    people = [name for name in names if _PERSON.fullmatch(name)]
    if len(people) < len(names) or len(names) < 2:
        return []
    groups = [] if material.piece_groups is None else [str(one) for one in np.unique(material.piece_groups)]
    # Classes s1, s2 of users s1, s2 are what they are called.
    if groups and any(_PERSON.fullmatch(group) for group in groups):
        return []
    other = f", and groups such as {groups[0]!r} like classes: label and group may be swapped" if groups else ""
    return [
        Finding(
            "warning",
            "label like group",
            f"Classes {listed([repr(name) for name in names[:3]])} look like users or recordings{other}. Check which "
            "part of the name or which column is the label.",
            {"classes": names},
        )
    ]

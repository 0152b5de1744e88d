"""Labels and groups that the names of folders and files give, where their form leaves no doubt."""

from __future__ import annotations

import dataclasses
import pathlib
import re
from collections.abc import Sequence

from tsnas.data.tables.join import is_sensor_name
from tsnas.data.tables.notes import Notes

PERSON = re.compile(
    r"(user|subject|subj|sub|participant|person|volunteer|patient|proband|id|s|p|u)[-_ ]?\d+", re.IGNORECASE
)
PARTS = frozenset(["train", "training", "test", "testing", "validation", "valid", "data", "raw", "csv"])
NUMBERED = re.compile(r"([A-Za-z][A-Za-z _-]*?)[-_. ]?\d+")

Names = dict[str, str | None]


@dataclasses.dataclass(frozen=True)
class PathNames:
    """Names that the paths of files give to their recordings.

    Args:
        names: list with a dict of `label` and `group`, str or None, for each file.
        said: dict of those of the two that were found to a sentence about it.
    """

    names: list[Names]
    said: dict[str, str]

    def without(self, role: str) -> PathNames:
        """Returns them without `label` or `group`, which something better says."""
        said = {other: sentence for other, sentence in self.said.items() if other != role}
        return PathNames([{**own, role: None} for own in self.names], said)

    def with_persons(self, persons: Sequence[str | None]) -> PathNames:
        """Returns them with the persons whom all files name as groups, unless paths have told groups."""
        if "group" in self.said or not all(persons):
            return self
        return PathNames([{**own, "group": one} for own, one in zip(self.names, persons, strict=True)], self.said)

    def tell(self, notes: Notes) -> None:
        """Adds the sentences to notes."""
        for sentence in self.said.values():
            notes.tell(sentence[:-1])


def names_of(root: pathlib.Path, files: list[pathlib.Path]) -> PathNames:
    """Returns what the paths of files say.

    Args:
        root: path of the folder that was given.
        files: list of paths, each of a recording.

    Returns:
        `PathNames`.
    """
    found: list[Names] = [{"label": None, "group": None} for _ in files]
    said: dict[str, str] = {}
    if not root.is_dir():
        return PathNames(found, said)
    paths = [file.relative_to(root).parts for file in files]
    for level in range(min(map(len, paths), default=1) - 1):
        names = [path[level] for path in paths]
        if len(set(names)) < 2 or set(map(str.lower, names)) <= PARTS:
            continue
        role = "group" if all(PERSON.fullmatch(name) for name in names) else "label"
        if found[0][role] is None:
            for own, name in zip(found, names, strict=True):
                own[role] = name
            said[role] = f"The names of folders were taken for {role}s: {', '.join(sorted(set(names))[:5])}."
    if files and found[0]["label"] is None:
        matches = [NUMBERED.fullmatch(file.stem) for file in files]
        stems = [match.group(1) for match in matches if match]
        told = len(stems) == len(files) > 2 and 2 <= len(set(stems)) < len(files)
        if told and not any(is_sensor_name(stem) or PERSON.fullmatch(f"{stem}1") for stem in stems):
            for own, stem in zip(found, stems, strict=True):
                own["label"] = stem
            said["label"] = f"The names of files were taken for labels: {', '.join(sorted(set(stems))[:5])}."
    return PathNames(found, said)

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
MOST_SHOWN = 5
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
    if not root.is_dir():
        return PathNames([{"label": None, "group": None} for _ in files], {})
    roles = folder_roles([file.relative_to(root).parts[:-1] for file in files])
    found, said = roles.names, roles.said
    if files and found[0]["label"] is None:
        matches = [NUMBERED.fullmatch(file.stem) for file in files]
        stems = [match.group(1) for match in matches if match]
        is_told = len(stems) == len(files) > 2 and 2 <= len(set(stems)) < len(files)
        if is_told and not any(is_sensor_name(stem) or PERSON.fullmatch(f"{stem}1") for stem in stems):
            for own, stem in zip(found, stems, strict=True):
                own["label"] = stem
            said["label"] = told("files", "label", stems)
    return PathNames(found, said)


def folder_roles(paths: Sequence[tuple[str, ...]]) -> PathNames:
    """Returns what names of folders say: those of persons are groups, the first others labels.

    Args:
        paths: sequence of the names of the folders that each recording lies in.
    """
    found: list[Names] = [{"label": None, "group": None} for _ in paths]
    said: dict[str, str] = {}
    unused: list[str] = []
    for level in range(min(map(len, paths), default=0)):
        names = [path[level] for path in paths]
        if len(set(names)) < 2 or set(map(str.lower, names)) <= PARTS:
            continue
        role = "group" if all(PERSON.fullmatch(name) for name in names) else "label"
        if found[0][role] is None:
            for own, name in zip(found, names, strict=True):
                own[role] = name
            said[role] = told("folders", role, names)
        elif len({path[: level + 1] for path in paths}) > len(set(names)):
            # A name that stands in several folders is no recording.
            unused += sorted(set(names))
    if unused:
        said["unused"] = (
            f"Other names of folders were not used: {_shown(unused)}; a pattern (--pattern) says what each is, such as "
            r"(?P<group>\w+)/(?P<label>\w+)/."
        )
    return PathNames(found, said)


def told(what: str, role: str, names: Sequence[str]) -> str:
    """Returns the sentence about names that were taken for labels or groups."""
    return f"The names of {what} were taken for {role}s: {_shown(sorted(set(names)))}."


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_SHOWN]) + (f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else "")


def name_of(root: pathlib.Path, file: pathlib.Path) -> str:
    """Returns the name of a file in messages: its path in the folder."""
    return file.relative_to(root).as_posix() if root.is_dir() else file.name

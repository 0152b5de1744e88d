"""Takes labels and groups from the names of files and folders, and converts text labels to whole numbers."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.errors import SettingError, TableFileError, TableNameError

FROM = ("folder", "file")
NAMED = ("label", "group", "sensor")


def list_csv_files(path: Any) -> list[tuple[pathlib.Path, str]]:
    """Lists the files to read, with a name for each of them.

    Args:
        path: str or path of a folder, which stands for all .csv files in it and its subfolders, sorted by path; str or
            path of one file; or a list of files.

    Returns:
        list of (path, name); the name is the path relative to the folder, with forward slashes.

    Raises:
        TableFileError: the list is empty, or the folder has no .csv files.
    """
    if not isinstance(path, str | pathlib.PurePath):
        files = [pathlib.Path(one) for one in path]
        if not files:
            raise TableFileError("path is an empty list; give at least one CSV file.")
        return [(file, file.as_posix()) for file in files]
    path = pathlib.Path(path)
    if not path.is_dir():
        return [(path, path.as_posix())]
    # Names that start with a dot belong to files that systems and editors leave behind.
    files = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() == ".csv" and not file.name.startswith(".") and file.is_file()
    )
    if not files:
        raise TableFileError(
            f"The folder {path} and its subfolders hold no .csv file; give a folder that does, or a list of files."
        )
    return [(file, file.relative_to(path).as_posix()) for file in files]


def compile_pattern(pattern: str | None) -> re.Pattern[str] | None:
    """Compiles a pattern of file names.

    Raises:
        SettingError: `pattern` is not a regular expression, or has no group `label`, `group` or `sensor`.
    """
    if pattern is None:
        return None
    try:
        found = re.compile(pattern)
    except (re.error, TypeError) as error:
        raise SettingError(f"pattern={pattern!r} is not a regular expression: {error}.") from None
    if not set(NAMED) & set(found.groupindex):
        raise SettingError(
            f"pattern={pattern!r} has neither (?P<label>...) nor (?P<group>...); name the part of the file name that "
            r"is the label or the group, such as r'(?P<label>\w+)/(?P<group>\w+)_\d+\.csv'."
        )
    return found


def parse_name(
    path: pathlib.Path, name: str, how: str | None, pattern: re.Pattern[str] | None, role: str
) -> str | None:
    """Returns the label or group that a file's name gives.

    Args:
        path: path of the file.
        name: str, its path relative to the folder that was given.
        how: str or None, `"folder"` for the name of its folder, or `"file"` for its own, without the suffix.
        pattern: compiled pattern or None.
        role: str, `"label"` or `"group"`.

    Returns:
        str, or None if neither `how` nor `pattern` gives it.

    Raises:
        TableNameError: the name does not match the pattern.
    """
    if how is not None:
        return path.resolve().parent.name if how == "folder" else path.stem
    if pattern is None or role not in pattern.groupindex:
        return None
    match = pattern.search(name)
    if match is None or match.group(role) is None:
        raise TableNameError(
            f"The file {name!r} does not match pattern={pattern.pattern!r}, so its {role} is not known; the pattern is "
            "searched for in the path relative to the folder, with forward slashes. Change the pattern, or leave the "
            "file out."
        )
    return match.group(role)


def check_sources(role: str, column: Any, how: str | None, pattern: re.Pattern[str] | None) -> None:
    """Raises SettingError if a label or group is given in two ways, or in one that does not exist."""
    if how is not None and how not in FROM:
        raise SettingError(f"{role}_from={how!r} is not known; choose 'folder' or 'file', or give pattern.")
    in_pattern = pattern is not None and role in pattern.groupindex
    given = [
        said
        for said, there in (
            (f"{role}={column!r}", column is not None),
            (f"{role}_from={how!r}", how is not None),
            (f"(?P<{role}>...) in pattern", in_pattern),
        )
        if there
    ]
    if len(given) > 1:
        raise SettingError(f"{' and '.join(given)} each define the {role}; give only one of them.")


def convert_whole_numbers(texts: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Converts arrays of text to int64 if every text is a whole number as usually written; else returns them as given.

    `"7"` and `"7.0"` are whole numbers; `"07"` is a name.
    """
    distinct = {text for part in texts for text in np.unique(part).tolist()}
    known = {text: re.fullmatch(r"(0|-?[1-9]\d{0,17})(?:\.0+)?", text, re.ASCII) for text in map(str, distinct)}
    if not all(known.values()):
        return list(texts)
    value = {text: int(match.group(1)) for text, match in known.items() if match}
    return [np.array([value[str(text)] for text in part.tolist()], np.int64) for part in texts]

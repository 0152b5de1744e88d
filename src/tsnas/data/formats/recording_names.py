"""Recordings of phones: the files of each, and the label and the person that the names of files and folders say."""

from __future__ import annotations

import pathlib
import re

from tsnas.data.formats.folder_names import Names, PathNames, folder_roles, told
from tsnas.data.tables.join import is_sensor_name
from tsnas.system.words import plural

# An app writes the date after the name: Walking_2024-05-01_09-30-00, and a browser a number after that.
DATE = re.compile(r"[-_ .(]*\d{4}[-_.]?\d\d[-_.]?\d\d.*")
NUMBER = re.compile(r"[-_ ]*\(?\d+\)?$")
HOW = "name recordings in the app like their class, put them into folders of that name, or give a pattern (--pattern)"


def find_recordings(root: pathlib.Path, files: list[pathlib.Path]) -> list[tuple[tuple[str, ...], list[pathlib.Path]]]:
    """Returns the path of each recording as names of folders, the last of which is its own, with its files.

    Args:
        root: path of the folder that was given.
        files: list of paths of sensors.
    """
    found: list[tuple[tuple[str, ...], list[pathlib.Path]]] = []
    for folder in sorted({file.parent for file in files}):
        own = [file for file in files if file.parent == folder]
        parts = folder.relative_to(root).parts
        if len(own) > 1 and not any(is_sensor_name(file.stem) for file in own):
            found += [((*parts, file.stem), [file]) for file in own]
        elif len(own) == 1 and not parts:
            found.append(((own[0].stem,), own))
        else:
            # A .zip file may hold a folder of its own name.
            twice = len(parts) > 1 and parts[-1] == parts[-2]
            found.append((parts[:-1] if twice else parts or (root.resolve().name,), own))
    return found


def recording_names(paths: list[tuple[str, ...]]) -> PathNames:
    """Returns label and group of recordings: what names say before their date, and else what folders say.

    Args:
        paths: list of the names of folders of each recording, its own last.
    """
    words = [label_of(path[-1]) for path in paths]
    folders = [path[:-1] for path in paths]
    levels = [level for level in range(min(map(len, folders), default=0)) if len({path[level] for path in folders}) > 1]
    if all(words) and (len(set(words)) > 1 or not levels):
        names: list[Names] = [{"label": word, "group": None} for word in words]
        said = {"label": told("recordings", "label", words)}
        owners = [path[levels[-1]] for path in folders] if levels else []
        # A folder of each class says nothing more.
        if levels and not len(set(zip(words, owners, strict=True))) == len(set(words)) == len(set(owners)):
            names = [{**own, "group": owner} for own, owner in zip(names, owners, strict=True)]
            said["group"] = told("folders", "group", owners)
        return PathNames(names, said)
    if levels:
        return folder_roles(folders)
    nameless = [path[-1] for path, word in zip(paths, words, strict=True) if not word]
    why = f"There are no labels: {plural(len(nameless), 'name')} of {len(paths)} have no word, such as {nameless[0]}"
    return PathNames([{"label": None, "group": None} for _ in paths], {"none": f"{why}; {HOW}."})


def label_of(name: str) -> str:
    """Returns what the name of a recording says before its date and its number.

    Example:
        >>> label_of("Walking_2024-05-01_09-30-00")
        'Walking'
    """
    return NUMBER.sub("", DATE.sub("", name)).strip("-_ ")

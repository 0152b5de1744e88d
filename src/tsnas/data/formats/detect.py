"""Finds out what form files are in, and reads them: `read`."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
import zipfile
from collections.abc import Callable
from typing import Any, NamedTuple

from tsnas.data.formats import (
    actigraph,
    archives,
    arff,
    axivity,
    edf,
    edge_impulse,
    empatica,
    nanoedge,
    opportunity,
    parquet,
    phones,
    plain_tables,
    public,
    recorded,
    robots,
    sensiml,
    wfdb,
)
from tsnas.data.formats.given import with_channels, with_names
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.segments import looks_like_segments
from tsnas.errors import FormatError, TsnasError
from tsnas.system.words import listed, plural


class Format(NamedTuple):
    """A form of files.

    Args:
        name: str.
        recognise: function of a list of paths that returns why they are in this form, or "".
        read: function of the root and the list of paths.
    """

    name: str
    recognise: Callable[[list[pathlib.Path]], str]
    read: Callable[[pathlib.Path, list[pathlib.Path]], RecordingSet]


FORMATS = (
    Format("recordings of tsnas", recorded.recognise, recorded.read),
    Format("SensiML", sensiml.recognise, sensiml.read),
    Format("Edge Impulse", edge_impulse.recognise, edge_impulse.read),
    Format("Empatica E4", empatica.recognise, empatica.read),
    Format("Sensor Logger", phones.recognise_logger, phones.read_logger),
    Format("phyphox", phones.recognise_phyphox, phones.read_phyphox),
    Format("UEA archive (.ts)", archives.recognise_ts, archives.read_ts),
    Format("UCR archive (.tsv)", archives.recognise_tsv, archives.read_tsv),
    Format("UCR and UEA archives (.arff)", arff.recognise_arff, arff.read_arff),
    Format("PAMAP2", public.recognise_pamap2, public.read_pamap2),
    Format("Opportunity", opportunity.recognise, opportunity.read),
    Format("EDF", edf.recognise, edf.read),
    Format("WFDB", wfdb.recognise, wfdb.read),
    Format("Axivity (.cwa)", axivity.recognise, axivity.read),
    Format("ActiGraph (.gt3x)", actigraph.recognise, actigraph.read),
    Format("MCAP or a ROS bag", robots.recognise, robots.read),
    Format("Parquet", parquet.recognise, parquet.read),
    Format("WISDM", public.recognise_wisdm, public.read_wisdm),
    # Last, for they are known by numbers and names alone.
    Format("NanoEdge AI Studio", nanoedge.recognise, nanoedge.read),
    Format("a table with a column of times", plain_tables.recognise, plain_tables.read),
)
LARGEST_ZIP = 2**31
# What a reader may stumble over in damaged files. Readers name what they expect; the rest is said in one place.
DAMAGE = (ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, TypeError, ValueError)
NEAREST = {
    **dict.fromkeys(
        plain_tables.SUFFIXES,
        "without a column that is certainly the time are for from_csv (`tsnas data windows --csv`)",
    ),
    ".npz": "may be for `tsnas search --data`",
    ".json": "of Edge Impulse have a payload with interval_ms, sensors and values",
    ".cbor": "of Edge Impulse have a payload with interval_ms, sensors and values",
    ".dat": "of PAMAP2 have 54 columns, of Opportunity 250, and WFDB has a .hea file beside each; others may be for "
    "from_csv, as a list of files",
    ".db3": "are ROS bags if metadata.yaml stands beside them: give the folder",
    **dict.fromkeys(
        (".edf", ".bdf", ".hea", ".cwa", ".gt3x", ".mcap", ".bag", ".parquet"), "do not begin as they should"
    ),
    **dict.fromkeys((".mat", ".xlsx", ".h5", ".hdf5", ".feather", ".wav", ".bin"), "have to be CSV or Parquet"),
}


def read(path: Any, *, pattern: str | None = None, channels: Any = None) -> RecordingSet:
    """Reads recordings from an export of a program, a phone or a public data set, whose form is found out.

    Known are Edge Impulse (JSON, CBOR and CSV, with `info.labels`), SensiML (`.dai` and `.dcli` beside CSV), NanoEdge
    AI Studio, Sensor Logger and phyphox, Empatica E4, `.ts`, `.tsv` and `.arff` of the UEA and UCR archives, PAMAP2,
    Opportunity and WISDM, EDF and BDF, WFDB, `.cwa` of Axivity, `.gt3x` of ActiGraph, MCAP files and ROS bags, and
    Parquet and CSV files with a column that is certainly the time. Rate, labels, groups, and names and units of
    channels are taken over where files have them. Other CSV files are read by `from_csv`.

    Args:
        path: str or path of a file, a folder or a .zip file; zip files in a folder are opened as well.
        pattern: str, a regular expression with `(?P<label>...)`, `(?P<group>...)` or both, which is searched for in the
            path of each recording in the folder, such as `anna/walk/2024-05-01.zip`. Defaults to None: labels and
            groups are those that files or names say without doubt.
        channels: list of str, names of the channels that are kept, in this order. Defaults to None: all.

    Returns:
        `RecordingSet`; the first of its notes says what the files were taken for, and why.

    Raises:
        FormatError: there is nothing at the path, its form is not known, or it is not whole.
        TableNameError: a recording does not match the pattern.
        SettingError: the pattern is none, or there are no such channels.

    Example:
        >>> data = tsnas.data.read("Walking_2024-05-01.zip")
        >>> data.notes[0]
        'Taken for Sensor Logger, because Accelerometer.csv begins with time, seconds_elapsed and axes.'
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FormatError(f"{path} does not exist; give a file, a folder or a .zip file.")
    with tempfile.TemporaryDirectory() as unpacked:
        root, files = _list_files(path, pathlib.Path(unpacked))
        for one in FORMATS:
            why = one.recognise(files)
            if why:
                try:
                    found = one.read(root, files)
                except TsnasError:
                    raise
                except DAMAGE as error:
                    raise FormatError(
                        f"{path} was taken for {one.name}, because {why}, but is damaged or something else: "
                        f"{type(error).__name__}: {error}; export it again."
                    ) from error
                found = dataclasses.replace(found, notes=(f"Taken for {one.name}, because {why}.", *found.notes))
                return with_channels(with_names(found, pattern), channels)
    raise FormatError(_explain(path, files))


def _list_files(path: pathlib.Path, unpacked: pathlib.Path) -> tuple[pathlib.Path, list[pathlib.Path]]:
    """Returns the root and all files; what is in a .zip file lies in a folder of its name, at its place."""
    if not path.is_dir():
        files, root = [path], path.parent
    else:
        files, root = _seen(path), path
    zipped = [file for file in files if file.suffix.lower() == ".zip"]
    if not zipped:
        return path, files
    for file in zipped:
        try:
            with zipfile.ZipFile(file) as archive:
                if sum(one.file_size for one in archive.infolist()) > LARGEST_ZIP:
                    raise FormatError(f"{file} holds more than 2 GB; unpack it, and give the folder.")
                archive.extractall(unpacked / file.relative_to(root).with_suffix(""))
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise FormatError(f"{file} is no whole .zip file: {error}; export it again.") from None
    for file in files:
        link = unpacked / file.relative_to(root)
        # What was unpacked beside its .zip file is the same once more.
        if file not in zipped and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file.resolve())
    return unpacked, _seen(unpacked)


def _seen(folder: pathlib.Path) -> list[pathlib.Path]:
    """Returns the files of a folder without those that systems hide in it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return [file for file in files if not file.name.startswith(".") and "__MACOSX" not in file.parts]


def _explain(path: pathlib.Path, files: list[pathlib.Path]) -> str:
    known = ", ".join(one.name for one in FORMATS)
    suffixes = sorted({file.suffix.lower() for file in files} - {""})
    texts = dict.fromkeys(NEAREST[suffix] for suffix in suffixes if suffix in NEAREST)
    hints = [f"{listed([suffix for suffix in suffixes if NEAREST.get(suffix) == text])} files {text}" for text in texts]
    labels = next((file for file in files if looks_like_segments(file)), None)
    if labels is not None:
        hints.append(
            f"{labels.name} looks like segments with labels: tsnas data windows --csv=FOLDER --time=COLUMN "
            "--segments=FILE takes recordings with those"
        )
    hint = f"; {', and '.join(hints)}" if hints else ""
    there = f"{plural(len(files), 'file')}{': ' + ', '.join(suffixes) if suffixes else ''}"
    return f"The form of {path} is not known ({there}); known are {known}{hint}."

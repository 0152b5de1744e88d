"""Checks the units of channels: accelerations in g, mg or m/s^2, and groups recorded in different units."""

from __future__ import annotations

import numpy as np

from tsnas.data.axes import find_axes
from tsnas.data.checks.material import Material
from tsnas.data.checks.report import Finding
from tsnas.system.words import listed, number

# Gravity in each unit; the norm of an acceleration is close to it most of the time.
GRAVITY = {"g": 1.0, "m/s^2": 9.81, "mg": 1000.0}
NEAR = 0.15
# An angular rate can have any norm, but does not stay close to one value as an acceleration does.
STEADY = 0.22
# A group is conspicuous if its values are this many times larger or smaller than those of most others.
LARGEST_RATIO = 8.0
LARGEST_SPREAD = 1e4
FEWEST_ROWS = 30


def unit_findings(material: Material) -> list[Finding]:
    """Returns findings about the units of channels, judged by the magnitude of their values."""
    finite = np.isfinite(material.rows).all(axis=1)
    rows = material.rows[finite]
    if len(rows) < FEWEST_ROWS:
        return []
    owners, what = _find_owners(material)
    owner_of_row = None if owners is None else owners[material.piece_of_row[finite]]
    triples = _find_triples(material.names, rows)
    found = []
    for triple in triples:
        norm = np.linalg.norm(rows[:, list(triple)].astype(np.float64), axis=1)
        found += _check_triple([material.names[index] for index in triple], norm, owner_of_row, what)
    single = [index for index in range(rows.shape[1]) if not any(index in triple for triple in triples)]
    for index in single:
        size = np.abs(rows[:, index].astype(np.float64))
        found += _compare_owners(f"Channel {material.names[index]}", size, owner_of_row, what)
    return found + _compare_scales(material.names, rows)


def _find_owners(material: Material) -> tuple[np.ndarray | None, str]:
    """Returns the group of each piece, or else its file, and the word for it."""
    if material.piece_groups is not None:
        return material.piece_groups, "group"
    return (np.array(material.sources), "file") if material.sources else (None, "")


def _find_triples(names: tuple[str, ...], rows: np.ndarray) -> list[tuple[int, int, int]]:
    """Finds channels that are x, y and z: by their names, or else as `find_axes` guesses."""
    ends = "".join(name.strip().lower()[-1:] for name in names)
    named = [(at, at + 1, at + 2) for at in range(len(ends) - 2) if ends[at : at + 3] == "xyz"]
    return named or list(find_axes("auto", rows[np.newaxis]))


def _check_triple(names: list[str], norm: np.ndarray, owner_of_row: np.ndarray | None, what: str) -> list[Finding]:
    channels = f"Channels {listed(names)}"
    if owner_of_row is None:
        units = {None: _guess_unit(norm)}
    else:
        units = {owner: _guess_unit(norm[owner_of_row == owner]) for owner in np.unique(owner_of_row).tolist()}
    known = sorted({unit for unit in units.values() if unit is not None})
    if len(known) > 1:
        of_unit = {unit: [owner for owner, own in units.items() if own == unit] for unit in known}
        listing = "; ".join(
            f"{unit} in {what if len(owners) == 1 else what + 's'} {_shorten(owners)}"
            for unit, owners in of_unit.items()
        )
        return [
            Finding(
                "warning",
                "units differ",
                f"{channels} look like accelerations in different units: {listing}; convert all to one unit.",
                {"channels": names, "units": {str(owner): unit for owner, unit in units.items()}},
            )
        ]
    if known:
        median = float(np.median(norm))
        return [
            Finding(
                "info",
                "unit",
                f"{channels} look like accelerations in {known[0]}: their norm has a median of {number(median)}. "
                "The firmware must use the same unit.",
                {"channels": names, "unit": known[0], "median_norm": median},
            )
        ] + _compare_owners(channels, norm, owner_of_row, what)
    return _compare_owners(channels, norm, owner_of_row, what)


def _guess_unit(norm: np.ndarray) -> str | None:
    if len(norm) < FEWEST_ROWS:
        return None
    median = float(np.median(norm))
    spread = float(np.median(np.abs(norm - median)))
    near = [unit for unit, gravity in GRAVITY.items() if abs(median / gravity - 1) <= NEAR]
    return near[0] if near and spread <= STEADY * median else None


def _compare_owners(channels: str, size: np.ndarray, owner_of_row: np.ndarray | None, what: str) -> list[Finding]:
    """Returns a finding about groups whose values differ in magnitude from those of most groups."""
    if owner_of_row is None:
        return []
    owners = np.unique(owner_of_row).tolist()
    if len(owners) < 3:
        return []
    sizes = {owner: float(np.sqrt(np.mean(np.square(size[owner_of_row == owner])))) for owner in owners}
    usual = float(np.median(list(sizes.values())))
    far = {
        owner: own / usual
        for owner, own in sizes.items()
        if usual > 0 and own > 0 and not 1 / LARGEST_RATIO <= own / usual <= LARGEST_RATIO
    }
    if not far:
        return []
    listing = ", ".join(
        f"{number(ratio)} times the usual size in {what} {owner}" for owner, ratio in list(far.items())[:3]
    )
    more = f" and {len(far) - 3} more" if len(far) > 3 else ""
    return [
        Finding(
            "warning",
            "sizes differ",
            f"{channels}: values are {listing}{more}; check whether the unit or the range of the sensor differs there.",
            {"ratios": {str(owner): ratio for owner, ratio in far.items()}},
        )
    ]


def _compare_scales(names: tuple[str, ...], rows: np.ndarray) -> list[Finding]:
    std = rows.std(axis=0, dtype=np.float64)
    if (std > 0).sum() < 2:
        return []
    least, most = np.argmin(np.where(std > 0, std, np.inf)), np.argmax(std)
    ratio = float(std[most] / std[least])
    if ratio < LARGEST_SPREAD:
        return []
    return [
        Finding(
            "info",
            "scales",
            f"Channel {names[most]} varies {ratio:,.0f} times as much as channel {names[least]}. Each channel is "
            "standardised, so this does not harm a search; but check whether a unit is wrong.",
            {"ratio": ratio, "largest": names[most], "smallest": names[least]},
        )
    ]


def _shorten(owners: list, most: int = 5) -> str:
    shown = ", ".join(map(str, owners[:most]))
    return shown + (f" and {len(owners) - most} more" if len(owners) > most else "")

"""Finds samples that occur in several windows or recordings, so that a score may be of data seen in training."""

from __future__ import annotations

import dataclasses

import numpy as np

from tsnas.data.checks.material import Material
from tsnas.data.checks.report import Finding
from tsnas.system.words import plural

# This many consecutive rows that agree are no coincidence if most of them differ from their neighbours.
RUN = 16
# With more rows, only a sample of the stretches is compared; their hash selects them, the same ones wherever they are.
MOST_ROWS = 2_000_000


@dataclasses.dataclass(frozen=True)
class Stretches:
    """Hashes of short stretches of rows.

    Args:
        hashes: uint64 array (stretches,), sorted.
        pieces: int array (stretches,), the window or recording that contains each stretch.
    """

    hashes: np.ndarray
    pieces: np.ndarray

    def shared(self, owner_of_piece: np.ndarray) -> np.ndarray:
        """Marks the pieces that share a stretch with a piece of another owner: bool array (pieces,)."""
        found = np.zeros(len(owner_of_piece), bool)
        if len(self.hashes):
            owners = owner_of_piece[self.pieces]
            begins = np.flatnonzero(np.concatenate([[True], self.hashes[1:] != self.hashes[:-1]]))
            several = np.minimum.reduceat(owners, begins) != np.maximum.reduceat(owners, begins)
            found[self.pieces[np.repeat(several, np.diff(np.append(begins, len(owners))))]] = True
        return found

    def partners(self, owner_of_piece: np.ndarray) -> tuple[int, int]:
        """Returns two owners that share a stretch; only to be called if `shared` found one."""
        owners = owner_of_piece[self.pieces]
        begins = np.flatnonzero(np.concatenate([[True], self.hashes[1:] != self.hashes[:-1]]))
        low, high = np.minimum.reduceat(owners, begins), np.maximum.reduceat(owners, begins)
        at = int(np.argmax(low != high))
        return int(low[at]), int(high[at])


def hash_stretches(rows: np.ndarray, lengths: np.ndarray) -> Stretches:
    """Hashes all stretches of `RUN` rows within a piece, except those that hardly change.

    Args:
        rows: float32 array (rows, channels).
        lengths: int array (pieces,), rows of each piece.

    Returns:
        `Stretches`.
    """
    run = min(RUN, int(lengths.max()))
    piece_of_row = np.repeat(np.arange(len(lengths)), lengths)
    of_rows = _hash_rows(rows)
    if len(rows) < run:
        return Stretches(np.zeros(0, np.uint64), np.zeros(0, int))
    count = len(rows) - run + 1
    hashes = np.zeros(count, np.uint64)
    for offset in range(run):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + of_rows[offset : offset + count]
    changes = np.concatenate([[0], np.cumsum(of_rows[1:] != of_rows[:-1])])
    inside = piece_of_row[:count] == piece_of_row[run - 1 :]
    lively = 2 * (changes[run - 1 :] - changes[:count]) >= run - 1
    kept = inside & lively
    if len(rows) > MOST_ROWS:
        kept &= (hashes >> np.uint64(40)) % np.uint64(-(-len(rows) // MOST_ROWS)) == 0
    places = np.flatnonzero(kept)
    order = places[np.argsort(hashes[places], kind="stable")]
    return Stretches(hashes[order], piece_of_row[order])


def _hash_rows(rows: np.ndarray) -> np.ndarray:
    """Hashes each row to one uint64; equal rows have equal hashes, different rows almost never."""
    # Adding zero makes -0.0 the same as 0.0.
    bits = np.ascontiguousarray(rows + np.float32(0)).view(np.uint32).astype(np.uint64)
    found = np.zeros(len(rows), np.uint64)
    for channel in range(bits.shape[1]):
        found = (found ^ bits[:, channel]) * np.uint64(0xBF58476D1CE4E5B9)
        found ^= found >> np.uint64(29)
    return found


def leakage_findings(material: Material) -> list[Finding]:
    """Returns findings about windows or recordings that share samples with others."""
    found = hash_stretches(material.rows, material.lengths)
    pieces = len(material.lengths)
    overlapping = found.shared(np.arange(pieces))
    findings = []
    if material.piece_groups is None:
        if overlapping.any() and material.kind == "window":
            findings.append(
                Finding(
                    "warning",
                    "overlap without groups",
                    f"{overlapping.sum():,} of {plural(pieces, 'window')} share samples with another one, and no "
                    "groups are given: validation would see samples from training, and its score would be too high. "
                    "Give groups, such as the user or the recording.",
                    {"windows": int(overlapping.sum())},
                )
            )
        elif overlapping.any():
            findings.append(_report_repeats(material, overlapping))
    else:
        names, codes = np.unique(material.piece_groups, return_inverse=True)
        shared = found.shared(codes)
        if shared.any():
            one, other = found.partners(codes)
            findings.append(
                Finding(
                    "warning",
                    "leakage between groups",
                    f"{shared.sum():,} of {plural(pieces, material.kind)} hold samples that also occur in another "
                    f"group, such as {names[one]} and {names[other]}: a validation group is then known from training. "
                    "Look for copied files, or give both the same group.",
                    {material.kind + "s": int(shared.sum()), "groups": [names[one].item(), names[other].item()]},
                )
            )
    return findings + _find_contradictions(material)


def _report_repeats(material: Material, overlapping: np.ndarray) -> Finding:
    files = [material.sources[piece] for piece in np.flatnonzero(overlapping)[:2]] if material.sources else []
    return Finding(
        "warning",
        "repeated recordings",
        f"{overlapping.sum():,} of {plural(len(material.lengths), 'recording')} hold samples that also occur in "
        f"another one{', such as ' + ' and '.join(files) if files else ''}: look for copied files.",
        {"recordings": int(overlapping.sum())},
    )


def _find_contradictions(material: Material) -> list[Finding]:
    """Returns a finding about windows that are equal in every sample but have different labels."""
    if material.kind != "window" or material.piece_labels is None:
        return []
    whole = _hash_rows(material.rows.reshape(len(material.lengths), -1))
    codes = np.unique(material.piece_labels, return_inverse=True)[1]
    order = np.argsort(whole, kind="stable")
    begins = np.flatnonzero(np.concatenate([[True], whole[order][1:] != whole[order][:-1]]))
    several = np.minimum.reduceat(codes[order], begins) != np.maximum.reduceat(codes[order], begins)
    count = int(np.diff(np.append(begins, len(order)))[several].sum())
    if not count:
        return []
    return [
        Finding(
            "warning",
            "contradicting labels",
            f"{count:,} windows are equal in every sample to one with another label; correct the labels, or leave the "
            "windows out.",
            {"windows": count},
        )
    ]


def between_findings(train: Material, test: Material) -> list[Finding]:
    """Returns findings about test windows or recordings that share samples or groups with the training data."""
    findings = []
    rows, lengths = np.concatenate([train.rows, test.rows]), np.concatenate([train.lengths, test.lengths])
    owner = np.repeat([0, 1], [len(train.lengths), len(test.lengths)])
    shared = int(hash_stretches(rows, lengths).shared(owner)[len(train.lengths) :].sum())
    if shared:
        findings.append(
            Finding(
                "warning",
                "leakage to test",
                f"{shared:,} of {plural(len(test.lengths), test.kind)} for testing hold samples that also occur in "
                "the training data, so the test score would be too high; hold out whole groups.",
                {test.kind + "s": shared},
            )
        )
    if train.piece_groups is not None and test.piece_groups is not None:
        both = sorted(set(map(str, train.piece_groups)) & set(map(str, test.piece_groups)))
        if both:
            findings.append(
                Finding(
                    "warning",
                    "groups in both",
                    f"{plural(len(both), 'group')}, such as {both[0]}, {'is' if len(both) == 1 else 'are'} in both "
                    "training and test data, so the test says nothing about unknown groups; hold out whole groups.",
                    {"groups": both},
                )
            )
    return findings

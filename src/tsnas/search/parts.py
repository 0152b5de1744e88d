"""Parts of a search space: builds a supernet for each, and selects those that are searched within given bounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from tsnas.cost.board import Board
from tsnas.cost.bounds import EXPECTED, Bounds
from tsnas.errors import InfeasibleError, NpuOpError
from tsnas.search.paths import Part, Paths
from tsnas.space.config import SpaceConfig
from tsnas.space.spaces import distinct_spaces
from tsnas.space.supernet import Supernet, build_cells


def build_parts(
    spaces: Sequence[SpaceConfig],
    windows: tuple[int, int],
    classes: int,
    board: Board,
    pseudo_prob: str = "gumbel",
    seed: int = 0,
    margin: str = EXPECTED,
) -> list[Part]:
    """Builds each part of a search space for windows of one shape, with a fresh supernet.

    Args:
        spaces: sequence of `SpaceConfig`; if several are the same for these windows, one part is built.
        windows: (time, channels), samples and channels of a window.
        classes: int, number of classes.
        board: `Board` that the costs are for.
        pseudo_prob: `"gumbel"` or `"softmax"`, as in `Supernet`. Defaults to `"gumbel"`.
        seed: int, seed of the weights. Defaults to 0.
        margin: str, as in `Limits`; that of the bounds that will be kept. Defaults to `"expected"`.

    Returns:
        list of `Part`, without those that the board's NPU cannot run.

    Raises:
        NpuOpError: the NPU can run none of them.
    """
    parts, refused = [], []
    for space in distinct_spaces(spaces, *windows):
        try:
            cells = build_cells(board, *windows, classes, space, seed, margin)
        except NpuOpError as error:
            refused.append(error)
            continue
        supernet = Supernet(cells, board, space.dropout, pseudo_prob, seed=seed)
        parts.append(Part.of(supernet, space.min_slack, dataclasses.replace(space, members=1)))
    if not parts:
        raise refused[0]
    return parts


def fitting(parts: Sequence[Part], bounds: Bounds) -> list[Paths]:
    """Returns the paths through the parts of a search space that are to be searched within the bounds.

    Of the parts whose slack is at least their `min_slack`, those with the largest `min_slack` are searched; if there
    are none, those with the smallest. Of parts with the same `min_slack`, the slack of the first one counts. Parts
    without a path within the bounds are left out.

    Args:
        parts: sequence of `Part`.
        bounds: `Bounds` to keep.

    Returns:
        list of `Paths`, at least one, all through parts with the same `min_slack`.

    Raises:
        InfeasibleError: no path of any part is within the bounds; the error is that of the part that comes nearest.
    """
    found, errors = [], []
    for part in parts:
        try:
            found.append(Paths(part, bounds))
        except InfeasibleError as error:
            errors.append(error)
    if not found:
        raise min(errors, key=lambda error: (len(error.short), *(error.smallest[name] for name in error.short)))
    slacks: dict[float, float] = {}
    for paths in found:
        slacks.setdefault(paths.part.min_slack, paths.slack)
    chosen = max((least for least, slack in slacks.items() if slack >= least), default=min(slacks))
    return [paths for paths in found if paths.part.min_slack == chosen]

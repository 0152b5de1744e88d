"""The parts of a search space: a supernet for each, and which of them are searched within some bounds."""

from __future__ import annotations

from collections.abc import Sequence

from tsnas.cost.board import Board
from tsnas.cost.bounds import Bounds
from tsnas.errors import InfeasibleError
from tsnas.search.paths import Part, Paths
from tsnas.space.config import SpaceConfig, distinct_spaces
from tsnas.space.supernet import Supernet, build_cells


def build_parts(
    spaces: Sequence[SpaceConfig],
    windows: tuple[int, int],
    classes: int,
    board: Board,
    pseudo_prob: str = "gumbel",
    seed: int = 0,
) -> list[Part]:
    """Builds each part of a search space for windows of one shape, with a fresh supernet.

    Args:
        spaces: sequence of `SpaceConfig`; those that are the same for these windows count once.
        windows: (time, sensors), samples and channels of a window.
        classes: int, number of classes.
        board: `Board`, whose costs the parts have.
        pseudo_prob: `"gumbel"` or `"softmax"`, as in `Supernet`. Defaults to `"gumbel"`.
        seed: int, of the weights. Defaults to 0.

    Returns:
        list of `Part`.
    """
    parts = []
    for space in distinct_spaces(spaces, *windows):
        cells = build_cells(board, *windows, classes, space, seed)
        parts.append(Part.of(Supernet(cells, board, space.dropout, pseudo_prob, seed=seed), space.least_room))
    return parts


def fitting(parts: Sequence[Part], bounds: Bounds) -> list[Paths]:
    """Returns the paths through those parts of a search space that are to be searched: some path keeps the bounds.

    Args:
        parts: sequence of `Part`.
        bounds: `Bounds` to keep.

    Returns:
        list of `Paths`, at least one, all through parts with the same `least_room`: the largest of those that have it,
            and where none has, the smallest.

    Raises:
        InfeasibleError: no path of any part keeps them; it is that of the part that comes nearest.
    """
    found, errors = [], []
    for part in parts:
        try:
            found.append(Paths(part, bounds))
        except InfeasibleError as error:
            errors.append(error)
    if not found:
        raise min(errors, key=lambda error: (len(error.short), *(error.smallest[name] for name in error.short)))
    had = [paths.part.least_room for paths in found if paths.room >= paths.part.least_room]
    chosen = max(had) if had else min(paths.part.least_room for paths in found)
    return [paths for paths in found if paths.part.least_room == chosen]

"""The parts of a search space: the paths through the supernet of each, and which parts are searched."""

from __future__ import annotations

from collections.abc import Sequence

from tsnas.cost.board import Board
from tsnas.cost.limits import Limits
from tsnas.errors import InfeasibleError
from tsnas.search.paths import Paths
from tsnas.space.config import SpaceConfig, distinct_spaces
from tsnas.space.supernet import Supernet, build_cells


def paths_of(
    spaces: Sequence[SpaceConfig],
    windows: tuple[int, int],
    classes: int,
    board: Board,
    limits: Limits,
    pseudo_prob: str = "gumbel",
    seed: int = 0,
) -> list[Paths]:
    """The paths through each part of a space for windows of one shape, each through a fresh supernet.

    Args:
        spaces: sequence of `SpaceConfig`; those that are the same for these windows count once.
        windows: (time, sensors), samples and channels of a window.
        classes: int, number of classes.
        board: `Board`, whose costs the paths have.
        limits: `Limits`; what the board itself allows is added to them.
        pseudo_prob: `"gumbel"` or `"softmax"`, as in `Supernet`. Defaults to `"gumbel"`.
        seed: int, of the weights. Defaults to 0.

    Returns:
        list of `Paths`, one for each part; none may fit, see `fitting`.
    """
    parts = []
    for space in distinct_spaces(spaces, *windows):
        supernet = Supernet(
            build_cells(board, *windows, classes, space, seed), board, space.dropout, pseudo_prob, seed=seed
        )
        parts.append(Paths(supernet, limits.tightest_with(board), least_room=space.least_room))
    return parts


def fitting(parts: Sequence[Paths]) -> list[Paths]:
    """Those parts of a search space that are to be searched: some path keeps the limits.

    Args:
        parts: sequence of `Paths`, one for the supernet of each part.

    Returns:
        list of `Paths`, at least one, all with the same `least_room`: the largest of those that have it, and where none
            has, the smallest.

    Raises:
        InfeasibleError: no path of any part keeps them; it is that of the part that comes nearest.
    """
    found, errors = [], []
    for paths in parts:
        try:
            paths.nearest  # noqa: B018  it is there from now on, or raises
        except InfeasibleError as error:
            errors.append(error)
        else:
            found.append(paths)
    if not found:
        raise min(errors, key=lambda error: (len(error.short), *(error.smallest[name] for name in error.short)))
    had = [paths.least_room for paths in found if paths.room >= paths.least_room]
    chosen = max(had) if had else min(paths.least_room for paths in found)
    return [paths for paths in found if paths.least_room == chosen]

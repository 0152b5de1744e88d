"""Parts of a search space: builds a supernet for each, and selects those that are searched within given bounds."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence

from tsnas.cost.board import Board
from tsnas.cost.bounds import EXPECTED, Bounds
from tsnas.errors import InfeasibleError, NpuOpError
from tsnas.search.paths import Part, Paths
from tsnas.space.config import DILATED, LOCAL, SpaceConfig
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
    """Returns the parts of a search space for windows of one shape, each with a fresh supernet once it is needed.

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

    def build(space: SpaceConfig) -> Supernet:
        cells = build_cells(board, *windows, classes, space, seed, margin)
        return Supernet(cells, board, space.dropout, pseudo_prob, seed=seed)

    parts = [
        Part(functools.partial(build, space), space.min_slack, dataclasses.replace(space, members=1), space.reach)
        for space in distinct_spaces(spaces, *windows)
    ]
    return parts if board.npu is None else _supported(parts)


def _supported(parts: Sequence[Part]) -> list[Part]:
    """Returns the parts that the board's NPU can run."""
    found, refused = [], []
    for part in parts:
        try:
            part.supernet  # noqa: B018
        except NpuOpError as error:
            refused.append(error)
        else:
            found.append(part)
    if not found:
        raise refused[0]
    return found


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
    errors: dict[Part, InfeasibleError] = {}
    found: tuple[Paths, Iterator[Paths]] | None = None
    for least in sorted({part.min_slack for part in parts}, reverse=True):
        # Parts that are not asked for are not built.
        within = _within([part for part in parts if part.min_slack == least], bounds, errors)
        first = next(within, None)
        if first is not None:
            found = first, within
            if first.slack >= least:
                break
    if found is None:
        nearest = [errors[part] for part in parts]
        raise min(nearest, key=lambda error: (len(error.short), *(error.smallest[name] for name in error.short)))
    first, others = found
    return [first, *others]


def suited(spaces: Sequence[Paths], are_local: Callable[[], bool]) -> list[Paths]:
    """Returns the parts without the local ones or the dilated ones, if there are both: windows suit one of them.

    Args:
        spaces: sequence of `Paths`, as `fitting` returns them.
        are_local: function without arguments that says whether local ones suit the windows; called only if this
            matters.

    Returns:
        list of `Paths`, at least one.
    """
    if not {LOCAL, DILATED} <= {paths.part.reach for paths in spaces}:
        return list(spaces)
    unsuited = DILATED if are_local() else LOCAL
    return [paths for paths in spaces if paths.part.reach != unsuited]


def _within(parts: Sequence[Part], bounds: Bounds, errors: dict[Part, InfeasibleError]) -> Iterator[Paths]:
    """Yields the paths through each part that has any within the bounds, and notes the errors of the others."""
    for part in parts:
        try:
            paths = Paths(part, bounds)
        except InfeasibleError as error:
            errors[part] = error
        else:
            yield paths

"""Searches in a custom space: other sizes and kernels, here for networks that have to be very small.

    python examples/custom_space.py

Prints the number of networks in each space and the costs of its smallest ones, then searches in the custom space.
"""

from collections.abc import Sequence

import numpy as np
import short
import tabulate
from absl import app, flags

import tsnas
from tsnas.search.feasibility import smallest_costs
from tsnas.search.options import cell_options
from tsnas.search.pruning import prune
from tsnas.space.spaces import SPACES
from tsnas.space.supernet import Supernet, build_cells

QUICK = flags.DEFINE_bool("quick", False, "Few windows and few steps, to see that it runs; the model is of no use.")

SMALL = tsnas.SpaceConfig(
    time_reduce_filters=6,
    time_reduce_granularity=2,  # 2, 4 or 6 filters on each channel
    fusion_filters=16,
    fusion_granularity=4,  # 4, 8, 12 or 16 filters once all channels are combined
    kernel_sizes=(3, 9),
    minimum_time=8,  # down to 8 samples; the named spaces stop at 16
    extra_fusion_cells=1,
    first_stride=4,
    collapse=True,  # combines all channels in one step
)


def describe(name: str, space: Sequence[tsnas.SpaceConfig], board: tsnas.Board, x: np.ndarray, classes: int) -> tuple:
    """Returns a row of the table: the number of networks in a space, and the smallest latency and the smallest RAM."""
    networks, smallest = 0, []
    for part in space:
        supernet = Supernet(build_cells(board, *x.shape[1:], classes, part, margin="upper"), board)
        options = [cell_options(cell) for cell in supernet.cells]
        smallest.append(smallest_costs(supernet, options))
        networks += prune(supernet, tsnas.Limits().on(board), options).architectures_before
    latency_ms, ram_bytes, _ = map(min, zip(*smallest, strict=True))
    return name, f"{networks:.3g}", f"{latency_ms:.2f}", f"{ram_bytes / 1024:.2f}"


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    (x, y, groups), (x_test, y_test, _) = tsnas.datasets.shoulder.load_data()
    board = tsnas.load_board("nucleo_f446re")
    spaces = SPACES | {"custom": (SMALL,)}  # a space has one or more parts
    rows = [describe(name, space, board, x, len(set(y))) for name, space in spaces.items()]
    print(tabulate.tabulate(rows, ("space", "networks", "least ms", "least KB of RAM"), disable_numparse=True))

    settings = {}
    if QUICK.value:
        x, y, groups = x[:: short.EVERY], y[:: short.EVERY], groups[:: short.EVERY]
        settings = short.SETTINGS
    # `space` also accepts a name, and works with every strategy.
    clf = tsnas.AutoClassifier(board, max_latency_ms=2, seed=0, **settings | {"space": SMALL})
    clf.fit(x, y, groups=groups)
    print("\n" + "\n".join(clf.architecture_.describe()))
    scores = clf.evaluate(x_test, y_test)["int8"]
    print(f"{clf.latency_ms_:.2f} ms, {clf.ram_bytes_ / 1024:.2f} KB of RAM, macro-F1 {scores['macro_f1']:.3f}")


if __name__ == "__main__":
    app.run(main)

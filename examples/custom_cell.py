"""Searches with a custom cell: kernels over time may be long, but then the number of filters is limited.

    python examples/custom_cell.py

`AutoClassifier` builds its cells from the settings of a space. To use other cells, call its steps one by one: supernet,
evolution, training, quantisation-aware training, conversion. docs/howto/extend.md writes a cell from scratch; the one
here restricts the choices of an existing cell.
"""

from collections.abc import Sequence

import numpy as np
import short
from absl import app, flags

import tsnas
from tsnas.data import Standardizer, encode_labels, split_validation
from tsnas.deploy.convert import convert_int8
from tsnas.search.evolution import EvolutionConfig, evolve
from tsnas.search.paths import Part, Paths
from tsnas.space.cells import OutputCell, SensorFusionCell, TimeReduceCell
from tsnas.space.supernet import Supernet
from tsnas.training.train import train_float, train_quantised

QUICK = flags.DEFINE_bool("quick", False, "Few windows and few steps, to see that it runs; the model is of no use.")
MAX_LATENCY_MS = flags.DEFINE_float("max_latency_ms", 6.0, "Limit on the latency of one inference, in ms.")


class TaperedCell(TimeReduceCell):
    """A Time-Reduce cell whose kernel length times number of filters is at most a bound.

    Args:
        most: int, the bound.
    """

    def __init__(self, *args, most, **kwargs):
        super().__init__(*args, **kwargs)
        self.most = most

    def enumerate(self):
        """Returns the choices of the cell; derivation, evolution and costs consider no others."""
        return [
            choice
            for choice in super().enumerate()
            if self.kernels[choice["kernel"]] * self.out_widths[choice["filters"]] <= self.most
        ]


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    (x, y, groups), _ = tsnas.datasets.shoulder.load_data()
    if QUICK.value:
        x, y, groups = x[:: short.EVERY], y[:: short.EVERY], groups[:: short.EVERY]
    codes, classes = encode_labels(y)
    x = Standardizer.fit(x)(x)[..., np.newaxis]
    train, val = split_validation(codes, groups, seed=0)

    # The size and the widths of a cell's input are those of the output of the cell before it.
    board, narrow, wide = tsnas.load_board("nucleo_f446re"), (2, 4, 8), (8, 16, 24)
    cells = [
        TaperedCell(
            board, (128, 6), (1,), kernels=(3, 7, 15), widths=narrow, stride=4, seed=1, most=32, margin="upper"
        ),
        SensorFusionCell(board, (32, 6), narrow, kernels=(3, 5), widths=wide, stride=6, seed=2, margin="upper"),
        OutputCell(board, (32, 1), wide, classes=len(classes), seed=3, margin="upper"),
    ]
    supernet = Supernet(cells, board)
    paths = Paths(Part.of(supernet), tsnas.Limits(max_latency_ms=MAX_LATENCY_MS.value).on(board))
    config = EvolutionConfig(epochs=1 if QUICK.value else 15, batch_size=32)
    (found, *_), _ = evolve([paths], (x[train], codes[train]), (x[val], codes[val]), config, seed=0, verbose=1)
    best = found[0].architecture
    print("\n".join(best.describe()))

    epochs = 2 if QUICK.value else 20
    model = best.build(seed=0)
    train_float(model, x[train], codes[train], epochs=epochs, seed=0)
    quantised = train_quantised(model, x[train], codes[train], epochs=max(1, epochs // 5), seed=0)
    estimate = tsnas.estimate_tflite(convert_int8(quantised), board)
    right = np.mean(quantised.predict(x[val], verbose=0).argmax(axis=1) == codes[val])
    print(f"{estimate.latency_ms:.2f} ms, {right:.1%} of the validation windows classified correctly")


if __name__ == "__main__":
    app.run(main)

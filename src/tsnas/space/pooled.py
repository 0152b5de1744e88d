"""The searchable Pooled-Dense cell: a hidden layer after the mean over time, where a layer costs next to nothing."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tsnas.space import architecture
from tsnas.space.cell import CellCosts, SearchCell, expected
from tsnas.space.decisions import DecisionGroup
from tsnas.space.tables import mean_tables, tensor_bytes


class PooledDenseCell(SearchCell):
    """The mean over time and sensors, then a 1x1 convolution whose number of filters is searched.

    Without it, the classes are a linear function of the means of what the last cell saw.

    Args:
        widths: tuple of int, numbers of filters to choose from.
        seed: int, seed of weights and noise.

    Call arguments:
        inputs: float32 tensor (batch, time, sensors, channels).
        probs: dict with `"filters"`, the probabilities of the options.
        training: bool.

    Returns:
        float32 tensor (batch, 1, 1, max(widths)).
    """

    def __init__(self, board, in_size, in_widths, widths, seed, **kwargs):
        super().__init__(board, in_size, in_widths, widths, (1, 1), **kwargs)
        self.conv = self._conv("conv", self.out_size, in_widths, widths, (1, 1), (1, 1), seed)
        self._mean_costs = mean_tables(board, self.in_size, self.in_widths)
        self._mean_bytes = tensor_bytes(board, self.out_size, self.in_widths)
        self.groups = {"filters": DecisionGroup(widths, seed + 1, name="filters")}

    def call(self, inputs, probs, training=False):
        return self.conv(_mean(inputs), probs["filters"], training=training)

    def path_settings(self, choice, in_width):
        return [self.out_widths[choice["filters"]]]

    def path(self, inputs, settings):
        return self.conv.path(_mean(inputs), settings[0], 1)

    def expected_costs(self, probs, in_probs):
        costs = CellCosts()
        mean_bytes, filters = expected(self._mean_bytes, in_probs), probs["filters"]
        costs.add_op(
            1.0,
            expected(self.in_bytes, in_probs) + mean_bytes,
            lambda name: expected(self._mean_costs[name].astype(np.float32), in_probs),
        )
        costs.add_op(
            1.0,
            mean_bytes + expected(self.out_bytes, filters),
            lambda name: self.conv.expected_cost(name, filters, in_probs),
        )
        return costs

    def enumerate(self):
        return [{"filters": filters} for filters in range(len(self.out_widths))]

    def derive(self, choice):
        return architecture.PooledDense(self.out_widths[choice["filters"]])


def _mean(inputs):
    return tf.reduce_mean(inputs, axis=(1, 2), keepdims=True)

"""Time-Convolution cell: a convolution along time of a searched length, dilation and number of filters."""

from __future__ import annotations

import itertools

import tensorflow as tf

from tsnas.space import architecture
from tsnas.space.cell import ON_OFF, CellCosts, SearchCell, cost_of_one, dropped_if_off, expected


class TimeConvCell(SearchCell):
    """Cell that filters over time at full length, by one of several convolutions with kernels (length, 1).

    A dilated kernel sees far with few weights. If input and output have the same widths, an identity may replace the
    cell.

    Args:
        taps: tuple of (length, dilation), kernels to choose from.
        widths: tuple of int, numbers of filters to choose from.
        seed: int, seed of weights and noise.

    Call arguments:
        inputs: float32 tensor (batch, time, channels, filters).
        probs: dict of the probabilities of the options of `"taps"`, `"filters"` and, where the cell may be dropped,
            `"cell"`.
        training: bool.

    Returns:
        float32 tensor (batch, time, channels, max(widths)).

    Source: Yu and Koltun, Multi-Scale Context Aggregation by Dilated Convolutions (2016).
    """

    def __init__(self, board, in_size, in_widths, taps, widths, seed, **kwargs):
        super().__init__(board, in_size, in_widths, widths, in_size, **kwargs)
        self.taps = tuple(taps)
        self.convs = [
            self._conv(
                f"conv{length}_{dilation}", in_size, in_widths, widths, (length, 1), (1, 1), seed + 10 * index, dilation
            )
            for index, (length, dilation) in enumerate(self.taps)
        ]
        self.has_identity = self.in_widths == self.out_widths
        options = {"taps": self.taps, "filters": widths} | ({"cell": ON_OFF} if self.has_identity else {})
        self.groups = self._make_groups(options, seed)

    def call(self, inputs, probs, training=False):
        kept = self._kept(probs)
        paths = [
            conv(inputs, probs["filters"], gate=kept * probs["taps"][index], training=training)
            for index, conv in enumerate(self.convs)
        ]
        if self.has_identity:
            paths.append(probs["cell"][..., 1] * inputs)
        return tf.add_n(paths)

    def path_settings(self, choice, in_width):
        if choice.get("cell") == 1:
            return [self.in_widths[in_width], *(0 for _ in self.taps), 1]
        return [
            self.out_widths[choice["filters"]],
            *(int(index == choice["taps"]) for index in range(len(self.taps))),
            0,
        ]

    def path(self, inputs, settings):
        width, *taps, identity = settings
        paths = [(conv.path(inputs, width, on), on) for conv, on in zip(self.convs, taps, strict=True)]
        if self.has_identity:
            paths.append((inputs, identity))
        # An empty output must have the right width too.
        shape = (-1, *self.out_size, width)
        return tf.concat([tf.reshape(x, shape) for x in dropped_if_off(paths, tf.shape(inputs)[0])], axis=0)

    def member_costs(self, probs, in_probs):
        costs = CellCosts()
        filters = probs["filters"]
        live_bytes = expected(self.in_bytes, in_probs) + expected(self.out_bytes, filters)
        costs.add_op(1.0, live_bytes, cost_of_one(self.convs, probs["taps"], filters, in_probs))
        return costs.scaled(self._kept(probs))

    def enumerate(self):
        base = {"cell": 0} if self.has_identity else {}
        choices = [
            base | {"taps": taps, "filters": filters}
            for taps, filters in itertools.product(range(len(self.taps)), range(len(self.out_widths)))
        ]
        return choices + ([{"cell": 1}] if self.has_identity else [])

    def derive(self, choice):
        if choice.get("cell") == 1:
            return None
        return architecture.TimeConv(self.out_widths[choice["filters"]], *self.taps[choice["taps"]])

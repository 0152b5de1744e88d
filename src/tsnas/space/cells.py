"""Searchable cells: Time-Reduce, Sensor-Fusion and Output (section 5.3 of the paper)."""

from __future__ import annotations

import itertools

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.graph.ops import Add, GlobalAveragePooling2D, Softmax
from tsnas.space import architecture
from tsnas.space.cell import ON_OFF, CellCosts, SearchCell, any_on, cost_of_one, dropped_if_off, expected
from tsnas.space.layers import DynamicAdd
from tsnas.space.operators import skip_width
from tsnas.space.tables import add_tables, conv_tables, op_costs, tensor_bytes


class TimeReduceCell(SearchCell):
    """Cell that shortens the time axis by one of several (kernel, 1) convolutions; channels stay separate (figure 5).

    Args:
        kernels: tuple of int, lengths of the filters to choose from.
        widths: tuple of int, numbers of filters to choose from.
        stride: int, stride over time; 2 in the paper.
        seed: int, seed of weights and noise.

    Call arguments:
        inputs: float32 tensor (batch, time, channels, filters).
        probs: dict with `"kernel"` and `"filters"`, the probabilities of the options.
        training: bool.

    Returns:
        float32 tensor (batch, ceil(time / stride), channels, max(widths)).

    Source: section 5.3.1 of the paper.
    """

    def __init__(self, board, in_size, in_widths, kernels, widths, stride, seed, **kwargs):
        out_size = (-(-in_size[0] // stride), in_size[1])
        super().__init__(board, in_size, in_widths, widths, out_size, **kwargs)
        self.kernels = tuple(kernels)
        self.stride = stride
        self.convs = [
            self._conv(f"conv{kernel}", in_size, in_widths, widths, (kernel, 1), (stride, 1), seed + 10 * index)
            for index, kernel in enumerate(kernels)
        ]
        self.groups = self._make_groups({"kernel": kernels, "filters": widths}, seed)

    def call(self, inputs, probs, training=False):
        return tf.add_n(
            [
                conv(inputs, probs["filters"], gate=probs["kernel"][index], training=training)
                for index, conv in enumerate(self.convs)
            ]
        )

    def path_settings(self, choice, in_width):
        kernel = [int(index == choice["kernel"]) for index in range(len(self.kernels))]
        return [self.out_widths[choice["filters"]], *kernel]

    def path(self, inputs, settings):
        width, *kernel = settings
        paths = [(conv.path(inputs, width, on), on) for conv, on in zip(self.convs, kernel, strict=True)]
        return tf.concat(dropped_if_off(paths, tf.shape(inputs)[0]), axis=0)

    def member_costs(self, probs, in_probs):
        costs = CellCosts()
        filters = probs["filters"]
        live_bytes = expected(self.in_bytes, in_probs) + expected(self.out_bytes, filters)
        costs.add_op(1.0, live_bytes, cost_of_one(self.convs, probs["kernel"], filters, in_probs))
        return costs

    def enumerate(self):
        return [
            {"kernel": kernel, "filters": filters}
            for kernel, filters in itertools.product(range(len(self.kernels)), range(len(self.out_widths)))
        ]

    def derive(self, choice):
        return architecture.TimeReduce(self.kernels[choice["kernel"]], self.out_widths[choice["filters"]], self.stride)


class SensorFusionCell(SearchCell):
    """Cell that combines the channels, then filters the result over several lengths of time in parallel (figure 6).

    It has a (1, channels) convolution followed by branches of (kernel, 1) convolutions, each of which is on or off; an
    optional skip convolution, which is 1x1 unless it must span several channels; and, if input and output have the same
    shape, an identity that replaces the whole cell.

    Args:
        kernels: tuple of int, lengths of the branches.
        widths: tuple of int, numbers of filters to choose from, for the (1, channels) convolution and for the output.
        stride: int, stride over the channels: 1, 2, or the number of channels.
        seed: int, seed of weights and noise.

    Call arguments:
        inputs: float32 tensor (batch, time, channels, filters).
        probs: dict of the probabilities of each decision: `"mid_filters"`, `"filters"`, `"skip"`,
            `"branch{kernel}"` for each kernel and, where the cell may be dropped, `"cell"`.
        training: bool.

    Returns:
        float32 tensor (batch, time, ceil(channels / stride), max(widths)).

    Source: section 5.3.2 of the paper.
    """

    def __init__(self, board, in_size, in_widths, kernels, widths, stride, seed, **kwargs):
        out_size = (in_size[0], -(-in_size[1] // stride))
        super().__init__(board, in_size, in_widths, widths, out_size, **kwargs)
        self.kernels = tuple(kernels)
        self.stride = stride
        self.mid_bytes = tensor_bytes(board, out_size, widths)
        self.mid = self._conv("mid", in_size, in_widths, widths, (1, in_size[1]), (1, stride), seed)
        self.skip = self._conv("skip", in_size, in_widths, widths, (1, skip_width(stride)), (1, stride), seed + 10)
        self.branches = [
            self._conv(f"branch{kernel}", out_size, widths, widths, (kernel, 1), (1, 1), seed + 20 + 10 * index)
            for index, kernel in enumerate(kernels)
        ]
        self.add = DynamicAdd(add_tables(board, out_size, widths, self.margin), name="add")
        self.has_identity = stride == 1 and self.in_widths == self.out_widths
        names = {"mid_filters": widths, "filters": widths, "skip": ON_OFF}
        names |= {f"branch{kernel}": ON_OFF for kernel in kernels}
        if self.has_identity:
            names["cell"] = ON_OFF
        self.groups = self._make_groups(names, seed)

    def _gates(self, probs):
        return [probs["skip"][..., 0]] + [probs[f"branch{kernel}"][..., 0] for kernel in self.kernels]

    def call(self, inputs, probs, training=False):
        mid = self.mid(inputs, probs["mid_filters"], training=training)
        kept = self._kept(probs)
        skip, *gates = self._gates(probs)
        paths = [self.skip(inputs, probs["filters"], gate=kept * skip, training=training)]
        paths += [
            branch(mid, probs["filters"], gate=kept * gate, training=training)
            for gate, branch in zip(gates, self.branches, strict=True)
        ]
        if self.has_identity:
            paths.append(probs["cell"][..., 1] * inputs)
        return self.add(paths)

    def path_settings(self, choice, in_width):
        if choice.get("cell") == 1:
            return [self.in_widths[in_width], self.in_widths[in_width], 0, 0, *(0 for _ in self.kernels), 1]
        skip, *gates = (int(choice[name] == 0) for name in ["skip", *(f"branch{kernel}" for kernel in self.kernels)])
        mid = self.out_widths[choice.get("mid_filters", 0)]
        return [self.out_widths[choice["filters"]], mid, int(any(gates)), skip, *gates, 0]

    def path(self, inputs, settings):
        width, mid_width, any_branch, skip, *gates, identity = settings
        batch = tf.shape(inputs)[0]
        mid = self.mid.path(inputs, mid_width, any_branch)
        paths = [(self.skip.path(inputs, width, skip), skip)]
        paths += [(branch.path(mid, width, gate), gate) for branch, gate in zip(self.branches, gates, strict=True)]
        if self.has_identity:
            paths.append((inputs, identity))
        shape = (-1, *self.out_size, width)
        # A whole number of batches remains, to be added up; an empty output must still have the right width.
        together = tf.concat([tf.reshape(outputs, shape) for outputs in dropped_if_off(paths, batch)], axis=0)
        return tf.reduce_sum(tf.reshape(together, (-1, batch, *shape[1:])), axis=0)

    def member_costs(self, probs, in_probs):
        costs = CellCosts()
        mid_probs, filters = probs["mid_filters"], probs["filters"]
        skip, *gates = self._gates(probs)
        in_bytes = expected(self.in_bytes, in_probs)
        mid_bytes = expected(self.mid_bytes, mid_probs)
        out_bytes = expected(self.out_bytes, filters)

        # In the order of Architecture.walk: skip, middle convolution, then each branch and its addition.
        costs.add_op(skip, in_bytes + out_bytes, lambda name: self.skip.expected_cost(name, filters, in_probs))
        costs.add_op(
            any_on(gates),
            in_bytes + mid_bytes + skip * out_bytes,
            lambda name: self.mid.expected_cost(name, mid_probs, in_probs),
        )
        for index, (gate, branch) in enumerate(zip(gates, self.branches, strict=True)):
            before = any_on([skip, *gates[:index]])
            after = any_on(gates[index + 1 :])
            costs.add_op(
                gate,
                mid_bytes + out_bytes + before * out_bytes + self.held_input_bytes,
                lambda name, branch=branch: branch.expected_cost(name, filters, mid_probs),
            )
            costs.add_op(
                gate * before,
                3 * out_bytes + after * mid_bytes + self.held_input_bytes,
                lambda name: self.add.expected_cost(name, filters),
            )
        return costs.scaled(self._kept(probs))

    def enumerate(self):
        widths = range(len(self.out_widths))
        choices = []
        for gates in itertools.product((0, 1), repeat=1 + len(self.kernels)):
            if all(gates):  # every path off
                continue
            base = dict(zip(["skip"] + [f"branch{kernel}" for kernel in self.kernels], gates, strict=True))
            if self.has_identity:
                base["cell"] = 0
            for filters in widths:
                if all(gates[1:]):  # no branches, so no middle convolution
                    choices.append(base | {"filters": filters})
                else:
                    choices += [base | {"filters": filters, "mid_filters": mid} for mid in widths]
        if self.has_identity:
            choices.append({"cell": 1})
        return choices

    def derive(self, choice):
        if choice.get("cell") == 1:
            return None
        kernels = tuple(kernel for kernel in self.kernels if choice[f"branch{kernel}"] == 0)
        return architecture.SensorFusion(
            filters=self.out_widths[choice["filters"]],
            kernels=kernels,
            mid_filters=self.out_widths[choice["mid_filters"]] if kernels else 0,
            skip=choice["skip"] == 0,
            stride=self.stride,
        )


class OutputCell(SearchCell):
    """Cell without decisions: a convolution with one filter per class, global average pooling, softmax (figure 7).

    Args:
        classes: int, number of classes.
        seed: int, seed of the weights.

    Call arguments:
        inputs: float32 tensor (batch, time, channels, filters).

    Returns:
        float32 tensor (batch, classes) of probabilities.

    Source: section 5.3.3 of the paper.
    """

    def __init__(self, board, in_size, in_widths, classes, seed, **kwargs):
        super().__init__(board, in_size, in_widths, (classes,), in_size, **kwargs)
        self.conv = keras.layers.Conv2D(classes, 1, kernel_initializer=keras.initializers.HeNormal(seed))
        self._conv_costs = conv_tables(board, in_size, in_widths, (classes,), (1, 1), (1, 1), margin=self.margin)
        self._mean_costs = op_costs(GlobalAveragePooling2D(in_size[0], in_size[1], classes), board, self.margin)
        self._sum_costs = op_costs(Add(1, 1, classes), board, self.margin) if self.members > 1 else {}
        self._softmax_costs = op_costs(Softmax(classes), board, self.margin)
        self._vector_bytes = float(tensor_bytes(board, (1, 1), (classes,))[0])

    def call(self, inputs, probs=None, training=False):
        return tf.nn.softmax(tf.reduce_mean(self.conv(inputs), axis=(1, 2)))

    def path_settings(self, choice, in_width):
        return []

    def path(self, inputs, settings):
        kernel = self.conv.kernel[:, :, : tf.shape(inputs)[-1]]
        return tf.nn.softmax(tf.reduce_mean(tf.nn.conv2d(inputs, kernel, 1, "SAME") + self.conv.bias, axis=(1, 2)))

    def output_probs(self, probs, in_probs):
        return tf.ones_like(in_probs[..., :1])

    def expected_costs(self, probs, in_probs):
        costs = super().expected_costs(probs, in_probs)
        for _ in range(self.members - 1):
            costs.add_op(1.0, 3 * self._vector_bytes, self._sum_costs.__getitem__)
        costs.add_op(1.0, 2 * self._vector_bytes, self._softmax_costs.__getitem__)
        return costs

    def member_costs(self, probs, in_probs):
        costs = CellCosts()
        out_bytes = float(self.out_bytes[0])
        costs.add_op(
            1.0,
            expected(self.in_bytes, in_probs) + out_bytes,
            lambda name: expected(self._conv_costs[name][0].astype(np.float32), in_probs),
        )
        costs.add_op(1.0, out_bytes + self._vector_bytes, self._mean_costs.__getitem__)
        return costs

    def enumerate(self):
        return [{}]

    def derive(self, choice):
        return None

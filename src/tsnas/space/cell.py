"""Base of the searchable cells: decisions, expected costs, and an enumeration of all derived cells.

Probabilities may have any leading axes, so the same code serves the gradient (one set of soft decisions) and the exact
enumeration (one row of one-hot decisions for each option).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import tensorflow as tf
import tf_keras as keras

from tsnas.cost.bounds import EXPECTED
from tsnas.space import architecture
from tsnas.space.decisions import DecisionGroup
from tsnas.space.layers import DynamicConv2D, first_windows
from tsnas.space.tables import conv_tables, tensor_bytes

Probs = dict[str, Any]
ON_OFF = ("on", "off")


@dataclasses.dataclass
class CellCosts:
    """Expected costs of one cell, each a tensor with the leading shape of the decisions.

    `live_bytes` is the largest sum of tensors and scratch buffers that are alive at once (equation 4 of the paper); the
    other costs add up over the cells.
    """

    latency_ms: Any = 0.0
    live_bytes: Any = 0.0
    tail_bytes: Any = 0.0
    planning_bytes: Any = 0.0
    flash_bytes: Any = 0.0

    def add_op(self, present, live_bytes, cost) -> None:
        """Adds an operator that is present with probability `present`; `cost(name)` is its cost when present."""
        for name in ("latency_ms", "tail_bytes", "planning_bytes", "flash_bytes"):
            setattr(self, name, getattr(self, name) + present * cost(name))
        self.live_bytes = tf.maximum(self.live_bytes, present * (live_bytes + cost("scratch_bytes")))

    def repeated(self, times: int, held_bytes: float) -> CellCosts:
        """Returns the costs of several such cells, of which each runs while `held_bytes` of other tensors are alive."""
        sums = ("latency_ms", "tail_bytes", "planning_bytes", "flash_bytes")
        costs = CellCosts(**{name: times * getattr(self, name) for name in sums})
        costs.live_bytes = self.live_bytes + held_bytes
        return costs

    def scaled(self, factor) -> CellCosts:
        """Returns all costs multiplied by `factor`."""
        return CellCosts(*(factor * getattr(self, field.name) for field in dataclasses.fields(self)))


class SearchCell(keras.layers.Layer):
    """Base of the searchable cells.

    Args:
        board: `Board` that the costs are for.
        in_size: (int, int), time and channels of the input.
        in_widths: tuple of int, numbers of filters that the input may have.
        out_widths: tuple of int, numbers of filters that the output may have.
        out_size: (int, int), time and channels of the output.
        margin: str, as in `Limits`: whether latencies include their margin. Defaults to
            `"expected"`.
        members: int, number of networks that have such a cell; see `Architecture`. Defaults to 1.
        held_bytes: float, bytes of the tensors of others that are alive while it runs. Defaults to 0.
        held_input_bytes: float, bytes that its input adds to those while it runs an operator that does not read it, if
            other members have yet to read it. Defaults to 0.

    Attributes:
        groups: dict of name to `DecisionGroup`.
        has_identity: bool, whether the decision `"cell"` may replace the cell by an identity. Defaults to False.
    """

    has_identity = False

    def __init__(
        self,
        board,
        in_size,
        in_widths,
        out_widths,
        out_size,
        margin=EXPECTED,
        members=1,
        held_bytes=0.0,
        held_input_bytes=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.board, self.margin = board, margin
        self.members, self.held_bytes, self.held_input_bytes = members, held_bytes, held_input_bytes
        self.in_size, self.out_size = tuple(in_size), tuple(out_size)
        self.in_widths, self.out_widths = tuple(in_widths), tuple(out_widths)
        self.in_bytes = tensor_bytes(board, self.in_size, self.in_widths)
        self.out_bytes = tensor_bytes(board, self.out_size, self.out_widths)
        self.groups: dict[str, DecisionGroup] = {}

    def output_probs(self, probs: Probs, in_probs):
        """Returns the probabilities of the output's widths."""
        if not self.has_identity:
            return probs["filters"]
        kept = self._kept(probs)[..., None]
        return kept * probs["filters"] + (1.0 - kept) * in_probs

    def expected_costs(self, probs: Probs, in_probs) -> CellCosts:
        """Returns the expected costs for decisions `probs` (name to (..., options)) and input widths (..., widths)."""
        costs = self.member_costs(probs, in_probs)
        return costs if self.members == 1 else costs.repeated(self.members, self.held_bytes)

    def member_costs(self, probs: Probs, in_probs) -> CellCosts:
        """Returns the expected costs of a single member, while no tensor of others is alive."""
        raise NotImplementedError

    def enumerate(self) -> list[dict[str, int]]:
        """Lists every distinct derived cell as the index of its option in each decision group that affects it."""
        raise NotImplementedError

    def path_settings(self, choice: dict[str, int], in_width: int) -> list[int]:
        """Returns the settings that `path` takes, for one row of `enumerate` and the index of the input's width.

        Their number is the same for all rows.
        """
        raise NotImplementedError

    def path(self, inputs, settings):
        """Computes the output of a single choice, and nothing else.

        Args:
            inputs: float32 tensor (batch, time, channels, filters), with as many filters as the choice in the previous
                cell has.
            settings: list of int32 scalars, as from `path_settings`.

        Returns:
            float32 tensor (batch, time, channels, filters), with as many filters as this choice has.
        """
        raise NotImplementedError

    def derive(self, choice: dict[str, int]) -> architecture.Cell | None:
        """Returns the cell of an `Architecture` for one row of `enumerate`; None if the cell is dropped."""
        raise NotImplementedError

    def _conv(self, name, in_size, in_widths, out_widths, kernel, strides, seed, dilation=1) -> DynamicConv2D:
        costs = conv_tables(self.board, in_size, in_widths, out_widths, kernel, strides, dilation, self.margin)
        return DynamicConv2D(out_widths, kernel, strides, costs, seed, dilation, name=name)

    def _make_groups(self, options: dict[str, Any], seed: int) -> dict[str, DecisionGroup]:
        """Returns a decision group for each name, with a seed of its own."""
        return {
            name: DecisionGroup(values, seed + 1 + index, name=name)
            for index, (name, values) in enumerate(options.items())
        }

    def _kept(self, probs: Probs):
        """Returns the probability that the cell is not replaced by an identity."""
        return probs["cell"][..., 0] if self.has_identity else 1.0


def dropped_if_off(paths, batch):
    """Returns the outputs of the paths, each with whether it is on (1 or 0), empty for those that are off."""
    return [first_windows(outputs, on * batch) for outputs, on in paths]


def expected(values, probs):
    """Returns the mean of `values` over the options on the last axis, weighted by their probabilities."""
    return tf.reduce_sum(probs * values, axis=-1)


def cost_of_one(convs, choice_probs, out_probs, in_probs):
    """Returns the function from the name of a cost to its mean over alternative convolutions, of which one runs."""
    return lambda name: sum(
        choice_probs[..., index] * conv.expected_cost(name, out_probs, in_probs) for index, conv in enumerate(convs)
    )


def any_on(gates):
    """Returns the probability that at least one of several independent gates is on; 0 without gates."""
    none_on = 1.0
    for gate in gates:
        none_on *= 1.0 - gate
    return 1.0 - none_on

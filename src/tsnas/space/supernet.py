"""Supernet: all architectures of a space in one Keras model, with their expected costs and the training step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.cost.board import Board
from tsnas.cost.bounds import EXPECTED, Costs
from tsnas.cost.memory import base_planning_bytes
from tsnas.cost.npu_plan import base_costs
from tsnas.space.architecture import Architecture
from tsnas.space.cell import Probs, SearchCell
from tsnas.space.cells import OutputCell, SensorFusionCell, TimeReduceCell
from tsnas.space.config import SpaceConfig
from tsnas.space.tables import tensor_bytes
from tsnas.space.time_conv import TimeConvCell
from tsnas.training.slots import make_slots


class ExpectedCosts(NamedTuple):
    """`Costs` that are expected for some decisions, each a tensor with the leading shape of the decisions."""

    latency_ms: Any
    ram_bytes: Any
    flash_bytes: Any


def build_cells(
    board: Board,
    time: int,
    channels: int,
    classes: int,
    config: SpaceConfig | None = None,
    seed: int = 0,
    margin: str = EXPECTED,
) -> list[SearchCell]:
    """Builds the cells of the search space for windows of shape (time, channels), in order (figure 3).

    Args:
        board: `Board` that the costs are for.
        time: int, window length in samples.
        channels: int, number of channels of a window.
        classes: int, number of classes.
        config: `SpaceConfig`. Defaults to None, the paper's settings.
        seed: int, seed of all weights and noise. Defaults to 0.
        margin: str, as in `Limits`: whether latencies include their margin. Defaults to
            `"expected"`.

    Returns:
        list of `SearchCell`, the output cell last.
    """
    config = config or SpaceConfig()
    size, widths = (time, channels), (1,)
    cells: list[SearchCell] = []
    input_bytes, sum_bytes = (float(tensor_bytes(board, one, (1,))[0]) for one in ((time, channels), (1, classes)))

    def append(cell_type, **kwargs):
        nonlocal size, widths
        name = f"{cell_type.__name__}_{len(cells)}"
        kwargs |= {"seed": seed + 1000 * (len(cells) + 1), "margin": margin, "members": config.members}
        if config.members > 1:
            # The first member has no sum beside it, the last one no input. The first cell itself holds the input.
            held_bytes = max(input_bytes, sum_bytes) if config.members == 2 else input_bytes + sum_bytes
            kwargs["held_bytes"] = held_bytes if cells else sum_bytes
            kwargs["held_input_bytes"] = 0.0 if cells else held_bytes - sum_bytes
        cell = cell_type(board, size, widths, name=name, **kwargs)
        size, widths = cell.out_size, cell.out_widths
        cells.append(cell)

    for stride in config.time_strides(time):
        kernels = config.time_reduce_kernels_for(size[0])
        append(TimeReduceCell, kernels=kernels, widths=config.time_reduce_widths, stride=stride)
    for stride in config.fusion_strides(channels):
        append(SensorFusionCell, kernels=config.kernels_for(size[0]), widths=config.fusion_widths, stride=stride)
    for _ in range(config.time_conv_cells):
        append(TimeConvCell, taps=config.time_conv_taps_for(size[0]), widths=config.time_conv_widths)
    append(OutputCell, classes=classes)
    return cells


class Supernet(keras.Model):
    """A Keras model that contains all architectures of a search space, and their costs.

    Args:
        cells: list of `SearchCell` from `build_cells`.
        board: `Board` that the costs are for.
        dropout: float in [0, 1), dropout between the cells. Defaults to 0.1.
        pseudo_prob: `"gumbel"` or `"softmax"`, how options are weighted in training. Defaults to `"gumbel"`.
        seed: int, seed of the dropout. Defaults to 0.

    Call arguments:
        inputs: float32 tensor (batch, time, channels, 1), standardised windows.
        decisions: list of dicts of probabilities, one for each cell, as `decide` returns them. Defaults to None: they
            are drawn.
        training: bool.

    Returns:
        float32 tensor (batch, classes) of probabilities.

    Example:
        >>> cells = build_cells(load_board("nucleo_f446re"), 128, 9, 6)
        >>> supernet = Supernet(cells, load_board("nucleo_f446re"))
        >>> supernet(tf.zeros((2, 128, 9, 1))).shape
        TensorShape([2, 6])

    Source: sections 5 and 6 of the paper.
    """

    def __init__(self, cells: Sequence[SearchCell], board: Board, dropout=0.1, pseudo_prob="gumbel", seed=0, **kwargs):
        super().__init__(**kwargs)
        self.cells = list(cells)
        self.board = board
        self.pseudo_prob = pseudo_prob
        self.temperature = tf.Variable(1.0, trainable=False, dtype=tf.float32, name="temperature")
        self._path_lengths = [len(cell.path_settings(cell.enumerate()[0], 0)) for cell in self.cells]
        # A callback asks for them after each epoch; without a graph, each answer takes as long as a dozen steps.
        self._expected = tf.function(lambda: self.expected_costs(self.decide("softmax")), autograph=False)
        self.dropouts = [keras.layers.Dropout(dropout, seed=seed + index) for index in range(len(self.cells) - 1)]

    @property
    def margin(self) -> str:
        """Whether the latencies of its cells include their margin, as in `Limits`."""
        return str(self.cells[0].margin)

    @property
    def members(self) -> int:
        """Number of networks that answer together; the costs are those of all, the weights those of one."""
        return int(self.cells[0].members)

    def decide(self, sample: str | None = None) -> list[Probs]:
        """Returns the probabilities of all decisions: one dict for each cell, of name to tensor (options,).

        Args:
            sample: `"gumbel"`, or `"softmax"` for no noise. Defaults to None, the model's `pseudo_prob`.
        """
        sample = sample or self.pseudo_prob
        return [
            {name: group(temperature=self.temperature, sample=sample) for name, group in cell.groups.items()}
            for cell in self.cells
        ]

    def call(self, inputs, decisions=None, training=False):
        x = inputs
        decisions = decisions or self.decide(None if training else "softmax")
        for index, (cell, probs) in enumerate(zip(self.cells, decisions, strict=True)):
            x = cell(x, probs=probs, training=training)
            if index < len(self.dropouts):
                x = self.dropouts[index](x, training=training)
        return x

    def path(self, inputs, settings):
        """Computes the output of one path through the supernet, and nothing else.

        It is the output of `call` in training for one-hot decisions, without dropout.

        Args:
            inputs: float32 tensor (batch, time, channels, 1), standardised windows.
            settings: int32 tensor (path_length,), as from `path_settings`.

        Returns:
            float32 tensor (batch, classes) of probabilities.
        """
        left = tf.unstack(settings, self.path_length)
        x = inputs
        for cell, length in zip(self.cells, self._path_lengths, strict=True):
            x, left = cell.path(x, left[:length]), left[length:]
        return x

    def path_settings(self, choices: Sequence[dict[str, int]]) -> list[int]:
        """Returns the settings that `path` takes, for one row of `SearchCell.enumerate` for each cell."""
        settings: list[int] = []
        in_width = 0
        for cell, choice in zip(self.cells, choices, strict=True):
            settings += cell.path_settings(choice, in_width)
            in_width = choice.get("filters", in_width)
        return settings

    @property
    def path_length(self) -> int:
        """Number of settings of a path."""
        return sum(self._path_lengths)

    def expected_costs(self, decisions: list[Probs]) -> ExpectedCosts:
        """Returns the expected latency, RAM and flash of `decisions`; all three have gradients for the alphas.

        For one-hot decisions, these are the costs of the derived architecture.

        Source: equations 2 and 4 of the paper.
        """
        in_probs = tf.ones((1,))
        latency_ms: Any
        latency_ms, tail_bytes, flash_bytes = self.base_costs()
        live_bytes: Any = 0.0
        planning_bytes: Any = float(base_planning_bytes())
        for cell, probs in zip(self.cells, decisions, strict=True):
            costs = cell.expected_costs(probs, in_probs)
            in_probs = cell.output_probs(probs, in_probs)
            latency_ms += costs.latency_ms
            tail_bytes += costs.tail_bytes
            planning_bytes += costs.planning_bytes
            flash_bytes += costs.flash_bytes
            live_bytes = tf.maximum(live_bytes, costs.live_bytes)
        # While the interpreter starts, its memory planner works where the head will be.
        return ExpectedCosts(latency_ms, tf.maximum(live_bytes, planning_bytes) + tail_bytes, flash_bytes)

    def base_costs(self) -> Costs:
        """Returns the costs that every architecture has before its operators are counted."""
        return base_costs(self.board)

    def expected(self) -> Costs:
        """Returns the expected costs of the noise-free decisions at the current temperature, as plain numbers."""
        return Costs(*map(float, self._expected()))

    def entropy(self) -> float:
        """Returns the mean entropy of all decisions as a fraction of its maximum: 1 is undecided, 0 is settled."""
        return float(np.mean([group.entropy() for group in self.decision_groups()]))

    def settled(self) -> float:
        """Returns the fraction of the decisions in which one option's probability exceeds 0.9."""
        return float(np.mean([group.settled() for group in self.decision_groups()]))

    def decision_groups(self):
        """Returns all decision groups, in the order of the cells."""
        return [group for cell in self.cells for group in cell.groups.values()]

    @property
    def alphas(self) -> list[tf.Variable]:
        """Architecture parameters of all decisions."""
        return [group.alpha for group in self.decision_groups()]

    @property
    def network_weights(self) -> list[tf.Variable]:
        """Trainable weights w: all trainable variables except the alphas."""
        alphas = {id(alpha) for alpha in self.alphas}
        return [variable for variable in self.trainable_variables if id(variable) not in alphas]

    def compile(
        self,
        optimizer,
        alpha_optimizer=None,
        hardware_loss: Callable[[ExpectedCosts], Any] | None = None,
        temperature_decay: float = 1.0,
        warmup_steps: int = 0,
        **kwargs,
    ):
        """Configures the search.

        Args:
            optimizer: optimizer of the weights w.
            alpha_optimizer: optimizer of the architecture parameters. Defaults to None, Adam.
            hardware_loss: function of `ExpectedCosts` that returns a scalar, which is added to the loss of alpha.
                Defaults to None, no such loss.
            temperature_decay: float in (0, 1], factor by which the temperature is multiplied after each step (epsilon).
                Defaults to 1.
            warmup_steps: int, number of steps at the start that train w only, because alpha cannot be learned from
                random weights. Defaults to 0.
            **kwargs: as in `keras.Model.compile`; `loss` defaults to the cross-entropy of integer labels.
        """
        kwargs.setdefault("loss", keras.losses.SparseCategoricalCrossentropy())
        super().compile(optimizer=optimizer, **kwargs)
        self.alpha_optimizer = alpha_optimizer or keras.optimizers.legacy.Adam(0.05, beta_1=0.5)
        # All variables are created here: if a step created any, it would be traced twice.
        self(tf.zeros((1, *self.cells[0].in_size, 1)))
        make_slots(self.optimizer, self.network_weights)
        make_slots(self.alpha_optimizer, self.alphas)
        self.hardware_loss = hardware_loss or (lambda costs: tf.zeros(()))
        self.temperature_decay = temperature_decay
        self.warmup_steps = warmup_steps
        self.search_step = tf.Variable(0, trainable=False, dtype=tf.int64, name="search_step")
        self.trackers = {name: keras.metrics.Mean(name) for name in ("loss", "val_loss", "hardware_loss")} | {
            name: keras.metrics.SparseCategoricalAccuracy(name) for name in ("accuracy", "val_accuracy")
        }

    @property
    def metrics(self):
        return list(self.trackers.values())

    @tf.autograph.experimental.do_not_convert  # There is nothing to convert, and it takes seconds.
    def train_step(self, data):
        """Makes one pass of algorithm 1: trains alpha on a validation batch, then w on a training batch.

        Args:
            data: ((x_train, y_train), (x_val, y_val)), one batch of each; both may have weights as a third member.
        """
        train, val = data
        self._alpha_step(*val)
        self._weight_step(*train)
        self.search_step.assign_add(1)
        self.temperature.assign(self.temperature * self.temperature_decay)
        return {name: tracker.result() for name, tracker in self.trackers.items()}

    def _alpha_step(self, x, y, sample_weight=None):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.alphas)
            decisions = self.decide()
            probabilities = self(x, decisions=decisions, training=False)
            loss = self.compute_loss(x, y, probabilities, sample_weight)
            hardware_loss = self.hardware_loss(self.expected_costs(decisions))
            total = loss + hardware_loss

        def update():
            gradients = tape.gradient(total, self.alphas)
            self.alpha_optimizer.apply_gradients(zip(gradients, self.alphas, strict=True))
            return True

        tf.cond(self.search_step >= self.warmup_steps, update, lambda: False)
        self.trackers["val_loss"].update_state(loss)
        self.trackers["hardware_loss"].update_state(hardware_loss)
        self.trackers["val_accuracy"].update_state(y, probabilities, sample_weight)

    def _weight_step(self, x, y, sample_weight=None):
        weights = self.network_weights
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            probabilities = self(x, decisions=self.decide(), training=True)
            loss = self.compute_loss(x, y, probabilities, sample_weight)
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.trackers["loss"].update_state(loss)
        self.trackers["accuracy"].update_state(y, probabilities, sample_weight)

    def architecture(self, choices: list[dict[str, int]]) -> Architecture:
        """Returns the derived architecture for one row of `SearchCell.enumerate` for each cell."""
        derived = [cell.derive(choice) for cell, choice in zip(self.cells, choices, strict=True)]
        time, channels = self.cells[0].in_size
        classes = self.cells[-1].out_widths[0]
        cells = tuple(cell for cell in derived if cell is not None)
        return Architecture(time, channels, classes, cells, self.members)

"""Differentiable search: trains the weights and decisions of a supernet in turn, then derives an architecture."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import tensorflow as tf
import tf_keras as keras

from tsnas.callbacks import ConstraintMonitor, ProgressBar
from tsnas.cost.bounds import Bounds
from tsnas.data import Data, mean_one, unpacked
from tsnas.search.derive import Candidate, derive
from tsnas.search.objective import HardwareLoss
from tsnas.space.supernet import Supernet
from tsnas.system.forks import check_can_compute
from tsnas.training.interrupt_check import InterruptCheck

SHOWN = {
    "val_accuracy": "accuracy {:.3f}",
    "expected_latency_ms": "{:.1f} ms",
    "expected_ram_bytes": "{:.0f} B",
    "entropy": "entropy {:.2f}",
}


@dataclasses.dataclass(frozen=True)
class SearchConfig:
    """Settings of the differentiable search; the defaults suit every data set and limit.

    Args:
        epochs: int, passes over the training windows. Defaults to 15.
        batch_size: int, windows in a batch. Defaults to 64.
        learning_rate: float, initial learning rate of the weights w, which decays as a cosine. Defaults to 0.003.
        alpha_learning_rate: float, learning rate of the alphas. Defaults to 0.02.
        warmup: float in [0, 1), fraction of the steps, at the start, that train w only. Defaults to 0.2.
        first_temperature, last_temperature: float, temperature of the Gumbel-softmax at the start and at the end;
            each step divides it by the same factor. Default to 5 and 0.2.
        relaxed: float in [0, 1), fraction of the steps, at the start, in which the limits are relaxed: they begin at
            the expected costs of the undecided supernet and tighten to what was asked for. With tight limits from the
            start, the decisions would drop whole cells before these have learned anything. Defaults to 0.7.
        latency_weight, memory_weight: float, gammas of the hardware losses; with 0 the decisions ignore the costs.
            Default to 2 and 4, as in the paper.

    Source: algorithm 1 and section 7.1 of the paper.
    """

    epochs: int = 15
    batch_size: int = 64
    learning_rate: float = 0.003
    alpha_learning_rate: float = 0.02
    warmup: float = 0.2
    first_temperature: float = 5.0
    last_temperature: float = 0.2
    relaxed: float = 0.7
    latency_weight: float = 2.0
    memory_weight: float = 4.0


def paired_batches(train: Data, val: Data, batch_size: int, seed: int) -> tuple[tf.data.Dataset, int]:
    """Makes batches ((x_train, y_train), (x_val, y_val)), reshuffled in each epoch; with weights if there are any.

    Returns:
        (dataset, steps): an infinite tf.data.Dataset, and the number of batches in an epoch of `train`.
    """

    def batches(data, seed):
        x, y, weights = unpacked(data)
        parts = [tf.constant(y)] + ([] if weights is None else [tf.constant(mean_one(weights))])
        order = tf.data.Dataset.range(len(x)).shuffle(len(x), seed=seed).repeat().batch(min(batch_size, len(x)))

        def gather(index):
            # Not as a tensor, which would be a copy of all windows.
            windows = tf.numpy_function(x.__getitem__, [index], x.dtype)
            return tf.ensure_shape(windows, (None, *x.shape[1:])), *(tf.gather(part, index) for part in parts)

        return order.map(gather, num_parallel_calls=1)

    dataset = tf.data.Dataset.zip((batches(train, seed), batches(val, seed + 1)))
    return dataset.prefetch(2), math.ceil(len(train[0]) / batch_size)


def _relaxed_loss(supernet: Supernet, bounds: Bounds, config: SearchConfig, total_steps: int):
    """Returns the hardware loss with limits that tighten during the search."""
    loss = HardwareLoss(bounds, config.latency_weight, config.memory_weight)
    relaxation = max(1.0, bounds.share(supernet.expected()))

    def relaxed_loss(costs):
        progress = tf.cast(supernet.search_step, tf.float32) / (config.relaxed * total_steps + 1.0)
        return loss(costs, relaxation ** tf.maximum(0.0, 1.0 - progress))

    return relaxed_loss


def search(
    supernet: Supernet,
    bounds: Bounds,
    train: Data,
    val: Data,
    config: SearchConfig | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    seed: int = 0,
    verbose: int = 0,
) -> tuple[Candidate, dict[str, list[float]]]:
    """Searches a supernet for the architecture with the lowest validation loss within the limits.

    Args:
        supernet: fresh `Supernet`; its weights and alphas are trained in place.
        bounds: `Bounds` to keep.
        train: (x, y), x float32 (windows, time, channels, 1) or such `Windows`, y int of shape (windows,); trains w.
            (x, y, weights) if windows have weights.
        val: likewise; trains alpha.
        config: `SearchConfig`, or None for the defaults.
        callbacks: tf_keras callbacks; their logs include the keys of `ConstraintMonitor`. Defaults to none.
        seed: int, seed of the order of the windows. Defaults to 0.
        verbose: 0, 1 or 2. Defaults to 0.

    Returns:
        (`Candidate`, history); the history is a dict of log key to a list with one value for each epoch.

    Raises:
        InfeasibleError: no architecture of the space is within the limits.
        WorkerError: this process was forked from one in which TensorFlow had computed.
    """
    check_can_compute()
    config = config or SearchConfig()
    batches, steps = paired_batches(train, val, config.batch_size, seed)
    total_steps = steps * config.epochs
    supernet.temperature.assign(config.first_temperature)
    decay = (config.last_temperature / config.first_temperature) ** (1.0 / max(1, total_steps))
    supernet.compile(
        optimizer=keras.optimizers.legacy.Adam(
            keras.optimizers.schedules.CosineDecay(config.learning_rate, total_steps)
        ),
        alpha_optimizer=keras.optimizers.legacy.Adam(config.alpha_learning_rate, beta_1=0.5),
        hardware_loss=_relaxed_loss(supernet, bounds, config, total_steps),
        temperature_decay=decay,
        warmup_steps=int(config.warmup * total_steps),
    )
    if not any(isinstance(callback, ConstraintMonitor) for callback in callbacks):
        callbacks = [ConstraintMonitor(), *callbacks]
    progress = ProgressBar("search", verbose, SHOWN)
    history = supernet.fit(
        batches,
        epochs=config.epochs,
        steps_per_epoch=steps,
        callbacks=[InterruptCheck(), *callbacks, progress],
        verbose=0,
    )
    logs = {key: [float(value) for value in values] for key, values in history.history.items()}
    return derive(supernet, bounds), logs

"""Evolution with shared weights: trains single paths within the limits, and breeds the best on validation windows."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
import tf_keras as keras

from tsnas.callbacks import ConstraintMonitor, ProgressBar
from tsnas.data import Data, mean_one, unpacked
from tsnas.search.derive import Candidate
from tsnas.search.paths import WELL_USED, Path, Paths
from tsnas.space.supernet import Supernet
from tsnas.system.forks import check_can_compute
from tsnas.system.interrupts import raise_if_interrupted
from tsnas.training.slots import make_slots

SHOWN = {
    "val_accuracy": "accuracy {:.3f}",
    "expected_latency_ms": "{:.1f} ms",
    "expected_ram_bytes": "{:.0f} B",
    "entropy": "entropy {:.2f}",
}


@dataclasses.dataclass(frozen=True)
class EvolutionConfig:
    """Settings of the evolution; the defaults suit every data set and limit.

    Args:
        epochs: int, passes over the training windows. Defaults to 15.
        batch_size: int, windows in a batch. Defaults to 64.
        learning_rate: float, initial learning rate of Adam, which decays as a cosine. Defaults to 0.003.
        label_smoothing: float in [0, 1). Defaults to 0.1.
        population: int, number of paths that survive a generation. Defaults to 48.
        warmup: float in [0, 1), fraction of the epochs before the first selection. Defaults to 0.4.
        generations: int, maximum number of generations during training. Defaults to 8.
        last_generations: int, number of generations after training. Defaults to 6.
        val_windows: int, maximum number of validation windows that a path is judged on. Defaults to 512.
    """

    epochs: int = 15
    batch_size: int = 64
    learning_rate: float = 0.003
    label_smoothing: float = 0.1
    population: int = 48
    warmup: float = 0.4
    generations: int = 8
    last_generations: int = 6
    val_windows: int = 512

    def divided(self, parts: int) -> EvolutionConfig:
        """Returns the settings for each of `parts` searches that together judge as many paths as a single search."""
        generations, last = (max(1, math.ceil(n / parts)) for n in (self.generations, self.last_generations))
        return dataclasses.replace(self, generations=generations, last_generations=last)


# Length of the walk from the population to the path that is trained: near it, but rarely the same path twice.
NEAR_STEPS = 4
# Fraction of the offspring that have two parents.
CROSSED = 0.25
# Number of paths of other niches that compete in a niche, as a fraction of its population.
IMMIGRANTS = 0.25
TRIES = 50


def evolve(
    niches: Sequence[Paths],
    train: Data,
    val: Data,
    config: EvolutionConfig | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    seed: int = 0,
    verbose: int = 0,
) -> tuple[list[list[Candidate]], dict[str, list[float]]]:
    """Finds architectures within limits that do well on validation windows with weights that they share.

    Each step trains one path through the supernet. Only paths within the limits are ever trained: at first the ends of
    random walks, then paths near a population of the best so far. Each set of limits, possibly on another board, is a
    niche with a population of its own. The niches take turns and share the weights, and the best paths of one niche
    compete in the others.

    Args:
        niches: sequence of `Paths`, one for each set of limits. The supernet of the first one must be fresh: its
            weights are trained in place, and its alphas are set by the final populations. The supernets of the others
            may be for other boards, but must have the same space.
        train: (x, y), x float32 (windows, time, channels, 1) or such `Windows`, y int of shape (windows,); trains the
            weights. (x, y, weights) if windows have weights.
        val: likewise; judges paths.
        config: `EvolutionConfig`, or None for the defaults.
        callbacks: tf_keras callbacks; their logs include the keys of `ConstraintMonitor`. Defaults to none.
        seed: int, seed of all draws. Defaults to 0.
        verbose: 0, 1 or 2. Defaults to 0.

    Returns:
        (candidates, history): for each niche a list of `Candidate`, those that use the limits well first, then by
            validation loss; and a dict of log key to a list with one value for each epoch, whose costs are those of the
            first niche.

    Raises:
        WorkerError: this process was forked from one in which TensorFlow had computed.

    Source: Guo et al., Single Path One-Shot Neural Architecture Search with Uniform Sampling (2020); Real et al.,
        Regularized Evolution for Image Classifier Architecture Search (2019).
    """
    config = config or EvolutionConfig()
    rng = np.random.default_rng(seed)
    supernet = niches[0].supernet
    trainer = PathTrainer(supernet, train, val, config, rng)
    populations = [[paths.draw(rng) for _ in range(config.population)] for paths in niches]
    if not any(isinstance(callback, ConstraintMonitor) for callback in callbacks):
        callbacks = [ConstraintMonitor(), *callbacks]
    steps = trainer.steps_per_epoch
    recorder = keras.callbacks.History()
    callbacks = [*callbacks, ProgressBar("search", verbose, SHOWN), recorder]
    listeners = keras.callbacks.CallbackList(callbacks, model=supernet, epochs=config.epochs, steps=steps)
    first = max(1, math.ceil(config.warmup * config.epochs))
    selected_after = set(np.linspace(first, config.epochs, config.generations).round().astype(int).tolist())
    supernet.stop_training = False
    listeners.on_train_begin()
    for epoch in range(config.epochs):
        listeners.on_epoch_begin(epoch)
        for step in range(steps):
            listeners.on_train_batch_begin(step)
            turn = (epoch * steps + step) % len(niches)
            paths, population = niches[turn], populations[turn]
            path = paths.walk(population[rng.integers(len(population))], NEAR_STEPS, rng)
            trainer.step(paths.settings(path))
            listeners.on_train_batch_end(step)
            if supernet.stop_training:
                break
        if epoch + 1 in selected_after:
            populations = _next_generations(populations, niches, trainer, rng)
        niches[0].settle([path for population in populations for path in population])
        listeners.on_epoch_end(epoch, trainer.logs() | trainer.judged_logs(niches[0], populations[0]))
        if supernet.stop_training:
            break
    listeners.on_train_end()
    # If a callback has ended the training early, there is no time for more.
    for _ in range(1 if supernet.stop_training else config.last_generations):
        populations = _next_generations(populations, niches, trainer, rng)
    niches[0].settle([path for population in populations for path in population])
    found = []
    for paths, population in zip(niches, populations, strict=True):
        fitting = [candidate for path in population if (candidate := paths.candidate(path)) is not None]
        found.append(fitting or [paths.nearest])
    history = {name: [float(value) for value in values] for name, values in recorder.history.items()}
    return found, history


def _next_generations(
    populations: list[list[Path]], niches: Sequence[Paths], trainer: PathTrainer, rng: np.random.Generator
) -> list[list[Path]]:
    """Breeds the next generation of each niche, in which the best of the other niches compete if they fit."""
    each = max(1, round(IMMIGRANTS * len(populations[0]) / max(1, len(niches) - 1)))
    following = []
    for paths, population in zip(niches, populations, strict=True):
        others = [other for other in populations if other is not population]
        immigrants = [path for other in others for path in other[:each] if paths.use(path) <= 1.0]
        following.append(_next_generation(population, immigrants, paths, trainer, rng))
    return following


def _next_generation(
    population: list[Path], immigrants: list[Path], paths: Paths, trainer: PathTrainer, rng: np.random.Generator
) -> list[Path]:
    """Returns the best of a population and of as many of its offspring, each path once, the best first.

    Paths that use the limits well come before all others: smaller ones learn faster in the few steps that each path
    gets, and the contest would leave them out.
    """
    size = len(population)
    parents = sorted({*population, *immigrants})
    known = set(parents)
    for _ in range(size * TRIES):
        if len(known) >= 2 * size:
            break
        one, other = (parents[index] for index in rng.integers(len(parents), size=2))
        child = paths.cross(one, other, rng) if rng.random() < CROSSED else paths.neighbour(one, rng)
        if paths.use(child) <= 1.0:
            known.add(child)
    everyone = sorted(known)
    losses = trainer.judge([paths.settings(path) for path in everyone])
    poorly_used = [paths.use(path) < WELL_USED for path in everyone]
    return [everyone[index] for index in np.lexsort((losses, poorly_used))[:size]]


class PathTrainer:
    """Compiled steps of the evolution: one trains a path on a batch, one judges it on the validation windows.

    Args:
        supernet: `Supernet` whose weights are trained.
        train: (x, y) or (x, y, weights), as `evolve` takes them.
        val: likewise.
        config: `EvolutionConfig`.
        rng: NumPy generator that orders the windows.
    """

    def __init__(self, supernet: Supernet, train: Data, val: Data, config: EvolutionConfig, rng: np.random.Generator):
        self._rng = rng
        self._windows = len(train[0])
        self._batch_size = min(config.batch_size, self._windows)
        self.steps_per_epoch = math.ceil(self._windows / self._batch_size)
        classes = supernet.cells[-1].out_widths[0]
        check_can_compute()
        (self._x, codes, weights_x), (x_val, codes_val, weights_val) = unpacked(train), unpacked(val)
        judges = rng.permutation(len(x_val))[: config.val_windows]
        y = tf.one_hot(codes, classes)
        x_val, y_val = tf.constant(x_val[judges]), tf.one_hot(codes_val[judges], classes)
        weights_x = None if weights_x is None else mean_one(weights_x)
        weights_val = None if weights_val is None else mean_one(weights_val[judges])
        supernet(tf.zeros((1, *self._x.shape[1:])))
        weights = supernet.network_weights
        rate = keras.optimizers.schedules.CosineDecay(config.learning_rate, self.steps_per_epoch * config.epochs)
        optimizer = keras.optimizers.legacy.Adam(rate)
        make_slots(optimizer, weights)
        loss_of = keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
        self._loss, self._accuracy = keras.metrics.Mean(), keras.metrics.CategoricalAccuracy()

        @tf.function(autograph=False)
        def step(windows, rows, settings):
            labels = tf.gather(y, rows)
            own = None if weights_x is None else tf.gather(weights_x, rows)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                probabilities = supernet.path(windows, settings)
                loss = loss_of(labels, probabilities, own)
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            self._loss.update_state(loss)
            self._accuracy.update_state(labels, probabilities, own)

        @tf.function(autograph=False)
        def judge(settings):
            probabilities = supernet.path(x_val, settings)
            right = keras.metrics.categorical_accuracy(y_val, probabilities)
            right = right if weights_val is None else right * weights_val
            return loss_of(y_val, probabilities, weights_val), tf.reduce_mean(right)

        self._step, self._judge = step, judge
        self._order = np.zeros(0, int)
        self._known: dict[tuple[int, ...], tuple[float, float]] = {}

    def step(self, settings: list[int]) -> None:
        """Trains the path with these settings on the next batch."""
        raise_if_interrupted()
        if len(self._order) < self._batch_size:
            self._order = self._rng.permutation(self._windows)
        rows, self._order = self._order[: self._batch_size], self._order[self._batch_size :]
        self._known.clear()
        self._step(tf.constant(self._x[rows]), tf.constant(rows), tf.constant(settings))

    def judge(self, settings: Sequence[list[int]]) -> list[float]:
        """Returns the loss of each path on the validation windows."""
        return [self._judged(tuple(one))[0] for one in settings]

    def _judged(self, settings: tuple[int, ...]) -> tuple[float, float]:
        if settings not in self._known:
            raise_if_interrupted()
            loss, accuracy = self._judge(tf.constant(settings))
            self._known[settings] = float(loss), float(accuracy)
        return self._known[settings]

    def logs(self) -> dict[str, float]:
        """Returns the training loss and accuracy since the previous call."""
        logs = {"loss": float(self._loss.result()), "accuracy": float(self._accuracy.result())}
        self._loss.reset_state()
        self._accuracy.reset_state()
        return logs

    def judged_logs(self, paths: Paths, population: Sequence[Path]) -> dict[str, float]:
        """Returns the loss and accuracy of the first path of a population on the validation windows."""
        loss, accuracy = self._judged(tuple(paths.settings(population[0])))
        return {"val_loss": loss, "val_accuracy": accuracy}

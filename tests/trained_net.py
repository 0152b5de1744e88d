"""One small network, trained, quantised and converted, for the tests of training, deployment and interpreter."""

from __future__ import annotations

import dataclasses

import numpy as np
import tf_keras as keras
from small_nets import small_net

from tsnas.deploy.convert import convert_int8
from tsnas.training.seed import fixed_seed
from tsnas.training.train import train_float, train_quantised


@dataclasses.dataclass(frozen=True)
class Trained:
    """A float model, its quantisation-aware copy, the converted file, and the windows: three classes of sines."""

    model: keras.Model
    qat_model: keras.Model
    tflite: bytes
    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def sine_windows(windows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Windows (32, 3) of noisy sines; the class is the frequency."""
    rng = np.random.default_rng(seed)
    labels = np.arange(windows) % 3
    cycles = np.array([1.0, 3.0, 6.0])[labels][:, None, None]
    phase = rng.uniform(0, 2 * np.pi, (windows, 1, 3))
    x = np.sin(2 * np.pi * cycles * np.arange(32)[None, :, None] / 32 + phase)
    return (x + 0.5 * rng.standard_normal(x.shape)).astype(np.float32), labels


def trained_net() -> Trained:
    (x, y), (x_test, y_test) = sine_windows(480, seed=0), sine_windows(240, seed=1)
    with fixed_seed(0):
        model = small_net()
    train_float(model, x, y, epochs=10, seed=0)
    qat_model = train_quantised(model, x, y, epochs=3, seed=0)
    return Trained(model, qat_model, convert_int8(qat_model), x, y, x_test, y_test)

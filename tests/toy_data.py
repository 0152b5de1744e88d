"""Small synthetic windows that a network learns within seconds, and the settings of such a job."""

import numpy as np

import tsnas

# Without a supernet, whose graph takes seconds to build.
QUICK_RANDOM = {
    "epochs": 16,
    "search_epochs": 2,
    "qat_epochs": 2,
    "batch_size": 16,
    "finalists": 1,
    "strategy": "random",
    "space": tsnas.SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3,), extra_fusion_cells=0),
    "seed": 0,
    "verbose": 0,
}


def sines(windows: int, length: int = 32, channels: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sines of random phase plus noise; the class (0, 1 or 2) is the frequency."""
    rng = np.random.default_rng(seed)
    labels = np.arange(windows) % 3
    cycles = np.array([1.0, 3.0, 6.0])[labels]
    phase = rng.uniform(0, 2 * np.pi, size=(windows, 1, channels))
    time = np.arange(length)[None, :, None] / length
    x = np.sin(2 * np.pi * cycles[:, None, None] * time + phase)
    x += 0.1 * rng.standard_normal(x.shape)
    return x.astype(np.float32), labels

"""Random architectures of the search space, for tests of their costs."""

import dataclasses
import random

from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.space.config import SpaceConfig

SPACE = SpaceConfig()


def random_architecture(seed):
    """An architecture of the default space for a random window; the same seed gives the same one."""
    rng = random.Random(seed)
    time, channels, classes = rng.choice((8, 15, 24, 31, 64, 100, 128, 200)), rng.randint(1, 12), rng.randint(2, 12)
    space = dataclasses.replace(SPACE, first_stride=rng.choice((2, 4)), collapse=rng.random() < 0.5)
    cells = [
        TimeReduce(rng.choice(SPACE.kernel_sizes), rng.choice(SPACE.time_reduce_widths), stride)
        for stride in space.time_strides(time)
    ]
    for index, stride in enumerate(space.fusion_strides(channels)):
        if stride == 1 and index and rng.random() < 0.3:
            continue  # the identity takes the place of the cell
        kernels = tuple(kernel for kernel in SPACE.kernel_sizes if rng.random() < 0.5)
        cells.append(
            SensorFusion(
                filters=rng.choice(SPACE.fusion_widths),
                kernels=kernels,
                mid_filters=rng.choice(SPACE.fusion_widths) if kernels else 0,
                skip=not kernels or rng.random() < 0.6,
                stride=stride,
            )
        )
    return Architecture(time, channels, classes, tuple(cells), rng.choice((1, 1, 2)))

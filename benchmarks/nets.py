"""Nets made by hand: thin filters on each sensor, one step that takes all sensors, wide filters over time."""

from __future__ import annotations

from tsnas.space.architecture import Cell, SensorFusion, TimeReduce

BATCH_SIZE = 64


def nets(sensors: int) -> dict[str, tuple[Cell, ...]]:
    """Cells of each net, the smallest first."""
    return {
        "4, 8 | 24, 32": (TimeReduce(3, 4, 4), TimeReduce(3, 8, 2), SensorFusion(32, (5,), 24, True, sensors)),
        "4, 8, 8 | 24, 32": (
            TimeReduce(5, 4),
            TimeReduce(5, 8),
            TimeReduce(5, 8),
            SensorFusion(32, (5,), 24, True, sensors),
        ),
        "4, 8, 8 | 32, 48 | 48": (
            TimeReduce(5, 4),
            TimeReduce(5, 8),
            TimeReduce(5, 8),
            SensorFusion(48, (3, 7), 32, True, sensors),
            SensorFusion(48, (5,), 48, True, 1),
        ),
        "8, 12, 12 | 48, 64 | 48": (
            TimeReduce(7, 8),
            TimeReduce(5, 12),
            TimeReduce(5, 12),
            SensorFusion(64, (3, 7), 48, True, sensors),
            SensorFusion(48, (3, 7), 48, True, 1),
        ),
    }

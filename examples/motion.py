"""Makes recordings of simulated motion for the examples that need raw samples."""

from __future__ import annotations

import numpy as np

RATE_HZ = 50.0
CHANNELS = ("ax", "ay", "az", "wx", "wy", "wz")
# For each activity: steps per second, and the amplitude of the acceleration in g.
ACTIVITIES = {"rest": (0.2, 0.02), "run": (2.6, 1.2), "walk": (1.6, 0.4)}


def recordings(users: int = 6, seconds: int = 40, seed: int = 0) -> tuple[list[np.ndarray], list[str], list[str]]:
    """Makes one recording of each activity for each user; users differ in pace and in the angle of their sensors.

    Args:
        users: int, number of users. Defaults to 6.
        seconds: int, length of a recording in seconds. Defaults to 40.
        seed: int, seed of all random values. Defaults to 0.

    Returns:
        (arrays, labels, users): float32 arrays (time, 6) of acceleration in g and angular rate in rad/s at 50 Hz, and
        an activity and a user for each of them.
    """
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    arrays, labels, owners = [], [], []
    for user in range(users):
        pace = rng.uniform(0.85, 1.15)
        turn, _ = np.linalg.qr(np.eye(3) + 0.2 * rng.standard_normal((3, 3)))
        turn *= np.sign(np.diag(turn))  # A rotation, without reflections.
        for activity, (hz, swing_g) in ACTIVITIES.items():
            phase = 2 * np.pi * hz * pace * time_s[:, np.newaxis] + rng.uniform(0, 2 * np.pi, 3)
            acceleration = [0.0, 0.0, 1.0] + swing_g * np.sin(phase) + rng.normal(0, 0.05, phase.shape)
            rate = swing_g * np.cos(phase) + rng.normal(0, 0.1, phase.shape)
            arrays.append(np.concatenate([acceleration @ turn, rate @ turn], axis=1).astype(np.float32))
            labels.append(activity)
            owners.append(f"user{user + 1}")
    return arrays, labels, owners

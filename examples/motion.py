"""Recordings of made-up motion, for the examples that need raw samples."""

from __future__ import annotations

import numpy as np

RATE_HZ = 50.0
CHANNELS = ("ax", "ay", "az", "wx", "wy", "wz")
# Of each activity: steps in a second, and how far the acceleration swings, in g.
ACTIVITIES = {"rest": (0.2, 0.02), "run": (2.6, 1.2), "walk": (1.6, 0.4)}


def recordings(users: int = 6, seconds: int = 40, seed: int = 0) -> tuple[list[np.ndarray], list[str], list[str]]:
    """One recording of each activity of each user, who has a pace and wears the sensors at an angle of their own.

    Args:
        users: int, how many. Defaults to 6.
        seconds: int, length of a recording. Defaults to 40.
        seed: int, seed of all that is random. Defaults to 0.

    Returns:
        (arrays, labels, users): float32 arrays (time, 6) of acceleration in g and angular rate in rad/s at 50 Hz, and
        an activity and a user for each.
    """
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    arrays, labels, owners = [], [], []
    for user in range(users):
        pace = rng.uniform(0.85, 1.15)
        turn, _ = np.linalg.qr(np.eye(3) + 0.2 * rng.standard_normal((3, 3)))
        turn *= np.sign(np.diag(turn))  # Without a mirror.
        for activity, (hz, swing_g) in ACTIVITIES.items():
            phase = 2 * np.pi * hz * pace * time_s[:, np.newaxis] + rng.uniform(0, 2 * np.pi, 3)
            acceleration = [0.0, 0.0, 1.0] + swing_g * np.sin(phase) + rng.normal(0, 0.05, phase.shape)
            rate = swing_g * np.cos(phase) + rng.normal(0, 0.1, phase.shape)
            arrays.append(np.concatenate([acceleration @ turn, rate @ turn], axis=1).astype(np.float32))
            labels.append(activity)
            owners.append(f"user{user + 1}")
    return arrays, labels, owners

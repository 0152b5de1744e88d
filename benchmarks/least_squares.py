"""Least squares with standard errors."""

from __future__ import annotations

import numpy as np


def least_squares(causes: np.ndarray, effect: np.ndarray) -> list[tuple[float, float]]:
    """(coefficient, standard error) of each column of `causes`, without a constant."""
    coefficients = np.linalg.lstsq(causes, effect, rcond=None)[0]
    left = effect - causes @ coefficients
    variance = left @ left / max(1, len(effect) - causes.shape[1])
    errors = np.sqrt(np.diag(variance * np.linalg.pinv(causes.T @ causes)))
    return [(float(value), float(error)) for value, error in zip(coefficients, errors, strict=True)]

"""Few well chosen operators say as much about a board as many drawn at random."""

import dataclasses

import numpy as np
import pytest

from tsnas.cost.board import load_board
from tsnas.cost.fit import fit_board_coefficients
from tsnas.cost.latency import op_cycles
from tsnas.cost.measurements import OpMeasurement
from tsnas.errors import SettingError
from tsnas.probe.plan import calibration_ops
from tsnas.space.operators import space_ops
from tsnas.space.spaces import SPACES

OPS = space_ops(128, 9, 6, *SPACES["micronas"])
KNOWN, OTHER = load_board("nucleo_f446re"), load_board("nicla_sense_me")


def error_of(chosen):
    """Mean error on all operators of a fit to some, for a board whose kernels we know to the cycle."""
    rng = np.random.default_rng(0)
    rows = [
        OpMeasurement("x", "r", op, cycles := round(op_cycles(op, OTHER) * rng.normal(1, 0.003)), cycles + 500, 9**9, 1)
        for op in chosen
    ]
    own = fit_board_coefficients(rows)
    coefficients = {kernel: steps | own.get(kernel, {}) for kernel, steps in KNOWN.coefficients.items()}
    fitted = dataclasses.replace(KNOWN, coefficients=coefficients)
    return np.mean([abs(op_cycles(op, fitted) / op_cycles(op, OTHER) - 1) for op in OPS])


def test_the_plan_has_every_kind_and_no_operator_twice():
    for count in (4, 10, 60):
        chosen = calibration_ops(OPS, count, KNOWN)
        assert len(chosen) == len(set(chosen)) == count
        assert {op.kind for op in chosen} == {op.kind for op in OPS}
    assert set(calibration_ops(OPS[:5], 60, KNOWN)) == set(OPS[:5])


def test_it_beats_random_operators():
    rng = np.random.default_rng(1)
    planned = error_of(calibration_ops(OPS, 60, KNOWN))
    drawn = [error_of([OPS[i] for i in rng.permutation(len(OPS))[:60]]) for _ in range(5)]
    assert planned < 0.02
    assert planned < np.mean(drawn)


def test_no_operators_are_no_plan():
    with pytest.raises(SettingError, match="0 operators"):
        calibration_ops(OPS, 0, KNOWN)

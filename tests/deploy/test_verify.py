"""The last gate: a file over any limit is refused, and the message names every limit."""

import dataclasses

import pytest

from tsnas import errors
from tsnas.cost.board import load_board
from tsnas.cost.estimate import estimate_tflite
from tsnas.cost.limits import Limits
from tsnas.deploy.verify import verify

BOARD = "nucleo_f446re"


def test_a_file_within_its_limits_returns_its_estimate(trained):
    estimate = verify(trained.tflite, BOARD, Limits(max_latency_ms=1000, max_ram_kb=64, max_flash_kb=64).on(BOARD))
    assert estimate == estimate_tflite(trained.tflite, BOARD)
    assert estimate.flash_bytes == len(trained.tflite)
    assert [row.name for row in estimate.rows][:2] == ["stem", "skip0"]


def test_every_limit_that_is_exceeded_is_named(trained):
    with pytest.raises(errors.LimitExceededError, match=r"latency.*; RAM.*; flash.*"):
        verify(trained.tflite, BOARD, Limits(max_latency_ms=0.01, max_ram_kb=1, max_flash_kb=1).on(BOARD))
    with pytest.raises(errors.LimitExceededError, match=r"latency") as caught:
        verify(trained.tflite, BOARD, Limits(max_latency_ms=0.01).on(BOARD))
    assert "RAM" not in str(caught.value)


def test_energy_is_judged_by_the_power_of_the_board(trained):
    board = dataclasses.replace(load_board(BOARD), active_power_mw=100.0)
    estimate = verify(trained.tflite, board, Limits().on(board))
    energy_mj = estimate.energy_mj_at("upper")
    assert estimate.energy_mj < energy_mj < 1.1 * estimate.energy_mj
    assert verify(trained.tflite, board, Limits(max_energy_mj=energy_mj).on(board)).energy_mj == estimate.energy_mj
    with pytest.raises(errors.LimitExceededError, match=r"energy .* mJ .*is over the limit of"):
        verify(trained.tflite, board, Limits(max_energy_mj=energy_mj / 2).on(board))
    with pytest.raises(errors.LimitError, match="no active_power_mw"):
        verify(trained.tflite, BOARD, Limits(max_energy_mj=energy_mj).on(BOARD))


@pytest.mark.parametrize(
    ("latency_share", "named"), [(0.4, "latency.*; energy"), (0.5, "latency.*; energy"), (0.6, "energy")]
)
def test_of_energy_and_latency_what_was_asked_for_is_named(trained, latency_share, named):
    """Also where the limit on latency is what that on energy comes to."""
    board = dataclasses.replace(load_board(BOARD), active_power_mw=1000.0)
    estimate = estimate_tflite(trained.tflite, board)
    limits = Limits(max_latency_ms=latency_share * estimate.latency_ms, max_energy_mj=0.5 * estimate.latency_ms)
    with pytest.raises(errors.LimitExceededError, match=rf"exceeds its limits on {BOARD}: {named} [^;]*\.$"):
        verify(trained.tflite, board, limits.on(board))


def test_a_limit_that_is_met_exactly_is_kept(trained):
    flash_kb = len(trained.tflite) / 1024
    verify(trained.tflite, BOARD, Limits(max_flash_kb=flash_kb).on(BOARD))
    with pytest.raises(errors.LimitExceededError, match="flash"):
        verify(trained.tflite, BOARD, Limits(max_flash_kb=flash_kb - 0.001).on(BOARD))


def test_a_damaged_file_is_refused(trained):
    with pytest.raises(errors.ModelFileError):
        verify(trained.tflite[:500], BOARD, Limits().on(BOARD))

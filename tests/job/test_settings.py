"""Settings of a job: how often and in which batches the windows are seen, and what makes it another job."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.cost.board import load_board
from tsnas.cost.limits import Limits
from tsnas.job.settings import Settings, epochs_of
from tsnas.space.config import SpaceConfig

DEFAULTS = Settings(
    board=load_board("nucleo_f446re"),
    limits=Limits(),
    spaces=(SpaceConfig(),),
    strategy="micronas",
    max_minutes=None,
    epochs=None,
    search_epochs=None,
    qat_epochs=None,
    batch_size=None,
    finalists=1,
    validation_fraction=0.2,
    axes=(),
    seed=0,
    directory=None,
    verbose=0,
)


@pytest.mark.parametrize(
    ("shape", "batch_size"),
    [((7415, 128, 9, 1), 64), ((40, 128, 9, 1), 16), ((640, 24, 1, 1), 40), ((5000, 1500, 60, 1), 11)],
)
def test_batches_suit_the_number_and_the_size_of_the_windows(shape, batch_size):
    x = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), shape, (0, 0, 0, 0))
    assert DEFAULTS.batch_size_for(x) == batch_size
    assert dataclasses.replace(DEFAULTS, batch_size=7).batch_size_for(x) == 7


@pytest.mark.parametrize(
    ("steps_per_epoch", "epochs"),
    [(115.9, 52), (38.4, 60), (0.3, 60), (3125, 10)],
)
def test_epochs_make_about_the_steps_asked_for_within_their_bounds(steps_per_epoch, epochs):
    assert epochs_of(6000, steps_per_epoch, (10, 60)) == epochs


@given(windows=st.integers(1, 400), epochs=st.sampled_from([None, 3]))
def test_an_epoch_of_few_windows_has_sixteen_steps_unless_epochs_were_asked_for(windows, epochs):
    data = np.arange(8 * windows, dtype=np.float32).reshape(windows, 8, 1, 1), np.arange(windows)
    x, y = DEFAULTS.repeated(data, epochs)
    batch_size = DEFAULTS.batch_size_for(data[0])
    if epochs or windows >= 16 * batch_size:
        assert x is data[0]
        assert y is data[1]
    else:
        assert len(x) // batch_size >= 16 > (len(x) - windows) // batch_size
        np.testing.assert_array_equal(x[:], data[0][y])
        np.testing.assert_array_equal(np.bincount(y), len(x) // windows)
    assert DEFAULTS.train_epochs_for(x) * (len(x) // batch_size) >= (0 if epochs else 700)


def test_smaller_networks_are_trained_for_longer_within_bounds():
    x = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (7352, 128, 9, 1), (0, 0, 0, 0))
    epochs = [DEFAULTS.train_epochs_for(x, macs) for macs in (1, 100_000, 350_000, 1_400_000, 10**9)]
    assert [round(count * 7352 / 64, -3) for count in epochs] == [5000, 5000, 4000, 2000, 2000]
    assert {DEFAULTS.qat_epochs_for(x, macs) for macs in (100_000, 10**9)} == {DEFAULTS.train_epochs_for(x) // 5}
    assert dataclasses.replace(DEFAULTS, epochs=7).train_epochs_for(x, 100_000) == 7


@pytest.mark.parametrize(
    ("windows", "passes"), [(16, 80 * 16), (100, 80 * 3), (132, 200), (256, 200), (500, 200), (1000, 100), (7352, 18)]
)
def test_some_hundred_windows_are_passed_over_more_often(windows, passes):
    x = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (windows, 128, 1, 1), (0, 0, 0, 0))
    repeated, _ = DEFAULTS.repeated((x, np.zeros(windows)), None)
    epochs = DEFAULTS.train_epochs_for(repeated, windows=windows)
    assert epochs * len(repeated) / windows == passes
    assert epochs >= DEFAULTS.train_epochs_for(repeated)
    assert dataclasses.replace(DEFAULTS, epochs=7).train_epochs_for(x, windows=windows) == 7


def test_passes_in_small_batches_are_within_the_steps_of_a_training():
    x = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (500, 128, 1, 1), (0, 0, 0, 0))
    for batch_size in (1, 2, 8, 16):
        found = dataclasses.replace(DEFAULTS, batch_size=batch_size)
        epochs = found.train_epochs_for(x, windows=500)
        assert epochs * (500 // batch_size) <= 5000 + 500 // batch_size or epochs == found.train_epochs_for(x)


def test_all_but_folder_verbosity_smoothing_and_plain_models_make_another_job():
    classes = np.array(["a", "b"])
    same = dataclasses.replace(DEFAULTS, directory="elsewhere", verbose=2, plain_rivals=False, smooth="auto")
    assert same.identity(classes) == DEFAULTS.identity(classes)
    for changes in (
        {"strategy": "random"},
        {"seed": 1},
        {"limits": Limits(max_ram_kb=5)},
        {"max_minutes": 3},
        {"spaces": 2 * (SpaceConfig(),)},
    ):
        assert dataclasses.replace(DEFAULTS, **changes).identity(classes) != DEFAULTS.identity(classes)
    assert DEFAULTS.identity(classes[:1]) != DEFAULTS.identity(classes)
    json.dumps(DEFAULTS.identity(classes))

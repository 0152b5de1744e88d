"""Splits of a job give training and validation windows by their rows, and its summary counts the same rows."""

import tracemalloc

import numpy as np
import pytest
from toy_data import sines

import tsnas
from tsnas.data import validation_splits
from tsnas.job import preparation
from tsnas.job.inputs import checked
from tsnas.job.preparation import prepare
from tsnas.training.augment import scale_and_noise, stretch_and_shift

X, Y = sines(60)
USERS = np.arange(60) // 10


def test_splits_are_the_rows_that_travel_with_the_job():
    data = prepare(checked(tsnas.AutoClassifier(verbose=0), X, Y, USERS), seed=0)
    assert len(data.splits) == len(data.rows) > 0
    windows, codes = data.everything
    for ((x, y), (x_val, y_val)), (train, val) in zip(data.splits, data.rows, strict=True):
        np.testing.assert_array_equal(x[:], windows[train])
        np.testing.assert_array_equal(y, codes[train])
        np.testing.assert_array_equal(x_val[:], windows[val])
        np.testing.assert_array_equal(y_val, codes[val])
        assert not set(USERS[train]) & set(USERS[val])


@pytest.mark.usefixtures("many_splits")
@pytest.mark.parametrize(
    ("windows", "groups", "fraction", "expected"),
    [
        (1000, None, 0.2, 2),
        (40, None, 0.2, 5),
        (40, None, 0.1, 5),
        (40, None, 0.4, 2),
        (40, None, 0.9, 2),
        (40, 20, 0.2, 5),
        (40, 3, 0.2, 3),
        (40, 2, 0.2, 2),
        (40, 1, 0.2, 5),
    ],
)
def test_few_validation_windows_are_made_up_for_by_more_splits(windows, groups, fraction, expected):
    given = None if groups is None else np.arange(windows) % groups
    count = preparation._split_count(windows, given, fraction)
    assert count == expected
    splits = validation_splits(np.arange(windows) % 2, given, fraction, count, seed=0)
    if fraction <= 0.5 and groups != 1:
        held_out = np.concatenate([held for _, held in splits])
        assert len(set(held_out)) == len(held_out)


def test_windows_are_stretched_unless_other_windows_show_that_it_harms(monkeypatch, capsys):
    asked = []

    def ratio(x, codes, groups, plain, stretched, seed):
        asked.append((x.shape, groups, seed))
        for copy in (plain, stretched):
            assert copy(x[:, :, :, 0], 1).shape == X.shape
        return ratios.pop()

    monkeypatch.setattr(preparation, "stretching_loss_ratio", ratio)
    # The last comes first: no loss, more of which little is sure, and surely more.
    ratios = [(1.2, 0.05), (1.2, 0.1), (1.01, 0.001)]
    job = checked(tsnas.AutoClassifier(verbose=1, axes=None), X, Y, USERS)
    assert prepare(job, seed=3).augment is stretch_and_shift
    assert "windows are stretched and shifted in time" in capsys.readouterr().out
    assert prepare(job, seed=3).augment is stretch_and_shift
    assert prepare(job, seed=3).augment is scale_and_noise
    assert "had 20% more loss" in capsys.readouterr().out
    assert asked[0][0] == (*X.shape, 1)
    assert (asked[0][1] == USERS).all()
    assert asked[0][2] == 3
    turned = prepare(checked(tsnas.AutoClassifier(verbose=0, axes=[(0, 1, 2)]), X, Y, USERS), seed=3)
    assert len(asked) == 3
    assert turned.augment not in (stretch_and_shift, scale_and_noise)


def test_networks_are_local_if_other_windows_surely_show_that_this_is_better(monkeypatch, capsys):
    asked = []

    def ratio(x, codes, groups, seed):
        asked.append((x.shape, len(codes), groups, seed))
        return ratios.pop()

    monkeypatch.setattr(preparation, "locality_loss_ratio", ratio)
    job = checked(tsnas.AutoClassifier(verbose=1, axes=None), X, Y, USERS)
    data = prepare(job, seed=3)
    ratios = [(1.3, 0.1), (0.95, 0.1), (0.7, 0.1)]
    assert [preparation.local_or_not(data, job, 3) for _ in range(3)] == [True, False, False]
    assert asked[0][:2] == ((*X.shape, 1), len(Y))
    assert (asked[0][2] == USERS).all()
    assert asked[0][3] == 3
    said = capsys.readouterr().out
    assert (
        "space: local networks: a ridge classifier with kernels of samples in a row\n  had 0.70 times the loss" in said
    )
    assert "space: dilated networks" in said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize(
    ("ratio", "error", "local", "words"),
    [
        (0.9976, 0.001, True, "had 0.998 times"),
        (0.99996, 0.0, True, "had 0.99996 times"),
        (1.0023, 0.001, False, "had 1.002 times the loss on other windows of one with dilated kernels\n"),
        (1.0, 0.0, False, "had 1.00 times"),
        (
            0.95,
            0.1,
            False,
            "had 0.95 times the loss on other windows of one with dilated kernels,\n  which is not surely",
        ),
    ],
)
def test_the_number_is_on_the_side_of_the_decision(ratio, error, local, words, monkeypatch, capsys):
    monkeypatch.setattr(preparation, "locality_loss_ratio", lambda *_: (ratio, error))
    job = checked(tsnas.AutoClassifier(verbose=1, axes=[(0, 1, 2)]), X, Y)
    assert preparation.local_or_not(prepare(job, seed=0), job, 0) is local
    assert words in capsys.readouterr().out


def test_channels_with_wild_values_are_counted(capsys):
    x = np.repeat(X, 10, axis=0)
    x[7, 3, 0] = 1e9
    prepare(checked(tsnas.AutoClassifier(verbose=1, axes=[(0, 1, 2)]), x, np.repeat(Y, 10)), seed=0)
    x[9, 3, 2] = 1e9
    prepare(checked(tsnas.AutoClassifier(verbose=1, axes=[(0, 1, 2)]), x, np.repeat(Y, 10)), seed=0)
    said = capsys.readouterr().out
    assert "a few of channel 0 are" in said
    assert "a few of channels 0 and 2 are" in said


def test_windows_are_standardised_by_the_training_part_of_the_first_split():
    data = prepare(checked(tsnas.AutoClassifier(verbose=0), 3 * X + 5, Y, USERS), seed=0)
    train = data.splits[0][0][0][:]
    np.testing.assert_allclose(train.mean(axis=(0, 1, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(train.std(axis=(0, 1, 3)), 1, rtol=1e-3)


def test_validation_data_is_the_only_split():
    data = prepare(checked(tsnas.AutoClassifier(verbose=0), X[:40], Y[:40], validation_data=(X[40:], Y[40:])), seed=0)
    assert data.rows is None
    assert len(data.splits) == 1
    assert [len(part[0]) for part in data.splits[0]] == [40, 20]


def test_many_windows_have_the_values_of_few_but_are_standardised_when_they_are_read(monkeypatch, tmp_path):
    raw = (100 * X).astype(np.int16)
    np.save(tmp_path / "x.npy", raw)
    few = prepare(checked(tsnas.AutoClassifier(verbose=0), raw, Y, USERS), seed=0)
    monkeypatch.setattr(preparation, "HELD_BYTES", 0)
    for given in (
        raw,
        np.load(tmp_path / "x.npy", mmap_mode="r"),
        raw[::-1][::-1],
        raw.astype(np.float64),
        raw.tolist(),
    ):
        many = prepare(checked(tsnas.AutoClassifier(verbose=0), given, Y, USERS), seed=0)
        assert many.standardizer == few.standardizer
        np.testing.assert_array_equal(many.everything[0][:], few.everything[0][:])
        for part, other in zip(many.splits[1], few.splits[1], strict=True):
            np.testing.assert_array_equal(part[0][:], other[0][:])


def test_no_windows_of_a_file_are_copied_as_a_whole(monkeypatch, tmp_path):
    monkeypatch.setattr(preparation, "HELD_BYTES", 2**20)
    monkeypatch.setattr("tsnas.data.lazy_windows.PART_VALUES", 2**18)
    monkeypatch.setattr(preparation, "stretching_loss_ratio", lambda *_: (1.0, 0.0))
    raw = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.int16, (4000, 128, 3))
    raw[:, :, 1] = np.arange(128)
    raw.flush()
    for given in (np.load(tmp_path / "x.npy", mmap_mode="r"), np.array(raw)):
        tracemalloc.start()
        data = prepare(checked(tsnas.AutoClassifier(verbose=0), given, np.arange(4000) % 4), seed=0)
        for (x, _), (x_val, _) in data.splits:
            assert x[np.arange(1024).reshape(16, 64)].shape == (16, 64, 128, 3, 1)
            assert len(x) + len(x_val) == 4000
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # A part and a batch in float64 take more than in int16.
        assert peak_bytes < 4 * raw.size


def test_no_more_windows_judge_than_are_needed(monkeypatch):
    monkeypatch.setattr(preparation, "MOST_JUDGES", 6)
    data = prepare(checked(tsnas.AutoClassifier(verbose=0, axes=None), X, Y), seed=0)
    for ((x, _), (x_val, y_val)), (train, val) in zip(data.splits, data.rows, strict=True):
        assert (len(x), len(x_val)) == (len(train), len(val)) == (48, 6)
        assert not set(train) & set(val)
        assert set(y_val) == set(Y)

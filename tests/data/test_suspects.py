"""Channels that are no sensor: found in folders where one leaks, left alone where none does; tests of a column."""

import warnings

import numpy as np
import pytest
from leaky_folders import LEAKS, make_folder

from tsnas.data import check, from_csv, warn_of_channels
from tsnas.data.column_names import split_name
from tsnas.data.column_tests import counts, drift, find_copies, find_formula, repeats
from tsnas.data.suspects import CLASS, CLOCK, COUNTER, DERIVED, GROUP, RECORDING, Series, find_suspects

PATTERN = r"(?P<label>\w+)/(?P<group>user\d+)"
FEW = range(len(LEAKS))
ONE = np.zeros(1, int)


def read(folder):
    return from_csv(folder, time="time_ms", pattern=PATTERN)


def says(data, name):
    """Whether a note or a warning of the check names the column."""
    noted = any(repr(name) in note and "left out" in note for note in data.notes)
    return noted or any(one.kind == "no sensor" and one.numbers["channel"] == name for one in check(data).findings)


def check_a_leak(folder, seed):
    name = make_folder(folder, seed, LEAKS[seed % len(LEAKS)])
    data = read(folder)
    assert says(data, name)
    assert {"ax", "ay", "az"} <= set(data.channels)
    assert not [note for note in data.notes if "left out" in note and repr(name) not in note]


def check_no_leak(folder, seed):
    make_folder(folder, 1000 + seed, None)
    data = read(folder)
    header = next(folder.rglob("*.csv")).read_text().split("\n")[0]
    assert ("time_ms", *data.channels) == tuple(header.split(","))


@pytest.mark.parametrize("seed", FEW)
def test_a_column_that_leaks_is_found(tmp_path, seed):
    check_a_leak(tmp_path, seed)


@pytest.mark.parametrize("seed", range(3))
def test_no_sensor_is_left_out(tmp_path, seed):
    check_no_leak(tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(len(LEAKS), 200))
def test_columns_that_leak_are_found_in_many_folders(tmp_path, seed):
    check_a_leak(tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3, 200))
def test_no_sensor_is_left_out_of_many_folders(tmp_path, seed):
    check_no_leak(tmp_path, seed)


def test_names_have_words():
    assert split_name("sampleIdx_2 [m/s]") == {"sample", "idx", "m"}
    assert split_name("Time (ms)") == {"time", "ms"}
    assert split_name("7") == set()


def test_even_rises():
    order = np.arange(100.0)
    assert drift(order, ONE) == pytest.approx(1)
    assert drift(-0.02 * order, ONE) == pytest.approx(-0.02)
    assert drift(order // 8, ONE) is not None
    assert drift(order**2, ONE) is None
    assert drift(order + np.random.default_rng(0).normal(0, 1, 100), ONE) is None
    assert drift(np.floor(order / 60), ONE) is None
    assert drift(np.concatenate([order, order]), np.array([0, 100])) == pytest.approx([1, 1])
    assert drift(np.concatenate([order, -order]), np.array([0, 100])) is None
    # Jitter is that of the time stamps.
    times = np.cumsum(np.random.default_rng(1).exponential(1, 100))
    assert drift(times + 9, ONE, times) == pytest.approx(1)


def test_counters():
    order = np.arange(300)
    assert counts(order % 256, ONE) == (1, 256)
    assert counts(order, ONE) == (1, 0)
    assert counts(-order, ONE) == (-1, 0)
    assert counts(order // 8 % 16, ONE) == (1, 16)
    assert counts(np.delete(order, [5, 77, 78]), ONE) == (1, 0)
    meter = np.round(np.cumsum(np.random.default_rng(0).exponential(0.3, 300)))
    assert counts(meter, ONE) is None
    assert counts(np.round(10 * np.sin(order / 20)), ONE) is None
    assert counts(order % 2, ONE) is None
    assert counts(order + 0.5, ONE) is None


def test_codes_repeat_others():
    codes = np.repeat([0, 1, 2], 50)
    assert repeats(np.array([7.0, 3.0, 5.0])[codes], codes)
    assert repeats((codes == 1).astype(float), codes)
    assert not repeats(np.zeros(150), codes)
    assert not repeats(np.arange(150) % 2, codes)
    assert not repeats(np.random.default_rng(0).normal(size=150), codes)
    codes = np.repeat(codes, 4)
    late = np.roll(codes, 1)
    assert repeats(late.astype(float), codes)


def test_formulas_and_copies():
    axes = np.random.default_rng(0).normal(size=(200, 3))
    norm = np.linalg.norm(axes, axis=1)
    assert find_formula(np.column_stack([axes, np.round(norm, 2)]), 3) == ("norm", (0, 1, 2))
    assert find_formula(np.column_stack([norm - 1, axes]), 0) == ("norm", (1, 2, 3))
    assert find_formula(np.column_stack([axes, axes.sum(1)]), 3) == ("sum", (0, 1, 2))
    assert find_formula(np.column_stack([axes, axes.mean(1) + 0.1 * axes[::-1, 0]]), 3) is None
    assert find_copies(np.column_stack([axes, 9.81 * axes[:, 1] + 2])) == {3: 1}
    assert find_copies(np.column_stack([axes, np.full(200, 5.0)])) == {}


def series(values, names, **given):
    return Series(np.column_stack(values), np.array([50, 50, 50, 50]), names, **given)


def test_kinds_and_certainty():
    rng = np.random.default_rng(0)
    order, piece = np.arange(200.0), np.repeat(np.arange(4.0), 50)
    axes = list(rng.normal(size=(3, 200)))
    classes = np.repeat([0, 1, 0, 1], 50)
    columns = [*axes, np.linalg.norm(axes, axis=0), order, 0.02 * order, 0.01 * order, piece, piece, classes, classes]
    names = ["ax", "ay", "az", "mag", "id", "t", "temp", "trial", "humidity", "label_id", "door"]
    found = find_suspects(series(columns, names, classes=classes))
    assert {names[one.index]: (one.kind, one.certain) for one in found} == {
        "mag": (DERIVED, True),
        "id": (COUNTER, True),
        "t": (CLOCK, True),
        "temp": (CLOCK, False),
        "trial": (RECORDING, True),
        "humidity": (RECORDING, False),
        "label_id": (CLASS, True),
        "door": (CLASS, False),
    }
    grouped = find_suspects(series([*axes, piece // 2], ["x", "y", "z", "user"], groups=(piece // 2).astype(int)))
    assert [(one.kind, one.certain) for one in grouped] == [(GROUP, True)]


def test_windows_of_arrays_are_checked_as_well():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 32, 3)).astype(np.float32)
    y = np.arange(60) % 3
    x[:, :, 1] = y[:, None]
    x[:, :, 2] = np.arange(60)[:, None] + np.arange(32) / 32
    (code, clock) = [one for one in check(x, y).findings if one.kind == "no sensor"]
    assert "Channel 1 has one value for each class: a model can read the class from it" in code.message
    assert "Channel 2 rises evenly in every window" in clock.message
    assert "still" not in check(x, y).kinds()


def test_named_channels_are_kept_and_the_only_one_too(tmp_path):
    make_folder(tmp_path, 2, "index")
    path = next(tmp_path.rglob("*.csv"))
    name = next(one for one in path.read_text().split("\n")[0].split(",") if one not in ("time_ms", "ax", "ay", "az"))
    assert from_csv(tmp_path, time="time_ms", pattern=PATTERN, channels=["ax", name]).channels == ("ax", name)
    only = tmp_path / "only.csv"
    only.write_text("\n".join(["t_s,count", *(f"{k / 50},{k}" for k in range(100))]))
    assert from_csv(only, time="t_s").channels == ("count",)


def test_a_fit_warns_of_channels_that_are_no_sensor():
    rng = np.random.default_rng(0)
    x, codes = rng.normal(size=(600, 16, 2)).astype(np.float32), np.arange(600) % 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_channels(x, codes, codes // 2)
        x[:, :, 1] = codes[:, None]
        with pytest.raises(UserWarning, match="Channel 1 has one value for each class"):
            warn_of_channels(x, codes, None)

"""Checks of classes, groups and leaks between windows, against slow comparisons of every pair."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scale import scaled

import tsnas
from tsnas.data import RecordingSet, check
from tsnas.data.checks.leakage import hash_stretches
from tsnas.errors import DataError, DtypeError, LengthMismatchError, SettingError, WindowShapeError


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def one(report, kind):
    (finding,) = [finding for finding in report.findings if finding.kind == kind]
    return finding


def overlapping(count=20, window=32, stride=16, seed=0):
    signal = noise(window + stride * (count - 1), 2, seed=seed)
    return np.stack([signal[k * stride : k * stride + window] for k in range(count)])


def test_classes_by_groups():
    y, groups = ["b", "a", "a", "b", "a", "a"], [1, 1, 2, 2, 2, 1]
    report = check(noise(6, 16, 1), y, groups)
    assert report.counts == {"a": {1: 2, 2: 2}, "b": {1: 1, 2: 1}}
    assert check(noise(6, 16, 1), y).counts == {"a": {None: 4}, "b": {None: 2}}
    lines = [line.split() for line in str(report).splitlines()]
    assert ["class", "windows", "share", "1", "2"] in lines
    assert ["a", "4", "66.7%", "2", "2"] in lines


def test_many_groups_are_told_by_their_number():
    lines = [line.split() for line in str(check(noise(60, 16, 1), [0, 1, 1] * 20, np.arange(60) // 3)).splitlines()]
    assert ["1", "40", "66.7%", "20", "2", "to", "2"] in lines


def test_classes_that_are_few_or_uneven():
    y = np.array([0] * 550 + [1] * 40)
    report = check(noise(590, 16, 1), y, np.arange(590) % 5)
    assert "Class 0 has 14 times as many windows as class 1 (550 and 40)" in one(report, "imbalance").message
    assert "Class 1 has 40 windows, fewer than 50" in one(report, "few windows").message
    report = check(noise(9, 16, 1), ["a"] * 9)
    assert one(report, "single class").severity == "error"
    assert not report.ok


def test_a_class_of_one_group_and_a_single_group():
    y = np.array([0, 1] * 100 + [2] * 100)
    groups = np.array([1, 1, 2, 2] * 50 + [2] * 100)
    finding = one(check(noise(300, 16, 1), y, groups), "class in one group")
    assert "Class 2 is in only one of 2 groups, 2" in finding.message
    assert "All data are of one group, 7" in one(check(noise(300, 16, 1), y, [7] * 300), "single group").message


def test_windows_that_overlap_need_groups():
    x = overlapping()
    finding = one(check(x, np.arange(20) % 2), "overlap without groups")
    assert "20 of 20 windows share samples with another one" in finding.message
    assert "overlap without groups" not in check(noise(20, 32, 2), np.arange(20) % 2).kinds()
    assert not {"overlap without groups", "leakage between groups"} & check(x, np.arange(20) % 2, [1] * 20).kinds()


def test_samples_in_two_groups():
    x = np.concatenate([overlapping(seed=1), overlapping(seed=2)])
    groups = np.repeat(["u", "v"], 20)
    y = np.arange(40) % 2
    assert "leakage between groups" not in check(x, y, groups).kinds()
    x[25, 5:29] = x[3, 2:26]
    finding = one(check(x, y, groups), "leakage between groups")
    # Windows 2 and 4 overlap with window 3, of which a part was copied.
    assert 2 <= finding.numbers["windows"] <= 6
    assert set(finding.numbers["groups"]) == {"u", "v"}


def slow_shared(pieces, owners, run):
    """Every stretch of every piece against every other one."""
    found = set()
    for a in range(len(pieces)):
        for b in range(len(pieces)):
            if owners[a] == owners[b]:
                continue
            for i in range(len(pieces[a]) - run + 1):
                part = pieces[a][i : i + run]
                changes = np.count_nonzero((part[1:] != part[:-1]).any(axis=1))
                if 2 * changes < run - 1:
                    continue
                for j in range(len(pieces[b]) - run + 1):
                    if np.array_equal(part, pieces[b][j : j + run]):
                        found.add(a)
    return found


@settings(deadline=None, max_examples=scaled(40))
@given(st.integers(2, 5), st.integers(0, 999))
def test_shared_stretches_against_a_slow_comparison(pieces, seed):
    rng = np.random.default_rng(seed)
    parts = [np.round(rng.normal(size=(int(rng.integers(17, 30)), 1)), 1) for _ in range(pieces)]
    for _ in range(3):
        a, b = rng.integers(0, pieces, 2)
        length = int(rng.integers(12, 18))
        i, j = (int(rng.integers(0, max(1, len(parts[k]) - length))) for k in (a, b))
        parts[a][i : i + length] = parts[b][j : j + length]
    parts[0][:17] = parts[-1][:17] = 0.5
    parts = [part.astype(np.float32) for part in parts]
    owners = rng.integers(0, 2, pieces)
    found = hash_stretches(np.concatenate(parts), np.array([len(part) for part in parts]))
    shared = found.shared(owners)
    assert set(np.flatnonzero(shared)) == slow_shared(parts, owners, 16)
    if shared.any():
        assert found.partners(owners) == (0, 1)


def test_a_large_amount_is_sampled_and_still_found(monkeypatch):
    from tsnas.data.checks import leakage

    monkeypatch.setattr(leakage, "MOST_ROWS", 200)
    x = np.concatenate([overlapping(30, seed=1), overlapping(30, seed=2)])
    x[50] = x[7]
    report = check(x, np.arange(60) % 2, np.repeat([1, 2], 30))
    assert "leakage between groups" in report.kinds()
    assert "leakage between groups" not in check(x[:50], np.arange(50) % 2, [1] * 30 + [2] * 20).kinds()


def test_flat_stretches_are_no_leak():
    x = noise(20, 32, 1)
    x[3] = x[15] = 0.5
    assert "leakage between groups" not in check(x, np.arange(20) % 2, np.repeat([1, 2], 10)).kinds()


def test_equal_windows_with_other_labels():
    x = noise(20, 16, 2)
    x[4], x[9] = x[3], x[8]
    y = np.zeros(20, int)
    y[3] = 1
    assert one(check(x, y, np.arange(20) % 2), "contradicting labels").numbers == {"windows": 2}


def test_training_and_test():
    x, y = noise(100, 16, 1), np.arange(100) % 2
    test_x, test_y = noise(40, 16, 1, seed=1), np.arange(40) % 2
    groups, test_groups = np.arange(100) % 4, np.full(40, 9)
    clean = check(x, y, groups, test=(test_x, test_y, test_groups))
    assert not {"leakage to test", "groups in both", "unknown class", "class not tested"} & clean.kinds()
    test_x[7], test_x[8, 0] = x[50], np.nan
    test_groups[:] = 3
    report = check(x, y, groups, test=(test_x, np.where(test_y, 1, 5), test_groups))
    assert one(report, "leakage to test").numbers == {"windows": 1}
    assert "1 group, such as 3, is in both" in one(report, "groups in both").message
    assert one(report, "unknown class").severity == "error"
    assert "Class 0 is not in the test data" in one(report, "class not tested").message
    assert one(report, "missing").message.startswith("Test data: 1 value is NaN")


def recording_set(**changes):
    arrays = [noise(200, 2, seed=k) for k in range(6)]
    values = {
        "arrays": arrays,
        "labels": ["a", "b"] * 3,
        "groups": [1, 1, 2, 2, 3, 3],
        "channels": ("left", "right"),
        "rate_hz": 50.0,
        "sources": tuple(f"{k}.csv" for k in range(6)),
        "notes": ("Something was done.",),
        "jitter": (0.0,) * 6,
    }
    return RecordingSet(**values | changes)


def test_recordings_are_counted_in_samples_or_in_windows():
    report = check(recording_set())
    assert (report.noun, report.counts["a"]) == ("sample", {1: 200, 2: 200, 3: 200})
    assert report.heading == "6 recordings of 2 channels at 50 Hz, 24.0 s in all"
    assert [channel.name for channel in report.channels] == ["left", "right"]
    assert "- Something was done." in str(report)
    report = check(recording_set(), signal=tsnas.Signal(32, 16))
    assert (report.noun, report.counts["b"]) == ("window", {1: 11, 2: 11, 3: 11})
    assert report.heading.endswith("cut into 66 windows")
    arrays = recording_set().arrays
    assert check(arrays, ["a", "b"] * 3).counts == {"a": {None: 600}, "b": {None: 600}}
    of_samples = [np.repeat(["a", "b"], 100)] * 6
    assert check(arrays, of_samples, list("uuvvww")).counts["a"] == {"u": 200, "v": 200, "w": 200}
    assert check(recording_set(labels=None)).counts == {}


def test_recordings_without_groups_and_copied_files():
    arrays = recording_set().arrays
    arrays[4] = arrays[1][20:150]
    names = [f"{k}.csv" for k in range(6)]
    report = check(recording_set(arrays=arrays, groups=names, groups_given=False))
    assert "No group is given, so each of 6 files is a group" in one(report, "no groups").message
    assert "2 of 6 recordings hold samples that also occur in another one, such as 1.csv and 4.csv" in str(
        one(report, "repeated recordings").message
    )
    assert report.counts["a"] == {None: 530}


def test_uneven_time_stamps():
    finding = one(check(recording_set(jitter=(0.0, 0.1, 0.5, 0.3, 0.0, 0.0))), "jitter")
    assert "vary by 50% in 2.csv, and by more than 20% in 2 of 6 recordings" in finding.message


def test_errors_come_first():
    x = noise(20, 16, 2)
    x[0, 0, 0], x[..., 1] = np.nan, 1
    severities = [finding.severity for finding in check(x, np.arange(20) % 2).findings]
    assert severities == sorted(severities, key=("error", "warning", "info").index)
    assert severities[0] == "error"


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((np.zeros(5),), WindowShapeError, r"shape \(5,\)"),
        ((np.zeros((0, 5, 1)),), WindowShapeError, "at least one window"),
        (("text",), DtypeError, "must hold real numbers"),
        (([],), DataError, "at least one"),
        (([[1, 2], [3]],), DtypeError, "arrays of one length"),
        (([np.zeros((5, 2)), np.zeros((5, 3))],), WindowShapeError, "the same channels"),
        ((np.zeros((5, 9, 1)), [1, 2]), LengthMismatchError, "x has 5, y has 2"),
        (([np.zeros((5, 2)), np.zeros((6, 2))], [0]), LengthMismatchError, "recordings has 2, labels has 1"),
        (([np.zeros((5, 2)), np.zeros((6, 2))], [[0] * 5] * 2), DataError, "6 samples, but 5 labels"),
    ],
)
def test_what_cannot_be_checked(arguments, error, said):
    with pytest.raises(error, match=said):
        check(*arguments)


def test_arguments_that_do_not_go_together():
    with pytest.raises(SettingError, match="its own labels and groups"):
        check(recording_set(), ["a"] * 6)
    with pytest.raises(WindowShapeError, match="test data have 3 channels, but the training data have 2"):
        check(noise(9, 16, 2), test=(noise(9, 16, 3),))

"""What the recorder wrote: a board's clock is no channel, and groups hold for all files or for none."""

import numpy as np

from tsnas.data import read
from tsnas.data.recorder.recording_file import compose, next_path

RNG = np.random.default_rng(0)


def recorded(folder, label, group=None, clock=True):
    names = ["ms"] * clock + ["ax", "ay"]
    rows = [[20.0 * k] * clock + [*RNG.normal(0, 1, 2)] for k in range(200)]
    folder.mkdir(exist_ok=True)
    next_path(folder, label).write_text(compose(rows, np.arange(200) / 50, names, label, group, 50))


def test_a_clock_that_the_board_prints_is_left_out_with_a_note(tmp_path):
    for label in ("walk", "rest"):
        recorded(tmp_path, label, "1")
    data = read(tmp_path)
    assert (data.channels, data.labels, data.groups) == (("ax", "ay"), ["rest", "walk"], [1, 1])
    assert any(note.startswith("Column 'ms' was left out") for note in data.notes)


def test_groups_that_some_files_lack_are_left_out_with_a_note(tmp_path):
    recorded(tmp_path, "walk", "1", clock=False)
    recorded(tmp_path, "walk", None, clock=False)
    recorded(tmp_path, "rest", "2", clock=False)
    data = read(tmp_path)
    assert (data.channels, data.groups_given) == (("ax", "ay"), False)
    assert len(set(data.groups)) == 3
    assert "Groups were left out, because 1 file, such as walk_02.csv, has none." in data.notes

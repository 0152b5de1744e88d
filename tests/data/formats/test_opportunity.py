"""Opportunity: files of 250 columns, of which 113 are sensors worn on the body."""

import numpy as np

from tsnas.data import read
from tsnas.data.formats.opportunity import CHANNELS


def test_channels_are_those_of_the_challenge():
    # The columns, counted from 1, that the challenge of the data set names.
    named = [*range(2, 47), *range(51, 60), *range(64, 73), *range(77, 86), *range(90, 99), *range(103, 135)]
    assert [column + 1 for column, _ in CHANNELS] == named
    assert len({name for _, name in CHANNELS}) == 113


def test_dat_files(tmp_path):
    rows = np.tile(np.arange(1.0, 251.0), (120, 1))
    rows[:, 0] = np.arange(120) * 33
    rows[:, 243] = np.repeat([0, 1, 2, 0, 5, 4], 20)
    rows[5:30, 1] = np.nan
    for name in ("S1-ADL1", "S2-Drill"):
        if name.startswith("S2"):
            rows[:, 34] = np.nan
        np.savetxt(tmp_path / f"{name}.dat", rows, fmt="%g")
    (tmp_path / "column_names.txt").write_text("Data columns:\n")
    data = read(tmp_path)
    assert data.notes[0].startswith("Taken for Opportunity, because lines of S1-ADL1.dat have 250 numbers")
    assert (data.labels, data.rate_hz) == (["Stand", "Walk", "Lie", "Sit"] * 2, 30)
    assert data.groups == ["S1"] * 4 + ["S2"] * 4
    assert (len(data.channels), data.channels[0], data.channels[-1]) == (112, "RKN^_accX", "R-SHOE_Compass")
    assert "Channels without any value in a file, left out: RH_accX." in data.notes
    np.testing.assert_array_equal(data.arrays[0][:, :3], np.tile([2, 3, 4], (20, 1)))
    np.testing.assert_array_equal(data.arrays[-1][:, -1], 134)

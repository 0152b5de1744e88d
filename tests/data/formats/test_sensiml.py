"""SensiML projects: segments of `.dai` and `.dcli` files, in samples of the CSV files beside them."""

import json

import numpy as np
import pytest

from tsnas.data import read
from tsnas.errors import FormatError

VALUES = np.random.default_rng(0).integers(-2000, 2000, (300, 3))


def segment(label, start, end):
    return {"name": "Label", "value": label, "start": start, "end": end}


def project(folder, suffix=".dai", head="sequence,AccelerometerX,AccelerometerY,AccelerometerZ", step=1, metadata=()):
    entries = []
    for k, user in enumerate(("User001", "User002")):
        rows = [f"{step * n},{x},{y},{z}" for n, (x, y, z) in enumerate(VALUES + k)]
        (folder / f"Example_0{k}.csv").write_text("\n".join([head, *rows]) + "\n")
        sessions = [
            {"session_name": "Session 1", "segments": [segment("Up", 0, 99), segment("down", 150, 249)]},
            {"session_name": "Session 2", "segments": [segment("other", 0, 299)]},
        ]
        about = [{"name": "Subject", "value": user}, {"name": "Size", "value": "M"}, *metadata]
        entries.append({"file_name": f"Example_0{k}.csv", "metadata": about, "sessions": sessions})
    (folder / f"project{suffix}").write_text(json.dumps(entries))
    return entries


@pytest.mark.parametrize("suffix", [".dai", ".dcli"])
def test_segments_become_recordings(tmp_path, suffix):
    project(tmp_path, suffix)
    data = read(tmp_path)
    assert data.notes[0].startswith(f"Taken for SensiML, because project{suffix} lists segments")
    assert (data.labels, data.groups) == (["Up", "down"] * 2, ["User001"] * 2 + ["User002"] * 2)
    assert data.channels == ("AccelerometerX", "AccelerometerY", "AccelerometerZ")
    np.testing.assert_array_equal(data.arrays[1], VALUES[150:250])
    np.testing.assert_array_equal(data.arrays[2], VALUES[:100] + 1)
    assert "Samples in no segment, left out: 200." in data.notes
    assert "Sessions beside the first one of a file, left out: Session 2." in data.notes
    assert any("say no rate" in note for note in data.notes)


def test_rates_are_those_of_time_stamps_or_metadata(tmp_path):
    project(tmp_path, head="timestamp,x,y,z", step=10)
    assert read(tmp_path).rate_hz == 100
    project(tmp_path, metadata=[{"name": "sample_rate", "value": "119"}])
    data = read(tmp_path)
    assert data.rate_hz == 119
    assert not any("say no rate" in note for note in data.notes)
    project(tmp_path, metadata=[{"name": "sample_rate", "value": "fast"}])
    with pytest.raises(FormatError, match="'fast', which is no number"):
        read(tmp_path)


def test_what_does_not_fit_is_named(tmp_path):
    entries = project(tmp_path)
    entries[0]["sessions"][0]["segments"][0]["start"] = 400
    entries[0]["sessions"][0]["segments"][0]["end"] = 500
    (tmp_path / "project.dai").write_text(json.dumps(entries))
    with pytest.raises(FormatError, match=r"from 400 to 500 in Example_00\.csv, which has 300 samples"):
        read(tmp_path)
    (tmp_path / "project.dai").write_text(json.dumps([{"file_name": "none.csv", "sessions": []}]))
    with pytest.raises(FormatError, match=r"names none\.csv, which is not there"):
        read(tmp_path)
    (tmp_path / "project.dai").write_text("{")
    with pytest.raises(FormatError, match="is no list of files"):
        read(tmp_path)

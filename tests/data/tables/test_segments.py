"""Labels in a second file: tables in three units, label tracks of Audacity, exports of Label Studio, null classes."""

import json

import numpy as np
import pytest

from tsnas.data import from_csv, read
from tsnas.data.tables.segments import looks_like_segments, read_segments
from tsnas.errors import FormatError, SegmentError, SettingError, TableFileError

RATE = 50
SEGMENTS = [("a", 1.0, 3.0, "walk"), ("a", 4.0, 6.0, "run"), ("b", 0.0, 2.0, "run"), ("b", 2.0, 8.0, "null")]


@pytest.fixture
def folder(tmp_path):
    """Two recordings of 10 s whose first channel is the number of the sample."""
    (tmp_path / "data").mkdir()
    noise = np.random.default_rng(0).normal(size=500)
    for name, start in (("a", 1_700_000_000_000), ("b", 1_700_000_900_000)):
        rows = [f"{start + 20 * k},{noise[k]:.3f},{k % 7 + noise[-k]:.3f}" for k in range(500)]
        (tmp_path / "data" / f"{name}.csv").write_text("\n".join(["time_ms,x,y", *rows]) + "\n")
    return tmp_path


def check_labels(data, dropped=False):
    found = [(source, np.unique(label).tolist(), len(array)) for source, label, array in data_of(data)]
    expected = [("a.csv", ["walk"], 100), ("a.csv", ["run"], 100)]
    if dropped:
        assert found == [*expected, ("b.csv", ["run"], 100)]
    else:
        assert found == [*expected, ("b.csv", ["null", "run"], 400)]


def data_of(data):
    return list(zip(data.sources, data.labels, data.arrays, strict=True))


def table(unit):
    rows = []
    for file, start, end, label in SEGMENTS:
        first = 1_700_000_000_000 + 900_000 * (file == "b")
        bounds = {
            "seconds": (start, end),
            "samples": (round(start * RATE), round(end * RATE)),
            "time stamps": (round(first + 1000 * start), round(first + 1000 * end)),
        }[unit]
        rows.append(f"{file}.csv,{bounds[0]},{bounds[1]},{label}")
    return "\n".join(["file,start,end,label", *rows])


@pytest.mark.parametrize("unit", ["seconds", "samples", "time stamps"])
def test_a_table_in_three_units(folder, unit):
    path = folder / "segments.csv"
    path.write_text(table(unit))
    data = from_csv(folder / "data", time="time_ms", segments=path)
    check_labels(data)
    assert any(f"were taken for {unit}" in note for note in data.notes)
    assert any(note.startswith("Rows without a label, left out: 400") for note in data.notes)
    check_labels(from_csv(folder / "data", time="time_ms", segments=path, drop_label=["null"]), dropped=True)
    if unit != "time stamps":
        again = from_csv(folder / "data", rate_hz=RATE, channels=["x"], segments=path)
        check_labels(again)


def test_audacity_writes_a_track_for_each_recording(folder):
    tracks = folder / "tracks"
    tracks.mkdir()
    for name in "ab":
        lines = [f"{start:.6f}\t{end:.6f}\t{label}" for file, start, end, label in SEGMENTS if file == name]
        (tracks / f"{name}.txt").write_text("\n".join([lines[0], "\\\t100.0\t200.0", *lines[1:]]) + "\n")
    check_labels(from_csv(folder / "data", time="time_ms", segments=tracks))
    one = from_csv(folder / "data/a.csv", time="time_ms", segments=tracks / "a.txt")
    assert one.labels == ["walk", "run"]


@pytest.mark.parametrize("form", ["json", "json_min", "csv"])
def test_label_studio(folder, form):
    tasks = {}
    for file, start, end, label in SEGMENTS:
        value = {"start": start, "end": end, "instant": False, "timeserieslabels": [label]}
        tasks.setdefault(f"/data/upload/3/0a1b2c3d-{file}.csv", []).append(value)
    path = folder / f"export.{form[:4].rstrip('_')}"
    if form == "csv":
        rows = [
            f'{file},1,"{json.dumps(values)}"'.replace('"', '""').replace(',""[', ',"[').replace(']""', ']"')
            for file, values in tasks.items()
        ]
        path.write_text("\n".join(["csv,id,label", *rows]))
    elif form == "json_min":
        path.write_text(json.dumps([{"csv": file, "id": 1, "label": values} for file, values in tasks.items()]))
    else:
        result = {
            file: [{"type": "timeserieslabels", "value": value} for value in values] for file, values in tasks.items()
        }
        path.write_text(
            json.dumps([{"data": {"csv": file}, "annotations": [{"result": one}]} for file, one in result.items()])
        )
    check_labels(from_csv(folder / "data", time="time_ms", segments=path))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("s.csv", "file,begin,what\na,1,2", "lacks the columns end, label: its columns are 'file', 'begin', 'what'"),
        (
            "s.csv",
            "file,start,end,label\na.csv,1,99999,walk",
            r"reach from 1 to 99999, but the file has 500 samples in 9.98 s",
        ),
        ("s.csv", "", "holds no segments"),
        ("s.json", "{", "is not JSON"),
        ("s.json", "[1]", "holds no tasks"),
        ("s.csv", "file,start,end,label\na.csv,1,,walk", "without a start or an end"),
        ("none.csv", None, "cannot be read"),
    ],
)
def test_bad_segments_are_named(folder, name, content, said):
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(SegmentError, match=said):
        from_csv(folder / "data", time="time_ms", segments=folder / name)


def test_a_label_has_one_source(folder):
    (folder / "s.csv").write_text(table("seconds"))
    with pytest.raises(SettingError, match="segments and another source each define the label"):
        from_csv(folder / "data", time="time_ms", segments=folder / "s.csv", label_from="file")


def test_a_null_class_is_dropped_from_names_too(folder):
    data = from_csv(folder / "data", time="time_ms", label_from="file", drop_label="b")
    assert data.labels == ["a"]
    assert any("Files of b, left out: 1" in note for note in data.notes)


@pytest.mark.parametrize("in_folder", [False, True])
def test_segments_beside_the_recordings_are_no_recording(folder, in_folder):
    path = folder / "data" / "labels" / "segments.csv" if in_folder else folder / "data" / "segments.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(table("seconds"))
    check_labels(from_csv(folder / "data", time="time_ms", segments=path.parent if in_folder else path))
    (folder / "data" / "a.csv").unlink()
    (folder / "data" / "b.csv").unlink()
    with pytest.raises(TableFileError, match="no recording besides the file of segments"):
        from_csv(folder / "data", time="time_ms", segments=path)


def test_a_folder_with_segments_but_no_table_says_which_command_takes_both(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n" + "1,2\n" * 30)
    (tmp_path / "labels.csv").write_text(table("seconds"))
    (tmp_path / "notes.txt").write_text("0.5\t1.5\t3.2\n")
    with pytest.raises(FormatError) as raised:
        read(tmp_path)
    said = str(raised.value)
    assert "; .csv and .txt files without a column that is certainly the time are for from_csv" in said
    assert "labels.csv looks like segments with labels: tsnas data windows --csv=FOLDER" in said
    assert not looks_like_segments(tmp_path / "notes.txt")


@pytest.mark.parametrize("cell", ["0.5", "{}", "null", "walk", '"x"'])
def test_a_label_that_is_no_list_of_pieces_is_refused(tmp_path, cell):
    path = tmp_path / "labels.csv"
    path.write_text('file,label\na.csv,"' + cell.replace('"', '""') + '"\n')
    with pytest.raises(SegmentError, match="without start and end; add these columns"):
        read_segments(path)

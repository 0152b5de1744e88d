"""read: files of the layout of each form, made here, are recognised and read with rate, labels and groups."""

import json
import zipfile

import numpy as np
import pytest

from tsnas.data import read
from tsnas.data.formats.empatica import read as read_e4
from tsnas.errors import FormatError

RNG = np.random.default_rng(0)
VALUES = np.round(RNG.normal(size=(200, 3)), 4)
NS = 1_700_000_000_000_000_000


def text(rows, between=","):
    return "\n".join(between.join(str(cell) for cell in row) for row in rows) + "\n"


def sensor_logger(folder, start=NS, values=VALUES):
    for k, sensor in enumerate(("Accelerometer", "Gyroscope")):
        folder.mkdir(parents=True, exist_ok=True)
        rows = [(start + 20_000_000 * n, f"{0.02 * n:.9f}", *(row + 5 * k)[::-1]) for n, row in enumerate(values)]
        (folder / f"{sensor}.csv").write_text(text([("time", "seconds_elapsed", "z", "y", "x"), *rows]))
    (folder / "Metadata.csv").write_text("version,device name\n3,Pixel\n")
    (folder / "Annotation.csv").write_text("time,seconds_elapsed,text\n")


def pack(folder, target):
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))


def test_sensor_logger_zips(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("Walking_2024-05-01_09-30-00", "Sitting-2024-05-01_09-40-00"):
        sensor_logger(tmp_path / name)
        pack(tmp_path / name, tmp_path / "in" / f"{name}.zip")
    data = read(tmp_path / "in")
    assert data.notes[0].startswith("Taken for Sensor Logger, because Accelerometer.csv begins with time")
    assert data.channels == tuple(f"{sensor}_{axis}" for sensor in ("Accelerometer", "Gyroscope") for axis in "zyx")
    assert (data.labels, data.rate_hz) == (["Sitting", "Walking"], 50)
    np.testing.assert_allclose(data.arrays[0], np.hstack([VALUES[:, ::-1], VALUES[:, ::-1] + 5]), atol=1e-4)
    assert read(tmp_path / "in" / "Walking_2024-05-01_09-30-00.zip").labels == ["Walking"]


def test_phyphox_zips(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("walk 2024-05-01", "run 2024-05-02"):
        folder = tmp_path / name
        (folder / "meta").mkdir(parents=True)
        head = ('"Time (s)"', '"Acceleration x (m/s^2)"', '"Acceleration y (m/s^2)"', '"Acceleration z (m/s^2)"')
        rows = [(f"{0.01 * n:.9E}", *(f"{value:.6E}" for value in row)) for n, row in enumerate(VALUES)]
        (folder / "Raw Data.csv").write_text(text([head, *rows]))
        (folder / "meta" / "device.csv").write_text('"property","value"\n"version","1.1"\n')
        pack(folder, tmp_path / "in" / f"{name}.zip")
    data = read(tmp_path / "in")
    assert "phyphox" in data.notes[0]
    assert (data.labels, data.rate_hz) == (["run", "walk"], 100)
    assert (data.channels[0], data.units[0]) == ("Acceleration x (m/s^2)", "m/s^2")
    np.testing.assert_allclose(data.arrays[1], VALUES, atol=1e-4)


@pytest.mark.parametrize("listed", [True, False])
def test_edge_impulse_json(tmp_path, listed):
    names = [("idle", "training/idle.1a2b.json"), ("Wave", "testing/Wave.3c4d.json")]
    for _, path in names:
        payload = {"device_type": "X", "interval_ms": 16, "values": VALUES.tolist()}
        payload["sensors"] = [{"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"]
        (tmp_path / path).parent.mkdir(exist_ok=True)
        whole = {"protected": {"ver": "v1", "alg": "none"}, "signature": "0" * 64, "payload": payload}
        (tmp_path / path).write_text(json.dumps(whole))
    if listed:
        files = [
            {"path": path, "category": "split", "label": {"type": "label", "label": label}} for label, path in names
        ]
        (tmp_path / "info.labels").write_text(json.dumps({"version": 1, "files": files}))
    data = read(tmp_path)
    assert "Edge Impulse" in data.notes[0]
    assert (data.labels, data.rate_hz, data.channels) == (["Wave", "idle"], 62.5, ("accX", "accY", "accZ"))
    assert "Units: accX in m/s2, accY in m/s2, accZ in m/s2." in data.notes
    assert data.units == ("m/s2",) * 3
    np.testing.assert_array_equal(data.arrays[0], VALUES.astype(np.float32))


def test_empatica_e4_folders(tmp_path):
    for label, user in (("rest", "A01"), ("stress", "A02")):
        folder = tmp_path / label / user
        folder.mkdir(parents=True)
        for name, hz, columns in (("ACC", 32, 3), ("BVP", 64, 1), ("EDA", 4, 1), ("TEMP", 4, 1)):
            rows = np.tile(np.arange(20 * hz)[:, None] / hz, columns)
            head = np.array([[1_700_000_000.0] * columns, [hz] * columns])
            np.savetxt(folder / f"{name}.csv", np.vstack([head, rows]), fmt="%.6f", delimiter=",")
        (folder / "tags.csv").write_text("")
    data = read(tmp_path)
    assert "Empatica E4" in data.notes[0]
    assert (data.labels, data.groups, data.rate_hz) == (["rest", "stress"], ["A01", "A02"], 32)
    assert data.channels == ("ACC_x", "ACC_y", "ACC_z", "BVP", "EDA", "TEMP")
    assert data.units == ("1/64 g",) * 3 + ("", "uS", "deg C")
    # All sensors were given the time as their value.
    np.testing.assert_allclose(data.arrays[0], np.tile(np.arange(len(data.arrays[0]))[:, None] / 32, 6), atol=0.02)


@pytest.mark.filterwarnings("error")
def test_an_empty_file_of_empatica_is_named_and_numpy_says_nothing(tmp_path):
    (tmp_path / "tags.csv").write_text("")
    (tmp_path / "ACC.csv").write_text("")
    with pytest.raises(FormatError, match=r"ACC\.csv does not begin with a line of start times"):
        read_e4(tmp_path, [tmp_path / "ACC.csv", tmp_path / "tags.csv"])


def test_ts_files_of_the_uea_archive(tmp_path):
    head = "#comment\n@problemName Toy\n@timeStamps false\n@univariate false\n@classLabel true Run WALK\n@data\n"
    rows = ["1,2,3,4:5,6,7,8:Run", "1,?,3,4:0,0,0,1:WALK"]
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"Toy_{part}.ts").write_text(head + "\n".join(rows) + "\n")
    data = read(tmp_path)
    assert "UEA" in data.notes[0]
    assert (data.labels, data.groups) == (["Run", "WALK"] * 2, ["TEST"] * 2 + ["TRAIN"] * 2)
    assert data.arrays[1].tolist() == [[1, 0], [2, 0], [3, 0], [4, 1]]
    (tmp_path / "Toy_TEST.ts").write_text(head + "1,2:1,x,3:Run\n")
    with pytest.raises(FormatError, match="line 7, is no series of numbers"):
        read(tmp_path)


def test_tsv_files_of_the_ucr_archive(tmp_path):
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"Toy_{part}.tsv").write_text("1\t0.5\t1\t2\n2\t1\t2\tNaN\n")
    data = read(tmp_path)
    assert "UCR" in data.notes[0]
    assert (data.labels, data.groups) == ([1, 2, 1, 2], ["TEST", "TEST", "TRAIN", "TRAIN"])
    assert [len(array) for array in data.arrays] == [3, 2, 3, 2]


def test_raw_lines_of_wisdm(tmp_path):
    rows = [
        f"{user},{label},{10**12 * user + 10**11 * k + 50_000_000 * n},{x},{y},{z};"
        for user in (33, 34)
        for k, label in enumerate(("Walking", "Jogging"))
        for n, (x, y, z) in enumerate(VALUES)
    ]
    rows[50] += rows[51]
    rows[60] = rows[60][:20]
    (tmp_path / "WISDM_ar_v1.1_raw.txt").write_text("\n".join(rows) + "\n")
    data = read(tmp_path / "WISDM_ar_v1.1_raw.txt")
    assert "WISDM" in data.notes[0]
    assert set(zip(data.labels, data.groups, strict=True)) == {(a, u) for a in ("Walking", "Jogging") for u in (33, 34)}
    assert (data.channels, data.rate_hz) == (("x", "y", "z"), 20)
    assert any(note.startswith("Lines with too few or too many fields, left out: 2") for note in data.notes)


def test_pamap2_dat(tmp_path):
    rows = np.full((300, 54), 1.0)
    rows[:, 0], rows[:, 1] = np.arange(300) / 100, np.repeat([0, 4, 0, 12], 75)
    rows[:, 2] = np.nan
    rows[80, 4] = np.nan
    rows[:, 4:7] = np.where(np.isnan(rows[:, 4:7]), np.nan, 9.0)
    for subject in (101, 102):
        np.savetxt(tmp_path / f"subject{subject}.dat", rows, fmt="%g")
    data = read(tmp_path)
    assert "PAMAP2" in data.notes[0]
    assert (data.labels, data.rate_hz) == (["walking", "ascending stairs"] * 2, 100)
    assert data.groups == ["subject101", "subject101", "subject102", "subject102"]
    assert (len(data.channels), data.channels[0]) == (27, "hand_acc_x")
    assert (data.arrays[0][:, :3] == 9).all()


def test_what_is_not_known_is_named(tmp_path):
    (tmp_path / "a.xyz").write_text("1")
    (tmp_path / "b.csv").write_text("x,y\n1,2\n")
    with pytest.raises(
        FormatError,
        match=r"2 files: .csv, .xyz\); known are recordings of tsnas, SensiML, .*\.csv files without a column",
    ):
        read(tmp_path)
    with pytest.raises(FormatError, match="does not exist"):
        read(tmp_path / "none")
    (tmp_path / "night.edf").write_bytes(b"0")
    with pytest.raises(FormatError, match=r"\.edf files do not begin as they should"):
        read(tmp_path)
    (tmp_path / "c.zip").write_bytes(b"PK")
    with pytest.raises(FormatError, match=r"is no whole \.zip file"):
        read(tmp_path)

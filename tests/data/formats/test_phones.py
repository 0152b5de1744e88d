"""Recordings of phones: who and what names and folders say, sensors of different rates, and what is left out."""

import zipfile

import numpy as np
import pytest

from tsnas.data import check, read
from tsnas.data.formats.recording_names import label_of, recording_names
from tsnas.errors import FormatError, SettingError, TableNameError

START_NS = 1_714_550_000_000_000_000


def log(hz, seconds=6, axes=3, seed=0):
    """Text of a sensor of Sensor Logger: waves with noise, and a phone's jitter."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(hz * seconds)) / hz + rng.normal(0, 0.02 / hz, int(hz * seconds))
    values = np.sin(5 * t[:, None] + np.arange(axes)) + rng.normal(0, 0.1, (len(t), axes))
    names = "zyx" if axes == 3 else ["steps"]
    lines = [
        f"{START_NS + round(1e9 * at)},{at:.9f}," + ",".join(f"{v:.6f}" for v in row)
        for at, row in zip(t, values, strict=True)
    ]
    return "\n".join([",".join(["time", "seconds_elapsed", *names]), *lines]) + "\n"


def zipped(path, sensors, annotations=0, further=()):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number, (sensor, hz) in enumerate(sensors.items()):
            archive.writestr(f"{sensor}.csv", log(hz, seed=number))
        for name in further:
            archive.writestr(f"{name}.csv", log(1, axes=1))
        archive.writestr("Metadata.csv", "version,device name\n3,Pixel\n")
        rows = ["time,seconds_elapsed,text,millisecond_press_duration", *[f"{START_NS},0,here,80"] * annotations]
        archive.writestr("Annotation.csv", "\n".join(rows) + "\n")


ANDROID = {"Accelerometer": 100, "Gyroscope": 50, "TotalAcceleration": 100}
IOS = {"Accelerometer": 100, "Gravity": 100, "Gyroscope": 100}


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two persons with phones of two makers, each with two activities, recorded at the same time of the day."""
    folder = tmp_path_factory.mktemp("phone")
    for who, sensors in (("anna", ANDROID), ("ben", IOS)):
        for kind in ("Walking", "Sitting"):
            zipped(folder / who / f"{kind}-2024-05-01_09-30-00.zip", sensors, int(who == "ben"), ["Pedometer"])
    (folder / "notes.txt").write_text("pocket\n")
    return folder


def test_a_folder_of_each_person_is_a_group(two):
    data = read(two)
    assert list(zip(data.groups, data.labels, strict=True)) == [
        ("anna", "Sitting"), ("anna", "Walking"), ("ben", "Sitting"), ("ben", "Walking"),
    ]  # fmt: skip
    assert data.groups_given
    assert data.channels == tuple(f"{sensor}_{axis}" for sensor in ("Accelerometer", "Gyroscope") for axis in "zyx")
    assert data.units == ("m/s^2",) * 3 + ("rad/s",) * 3


def test_the_rate_is_one_that_a_sensor_has(two):
    data = read(two)
    assert data.rate_hz == 50
    assert any("brought to 50 Hz: Accelerometer 100 Hz and Gyroscope 50 Hz" in note for note in data.notes)


def test_each_kind_of_change_is_one_note(two):
    notes = read(two).notes
    for said in (
        "Sensors that not all recordings have were left out: Gravity, TotalAcceleration.",
        "Files without the axes x, y and z, left out: Pedometer.",
        "Annotations are not read as labels: 2 recordings with some, such as Sitting-2024-05-01_09-30-00.",
        "The names of folders were taken for groups: anna, ben.",
    ):
        assert said in notes
    assert len(notes) < 12


def test_a_copy_that_was_unpacked_beside_is_not_read_twice(two):
    path = two / "anna" / "Walking-2024-05-01_09-30-00.zip"
    before = read(two)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(path.with_suffix(""))
    own = path.with_suffix("") / "Accelerometer.csv"
    text = own.read_text()
    assert len(read(two)) == len(before)
    assert own.read_text() == text


def test_sensors_that_no_recording_shares_are_named(tmp_path):
    zipped(tmp_path / "Walk-2024-05-01.zip", {"Accelerometer": 50, "Gyroscope": 50})
    zipped(tmp_path / "Run-2024-05-01.zip", {"Gravity": 50, "Magnetometer": 50})
    with pytest.raises(FormatError, match="no sensor in common: Run-2024-05-01 has Gravity and Magnetometer; Walk"):
        read(tmp_path)


def test_names_that_only_say_the_experiment_leave_the_label_to_folders(tmp_path):
    for who in ("anna", "ben"):
        for kind in ("walk", "sit"):
            zipped(tmp_path / who / kind / "Acceleration_with_g_2024-05-01.zip", {"Accelerometer": 50})
    data = read(tmp_path)
    assert set(data.labels) == {"anna", "ben"}
    assert any("Other names of folders were not used: sit, walk; a pattern" in note for note in data.notes)
    named = read(tmp_path, pattern=r"(?P<group>\w+)/(?P<label>\w+)/")
    assert list(zip(named.groups, named.labels, strict=True)) == [
        ("anna", "sit"), ("anna", "walk"), ("ben", "sit"), ("ben", "walk"),
    ]  # fmt: skip
    assert "The pattern says labels: sit, walk; groups: anna, ben, in place of what is said above." in named.notes
    assert "no groups" in check(data).kinds()
    assert "no groups" not in check(named).kinds()
    with pytest.raises(TableNameError, match="does not match pattern"):
        read(tmp_path, pattern=r"(?P<label>\d+)kg")
    with pytest.raises(SettingError, match="neither"):
        read(tmp_path, pattern=r"(?P<sensor>\w+)/")


def test_recordings_without_a_name_have_no_labels_and_a_note_says_what_to_do(tmp_path):
    for day in (1, 2):
        zipped(tmp_path / f"2024-05-0{day}_09-30-00.zip", {"Accelerometer": 50})
    data = read(tmp_path)
    assert data.labels is None
    assert any("2 names of 2 have no word, such as 2024-05-01_09-30-00; name recordings" in note for note in data.notes)


def test_channels_are_chosen(two):
    data = read(two, channels=["Accelerometer_x", "Accelerometer_z"])
    assert data.channels == ("Accelerometer_x", "Accelerometer_z")
    assert data.units == ("m/s^2", "m/s^2")
    whole = read(two)
    np.testing.assert_array_equal(data.arrays[0], whole.arrays[0][:, [2, 0]])
    for bad in (["ax"], [], ["Accelerometer_x"] * 2):
        with pytest.raises(SettingError, match="there are 'Accelerometer_z', 'Accelerometer_y'"):
            read(two, channels=bad)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Walking_2024-05-01_09-30-00", "Walking"), ("walk 2024-05-01", "walk"), ("Walk-20240501_093000 (1)", "Walk"),
        ("2024-05-01_09-30-00", ""), ("10kg_lift-2024-05-01_09-30-00", "10kg_lift"), ("walk_02", "walk"),
        ("squat (3)", "squat"), ("stairs_up", "stairs_up"),
    ],
)  # fmt: skip
def test_what_a_name_says_before_its_date(name, label):
    assert label_of(name) == label


def test_labels_in_folders_and_persons_in_others():
    paths = [(kind, f"user{user}", "2024-05-01") for kind in ("walk", "run") for user in (1, 2)]
    assert [(own["label"], own["group"]) for own in recording_names(paths).names] == [
        ("walk", "user1"), ("walk", "user2"), ("run", "user1"), ("run", "user2"),
    ]  # fmt: skip


def test_folders_that_only_repeat_the_label_are_no_groups():
    paths = [("w", "Walking-2024-05-01"), ("w", "Walking-2024-05-02"), ("s", "Sitting-2024-05-01")]
    assert [own["group"] for own in recording_names(paths).names] == [None] * 3
    assert [own["group"] for own in recording_names([*paths, ("w", "Sitting-2024-05-03")]).names] == [
        "w",
        "w",
        "s",
        "w",
    ]

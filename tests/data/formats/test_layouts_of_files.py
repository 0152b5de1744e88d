"""More than thirty layouts of files, each read without options: shape, channels, rate and labels."""

import json
import zipfile

import numpy as np
import pytest
from layout_files import EPOCH_MS, ROWS, VALUES, cwa, edf, gt3x, lines, wfdb

from tsnas.data import read
from tsnas.errors import FormatError

AXES = ("x", "y", "z")
LEVELS = np.round(VALUES * 200).astype(int)
BOTH = (("rest", 1), ("walk", -1))
NS = 1_000_000
ALL = {}


def layout(channels, rate_hz, labels=None, library=None, rows=ROWS):
    """Registers a function that writes a layout; its name is that of the test."""

    def register(write):
        ALL[write.__name__] = (write, channels, rate_hz, labels, library, rows)
        return write

    return register


def csv_layout(name, head, row, channels, rate_hz=50, between=",", before="", end="\n", suffix=".csv"):
    """Registers a table with a line of names, or "" if there is none."""

    def write(folder):
        body = end.join(between.join(map(str, row(n, values))) for n, values in enumerate(VALUES))
        (folder / f"rec{suffix}").write_text(f"{before}{head}{end if head else ''}{body}{end}", encoding="utf-8")

    write.__name__ = name
    layout(channels, rate_hz)(write)


csv_layout("millis", "time_ms,ax,ay,az", lambda n, v: (20 * n, *v), ("ax", "ay", "az"))
csv_layout("windows_line_ends", "time_ms,ax,ay,az", lambda n, v: (20 * n, *v), ("ax", "ay", "az"), end="\r\n")
csv_layout(
    "german_spreadsheet", "time_ms;ax;ay;az", lambda n, v: (20 * n, *(f"{x:.4f}".replace(".", ",") for x in v)),
    ("ax", "ay", "az"), between=";",
)  # fmt: skip
csv_layout("sep_line", "time_ms;ax;ay;az", lambda n, v: (20 * n, *v), ("ax", "ay", "az"), 50, ";", "sep=;\n")
csv_layout("tabs", "time_s\tax\tay\taz", lambda n, v: (n / 50, *v), ("ax", "ay", "az"), between="\t", suffix=".txt")
csv_layout("iso_dates", "datetime,ax,ay,az", lambda n, v: (f"2024-05-01 09:30:{n / 50:06.3f}", *v), ("ax", "ay", "az"))
csv_layout("axivity_csv", "", lambda n, v: (f"2024-05-01 09:30:{n / 50:06.3f}", *v), ("1", "2", "3"))
csv_layout(
    "androsensor",
    "ACCELEROMETER X (m/s²);ACCELEROMETER Y (m/s²);ACCELEROMETER Z (m/s²);Time since start in ms ;"
    "YYYY-MO-DD HH-MI-SS_SSS",
    lambda n, v: (*v, 20 * n, f"2024-05-01 09-30-{n // 50:02d}_{20 * n % 1000:03d}"),
    tuple(f"ACCELEROMETER {axis} (m/s²)" for axis in "XYZ"),
    between=";",
)
csv_layout(
    "metabase", "epoc (ms),timestamp (+0100),elapsed (s),x-axis (g),y-axis (g),z-axis (g)",
    lambda n, v: (EPOCH_MS + 20 * n, f"2024-05-01T09.30.{n / 50:06.3f}", f"{n / 50:.3f}", *v),
    ("x-axis (g)", "y-axis (g)", "z-axis (g)"),
)  # fmt: skip
csv_layout("physics_toolbox", "time,gFx,gFy,gFz", lambda n, v: (f"{n / 50:.4f}", *v), ("gFx", "gFy", "gFz"))
csv_layout(
    "sensorlog_ios",
    "loggingTime(txt),loggingSample(N),accelerometerTimestamp_sinceReboot(s),accelerometerAccelerationX(G),"
    "accelerometerAccelerationY(G),accelerometerAccelerationZ(G)",
    lambda n, v: (f"2024-05-01T09:30:{n / 50:06.3f}+02:00", n, f"{5000 + n / 50:.4f}", *v),
    tuple(f"accelerometerAcceleration{axis}(G)" for axis in "XYZ"),
)
csv_layout(
    "polar_sensor_logger", "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]",
    lambda n, v: (f"2024-05-01T09:30:{n / 50:06.3f}", 599_000_000_000_000_000 + 20 * NS * n, *(1000 * v).round(1)),
    ("X [mg]", "Y [mg]", "Z [mg]"), between=";", suffix=".txt",
)  # fmt: skip
csv_layout("nordic_power_profiler", "Timestamp(ms),Current(uA)", lambda n, v: (20 * n, 100 * v[0]), ("Current(uA)",))
csv_layout("logic_analyser", "Time [s],Channel 0", lambda n, v: (f"{n / 50:.9f}", v[0]), ("Channel 0",))
csv_layout(
    "movesense", "Timestamp (ms),X (m/s^2),Y (m/s^2),Z (m/s^2)", lambda n, v: (7000 + 20 * n, *v),
    ("X (m/s^2)", "Y (m/s^2)", "Z (m/s^2)"),
)  # fmt: skip
csv_layout(
    "wit_motion", "Time(s)\tax(g)\tay(g)\taz(g)", lambda n, v: (n / 50, *v), ("ax(g)", "ay(g)", "az(g)"), 50, "\t"
)
csv_layout(
    "serial_monitor", "", lambda n, v: (f"12:01:{n / 50:06.3f} -> {v[0]}", *v[1:]), ("1", "2", "3"), suffix=".log"
)


@layout(("ax", "ay", "az"), 50, ["rest", "walk"])
def table_with_label_and_user(folder):
    rows = [
        (20 * n, *(sign * values), label, f"u{k}")
        for k, (label, sign) in enumerate(BOTH)
        for n, values in enumerate(VALUES)
    ]
    (folder / "all.csv").write_text(lines("timestamp,ax,ay,az,activity,user", rows))


@layout(("x", "y", "z"), 50, ["stand", "walk"])
def hhar(folder):
    rows = [
        (n, EPOCH_MS + 20 * n, NS * (EPOCH_MS + 20 * n), *(sign * values), f"a{sign}", "nexus4", "nexus4_1", label)
        for label, sign in (("stand", 1), ("walk", -1))
        for n, values in enumerate(VALUES)
    ]
    head = "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt"
    (folder / "Phones_accelerometer.csv").write_text(lines(head, rows))


@layout(("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"), 50)
def log_of_alternating_sensors(folder):
    rows = [(20 * n, sensor, *values) for n, values in enumerate(VALUES) for sensor in ("acc", "gyro")]
    (folder / "log.csv").write_text(lines("time_ms,sensor,x,y,z", rows))


@layout(tuple(f"{kind}_{axis}" for kind in ("accelerometer", "gyroscope") for axis in "xyz"), 50)
def file_for_each_sensor(folder):
    for sensor in ("accelerometer", "gyroscope"):
        (folder / f"{sensor}.csv").write_text(lines("time_ms,x,y,z", [(20 * n, *v) for n, v in enumerate(VALUES)]))


@layout(("ax", "ay", "az"), 50, ["rest", "walk"])
def folder_for_each_class(folder):
    for label, sign in BOTH:
        (folder / label).mkdir()
        (folder / label / "a.csv").write_text(
            lines("time_ms,ax,ay,az", [(20 * n, *(sign * v)) for n, v in enumerate(VALUES)])
        )


def payload(sign):
    sensors = [{"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"]
    whole = {"device_type": "X", "interval_ms": 20, "sensors": sensors, "values": (sign * VALUES).tolist()}
    return {"protected": {"ver": "v1", "alg": "none"}, "signature": "0", "payload": whole}


EDGE = (("accX", "accY", "accZ"), 50, ["rest", "walk"])


@layout(*EDGE)
def edge_impulse_json(folder):
    for label, sign in BOTH:
        (folder / f"{label}.1a.json").write_text(json.dumps(payload(sign)))


@layout(*EDGE)
def edge_impulse_info_labels(folder):
    files = []
    for label, sign in BOTH:
        (folder / f"{label[0]}.json").write_text(json.dumps(payload(sign)))
        files.append({"path": f"{label[0]}.json", "category": "split", "label": {"type": "label", "label": label}})
    (folder / "info.labels").write_text(json.dumps({"version": 1, "files": files}))


@layout(*EDGE, library="cbor2")
def edge_impulse_cbor(folder):
    import cbor2

    for label, sign in BOTH:
        (folder / f"{label}.1a.cbor").write_bytes(cbor2.dumps(payload(sign)))


@layout(*EDGE)
def edge_impulse_csv(folder):
    for label, sign in BOTH:
        rows = [(20 * n, *(sign * values)) for n, values in enumerate(VALUES)]
        (folder / f"{label}.1a.csv").write_text(lines("timestamp,accX,accY,accZ", rows))


def sensiml(folder, suffix):
    rows = [(n, 20 * n, *values) for n, values in enumerate(VALUES)]
    (folder / "one.csv").write_text(lines("sequence,timestamp,ax,ay,az", rows))
    segments = [
        {"name": "Label", "value": label, "start": start, "end": start + 199}
        for label, start in (("rest", 0), ("walk", 200))
    ]
    about = [{"name": "Subject", "value": "ann"}]
    entry = {"file_name": "one.csv", "metadata": about, "sessions": [{"session_name": "s", "segments": segments}]}
    (folder / f"project{suffix}").write_text(json.dumps([entry]))


@layout(("ax", "ay", "az"), 50, ["rest", "walk"], rows=200)
def sensiml_dcli(folder):
    sensiml(folder, ".dcli")


@layout(("ax", "ay", "az"), 50, ["rest", "walk"], rows=200)
def sensiml_dai(folder):
    sensiml(folder, ".dai")


@layout(tuple(f"{kind}_{axis}" for kind in ("Accelerometer", "Gyroscope") for axis in "zyx"), 50, ["Walking"])
def sensor_logger_zip(folder):
    with zipfile.ZipFile(folder / "Walking-2024-05-01_09-30-00.zip", "w") as archive:
        rows = [(NS * (EPOCH_MS + 20 * n), f"{n / 50:.7f}", *v[::-1]) for n, v in enumerate(VALUES)]
        for sensor in ("Accelerometer", "Gyroscope"):
            archive.writestr(f"{sensor}.csv", lines("time,seconds_elapsed,z,y,x", rows))
        archive.writestr("Metadata.csv", "version,device name\n3,Pixel\n")


@layout(tuple(f"Acceleration {axis} (m/s^2)" for axis in "xyz"), 50, ["walk"])
def phyphox_zip(folder):
    with zipfile.ZipFile(folder / "walk 2024-05-01 09-30-00.zip", "w") as archive:
        head = '"Time (s)","Acceleration x (m/s^2)","Acceleration y (m/s^2)","Acceleration z (m/s^2)"'
        archive.writestr("Raw Data.csv", lines(head, [(n / 50, *v) for n, v in enumerate(VALUES)]))
        archive.writestr("meta/device.csv", '"property","value"\n"version","1.1"\n')


@layout(("ACC_x", "ACC_y", "ACC_z", "BVP", "EDA", "TEMP"), 32, ["rest", "stress"], rows=None)
def empatica_e4(folder):
    for label, user in (("rest", "A01"), ("stress", "A02")):
        (folder / label / user).mkdir(parents=True)
        for name, hz, columns in (("ACC", 32, 3), ("BVP", 64, 1), ("EDA", 4, 1), ("TEMP", 4, 1)):
            head = np.array([[1_700_000_000.0] * columns, [hz] * columns])
            rows = np.tile(np.arange(10 * hz)[:, None] / hz, columns)
            np.savetxt(folder / label / user / f"{name}.csv", np.vstack([head, rows]), fmt="%.6f", delimiter=",")


@layout(AXES, 20, ["Jogging", "Walking"])
def wisdm(folder):
    rows = [
        f"33,{label},{10**14 + 10**12 * k + 50 * NS * n},{x},{y},{z};"
        for k, label in enumerate(("Jogging", "Walking"))
        for n, (x, y, z) in enumerate(VALUES)
    ]
    (folder / "WISDM_ar_v1.1_raw.txt").write_text("\n".join(rows) + "\n")


PAMAP2 = tuple(
    f"{unit}_{kind}_{axis}" for unit in ("hand", "chest", "ankle") for kind in ("acc", "gyro", "mag") for axis in AXES
)


@layout(PAMAP2[3:], 100, ["walking"])
def pamap2_with_an_empty_sensor(folder):
    rows = np.full((ROWS, 54), 1.5)
    rows[:, 0], rows[:, 1], rows[:, 4:7] = np.arange(ROWS) / 100, 4, np.nan
    np.savetxt(folder / "subject101.dat", rows, fmt="%g")


@layout(None, 30, ["Walk"])
def opportunity(folder):
    rows = np.full((ROWS, 250), 7.0)
    rows[:, 0], rows[:, 243] = np.arange(ROWS) * 33, 2
    np.savetxt(folder / "S1-ADL1.dat", rows, fmt="%g")


@layout(("0", "1"), 1, ["Run", "WALK"], rows=4)
def uea_ts(folder):
    head = "@problemName Toy\n@timeStamps false\n@univariate false\n@classLabel true Run WALK\n@data\n"
    (folder / "Toy_TRAIN.ts").write_text(head + "1,2,3,4:5,6,7,8:Run\n1,?,3,4:0,0,0,1:WALK\n")


@layout(("0",), 1, [1, 2], rows=3)
def ucr_tsv(folder):
    (folder / "Toy_TRAIN.tsv").write_text("1\t0.5\t1\t2\n2\t1\t2\t3\n")


@layout(("0",), 1, ["a", "b"], rows=3)
def arff(folder):
    head = (
        "@relation Toy\n"
        + "".join(f"@attribute att{k} numeric\n" for k in range(3))
        + "@attribute target {a,b}\n@data\n"
    )
    (folder / "Toy_TRAIN.arff").write_text(head + "1,2,3,a\n3,2,1,b\n")


@layout(("0",), 1, ["idle"] * 3 + ["on"] * 3, rows=64)
def nanoedge(folder):
    for label, size in (("idle", 0.1), ("on", 2)):
        rows = [[f"{size * np.sin(n / 3 + k):.4f}" for n in range(64)] for k in range(3)]
        (folder / f"{label}.csv").write_text("\n".join(";".join(row) for row in rows) + "\n")


@layout(("ax", "ay", "az"), 50, ["walk"])
def tsnas_record(folder):
    rows = [(f"{n / 50:.6f}", *values, "walk") for n, values in enumerate(VALUES)]
    (folder / "walk_01.csv").write_text("# tsnas data record rate_hz=50\n" + lines("time_s,ax,ay,az,label", rows))


@layout(("acc_x", "acc_y", "acc_z"), 50)
def axivity(folder):
    cwa(folder / "CWA-DATA.CWA", LEVELS, rate_code=0x49)


@layout(("acc_x", "acc_y", "acc_z"), 40)
def actigraph(folder):
    gt3x(folder / "MOS2.gt3x", LEVELS, rate_hz=40)


@layout(("acc z",), 100, library="edfio")
def edf_plus(folder):
    edf(folder / "a.edf", [("acc z", "g", LEVELS[:, 0].reshape(4, 100), (-8, 8), (-32768, 32767))], 4)


@layout(("MLII", "V5"), 360, library="wfdb")
def physionet(folder):
    wfdb(folder, "100", LEVELS[:, :2])


@layout(("ax", "ay", "az"), 50, library="pyarrow")
def parquet(folder):
    import pyarrow
    import pyarrow.parquet

    columns = {"time_s": np.arange(ROWS) / 50, **{f"a{axis}": VALUES[:, k] for k, axis in enumerate(AXES)}}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "a.parquet")


@layout(AXES, 50, library="mcap")
def mcap_json(folder):
    from mcap.writer import Writer

    with (folder / "a.mcap").open("wb") as content:
        writer = Writer(content)
        writer.start()
        channel = writer.register_channel("/imu", "json", writer.register_schema("imu", "jsonschema", b"{}"))
        for n, values in enumerate(VALUES.tolist()):
            at = NS * (EPOCH_MS + 20 * n)
            writer.add_message(channel, at, json.dumps(dict(zip(AXES, values, strict=True))).encode(), at)
        writer.finish()


def test_there_are_thirty_at_least():
    assert len(ALL) >= 30


@pytest.mark.parametrize("name", ALL)
def test_is_read_without_options(name, tmp_path):
    write, channels, rate_hz, labels, library, rows = ALL[name]
    if library:
        pytest.importorskip(library)
    write(tmp_path)
    data = read(tmp_path)
    assert channels is None or data.channels == channels
    assert data.rate_hz == rate_hz
    assert data.labels == labels
    assert all(array.shape == (rows or len(array), len(data.channels)) for array in data.arrays)
    assert all(np.isfinite(array).all() for array in data.arrays)


# What no reader can know, or does not yet: each of them is told what to do.
NOT_READ = {
    "rows_without_times": lines("ax,ay,az", VALUES),
    "months_before_days": lines(
        "Timestamp,X,Y,Z", [(f"5/1/2024 10:00:{n / 50:06.3f}", *v) for n, v in enumerate(VALUES)]
    ),
    "a_clock_that_counts": lines("t,ax,ay,az", [(n, *v) for n, v in enumerate(VALUES)]),
}


@pytest.mark.parametrize("name", NOT_READ)
def test_is_not_read_but_told_how(name, tmp_path):
    (tmp_path / "rec.csv").write_text(NOT_READ[name])
    with pytest.raises(FormatError, match=r"for from_csv \(`tsnas data windows --csv`\)"):
        read(tmp_path)

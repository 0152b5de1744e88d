"""CBOR and CSV files of Edge Impulse: the same labels, rate and channels as those of JSON."""

import json

import numpy as np
import pytest

from tsnas.data import read
from tsnas.errors import FormatError

cbor2 = pytest.importorskip("cbor2")

VALUES = np.round(np.random.default_rng(0).normal(size=(100, 3)), 4)


def whole(values):
    sensors = [{"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"]
    payload = {"device_type": "X", "interval_ms": 16, "sensors": sensors, "values": values.tolist()}
    return {"protected": {"ver": "v1", "alg": "none"}, "signature": "0" * 64, "payload": payload}


def table(values):
    return "timestamp,accX,accY,accZ\n" + "".join(f"{16 * n},{x},{y},{z}\n" for n, (x, y, z) in enumerate(values))


def test_cbor(tmp_path):
    for name, sign in (("Wave.1a.cbor", 1), ("idle.2b.cbor", -1)):
        (tmp_path / name).write_bytes(cbor2.dumps(whole(sign * VALUES)))
    data = read(tmp_path)
    assert data.notes[0].startswith("Taken for Edge Impulse, because Wave.1a.cbor has a payload")
    assert (data.labels, data.rate_hz, data.channels) == (["Wave", "idle"], 62.5, ("accX", "accY", "accZ"))
    assert "Units: accX in m/s2, accY in m/s2, accZ in m/s2." in data.notes
    np.testing.assert_array_equal(data.arrays[1], -VALUES.astype(np.float32))


def test_csv(tmp_path):
    for name in ("Wave.1a.csv", "idle.2b.csv"):
        (tmp_path / name).write_text(table(VALUES))
    data = read(tmp_path)
    assert data.notes[0].startswith("Taken for Edge Impulse, because Wave.1a.csv begins with timestamp")
    assert (data.labels, data.rate_hz, data.channels) == (["Wave", "idle"], 62.5, ("accX", "accY", "accZ"))
    assert data.sources == ("Wave.1a.csv", "idle.2b.csv")
    np.testing.assert_array_equal(data.arrays[0], VALUES.astype(np.float32))


def test_an_export_of_all_three(tmp_path):
    (tmp_path / "training").mkdir()
    contents = {"a.json": json.dumps(whole(VALUES)).encode(), "b.cbor": cbor2.dumps(whole(VALUES))}
    contents["c.csv"] = table(VALUES).encode()
    for name, content in contents.items():
        (tmp_path / "training" / name).write_bytes(content)
    files = [{"path": f"training/{name}", "label": {"type": "label", "label": f"L{name[0]}"}} for name in contents]
    (tmp_path / "info.labels").write_text(json.dumps({"version": 1, "files": files}))
    data = read(tmp_path)
    assert dict(zip(data.sources, data.labels, strict=True)) == {f"training/{name}": f"L{name[0]}" for name in contents}
    for array in data.arrays:
        np.testing.assert_array_equal(array, VALUES.astype(np.float32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda payload: payload.update(interval_ms=0), "interval_ms=0, which is no rate"),
        (lambda payload: payload.update(values=[[1, 2], [3, 4]]), "has 3 sensors, but rows of 2 values"),
        (lambda payload: payload.update(values=[[1, 2, 3], [4, 5]]), "no rows of numbers"),
    ],
)
def test_payloads_that_are_not_whole(tmp_path, change, message):
    content = whole(VALUES)
    change(content["payload"])
    (tmp_path / "a.b.cbor").write_bytes(cbor2.dumps(content))
    with pytest.raises(FormatError, match=message):
        read(tmp_path)


def test_files_that_were_cut(tmp_path):
    (tmp_path / "a.b.cbor").write_bytes(cbor2.dumps(whole(VALUES))[:-20])
    with pytest.raises(FormatError, match=r"a\.b\.cbor is no whole CBOR file"):
        read(tmp_path)
    (tmp_path / "info.labels").write_text("[]")
    with pytest.raises(FormatError, match="is no list of files with their labels"):
        read(tmp_path)


def test_without_cbor2_the_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.b.cbor").write_bytes(cbor2.dumps(whole(VALUES)))
    monkeypatch.setitem(__import__("sys").modules, "cbor2", None)
    with pytest.raises(FormatError, match=r"needs the package cbor2: pip install 'tsnas\[formats\]'"):
        read(tmp_path)

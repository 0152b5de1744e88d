"""MCAP files and ROS bags: inertial topics in CDR and JSON, joined, with units and labels."""

import json

import numpy as np
import pytest

from tsnas.data import read
from tsnas.errors import FormatError

VALUES = np.round(np.random.default_rng(0).normal(size=(200, 6)), 4)
START_NS = 1_714_557_600_000_000_000
UNITS = ("rad/s",) * 3 + ("m/s^2",) * 3
CHANNELS = tuple(f"{kind}_{axis}" for kind in ("angular_velocity", "linear_acceleration") for axis in "xyz")
VECTOR = "float64 x\nfloat64 y\nfloat64 z"
IMU = (
    "std_msgs/Header header\ngeometry_msgs/Quaternion orientation\nfloat64[9] orientation_covariance\n"
    "geometry_msgs/Vector3 angular_velocity\nfloat64[9] angular_velocity_covariance\n"
    "geometry_msgs/Vector3 linear_acceleration\nfloat64[9] linear_acceleration_covariance\n"
    "================\nMSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n"
    "================\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec\n"
    "================\nMSG: geometry_msgs/Quaternion\nfloat64 x\nfloat64 y\nfloat64 z\nfloat64 w\n"
    f"================\nMSG: geometry_msgs/Vector3\n{VECTOR}\n"
)


def imu(values, time_ns):
    zeros = [-1.0] + [0.0] * 8
    return {
        "header": {"stamp": {"sec": time_ns // 10**9, "nanosec": time_ns % 10**9}, "frame_id": "imu"},
        "orientation": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0},
        "orientation_covariance": zeros,
        "angular_velocity": dict(zip("xyz", values[:3].tolist(), strict=True)),
        "angular_velocity_covariance": [0.0] * 9,
        "linear_acceleration": dict(zip("xyz", values[3:].tolist(), strict=True)),
        "linear_acceleration_covariance": [0.0] * 9,
    }


def write_mcap(path, labels=()):
    writer = pytest.importorskip("mcap_ros2.writer").Writer(str(path))
    schema = writer.register_msgdef("sensor_msgs/msg/Imu", IMU)
    text = writer.register_msgdef("std_msgs/msg/String", "string data")
    for row, values in enumerate(VALUES):
        at = START_NS + row * 10_000_000
        if row in dict(labels):
            writer.write_message("/activity", text, {"data": dict(labels)[row]}, at, at)
        writer.write_message("/imu/data", schema, imu(values, at), at + 3_000_000, at)
    writer.finish()


def write_json(path, topics):
    mcap = pytest.importorskip("mcap.writer")
    with path.open("wb") as content:
        writer = mcap.Writer(content)
        writer.start()
        for topic, message in topics.items():
            schema = writer.register_schema(topic, "jsonschema", b"{}")
            channel = writer.register_channel(topic, "json", schema)
            for row, values in enumerate(VALUES):
                at = START_NS + row * 20_000_000
                writer.add_message(channel, at, json.dumps(message(values)).encode(), at)
        writer.finish()


def test_inertial_messages_of_ros_2_in_mcap(tmp_path):
    write_mcap(tmp_path / "a.mcap", labels={0: "rest", 120: "walk"}.items())
    data = read(tmp_path / "a.mcap")
    assert data.notes[0] == "Taken for MCAP or a ROS bag, because a.mcap begins with MCAP."
    assert (data.channels, data.units, data.rate_hz) == (CHANNELS, UNITS, 100)
    assert data.labels[0].tolist() == ["rest"] * 120 + ["walk"] * 80
    np.testing.assert_allclose(data.arrays[0], VALUES, atol=1e-6)


def test_json_topics_are_joined_on_time(tmp_path):
    write_json(
        tmp_path / "a.mcap",
        {"/acc": lambda v: {"x": v[0], "y": v[1], "t": 5}, "/gyro": lambda v: {"turn": {"x": v[2]}, "name": "a"}},
    )
    data = read(tmp_path)
    assert (data.channels, data.rate_hz) == (("acc_x", "acc_y", "gyro_turn_x"), 50)
    np.testing.assert_allclose(data.arrays[0], VALUES[:, :3], atol=1e-5)


def test_no_topic_of_numbers(tmp_path):
    write_json(tmp_path / "a.mcap", {"/log": lambda v: {"text": "hello"}})
    with pytest.raises(FormatError, match=r"no topic with at least two messages of numbers.*its topics are /log"):
        read(tmp_path)


@pytest.mark.parametrize("version", [1, 2])
def test_bags_of_ros(tmp_path, version):
    pytest.importorskip("rosbags")
    from rosbags.rosbag1 import Writer as Writer1
    from rosbags.rosbag2 import Writer as Writer2
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC if version == 1 else Stores.ROS2_HUMBLE)
    kinds = store.types
    kind = "sensor_msgs/msg/Imu"
    bag = tmp_path / ("a.bag" if version == 1 else "a")
    with Writer1(bag) if version == 1 else Writer2(bag, version=8) as writer:
        connection = writer.add_connection("/imu", kind, typestore=store)
        for row, values in enumerate(VALUES):
            at = START_NS + row * 10_000_000
            stamp = kinds["builtin_interfaces/msg/Time"](sec=at // 10**9, nanosec=at % 10**9)
            head = kinds["std_msgs/msg/Header"](**({"seq": row} if version == 1 else {}), stamp=stamp, frame_id="imu")
            vector = kinds["geometry_msgs/msg/Vector3"]
            message = kinds[kind](
                head,
                kinds["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0),
                np.array([-1.0] + [0.0] * 8),
                vector(*values[:3].tolist()),
                np.zeros(9),
                vector(*values[3:].tolist()),
                np.zeros(9),
            )
            raw = store.serialize_ros1(message, kind) if version == 1 else store.serialize_cdr(message, kind)
            writer.write(connection, at, raw)
    data = read(bag)
    assert (data.channels, data.units, data.rate_hz) == (CHANNELS, UNITS, 100)
    np.testing.assert_allclose(data.arrays[0], VALUES, atol=1e-6)

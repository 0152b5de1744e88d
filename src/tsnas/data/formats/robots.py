"""Reads recordings of robots: MCAP files and ROS bags, whose topics of sensors are joined on time."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tsnas.data.formats.folder_names import name_of, names_of
from tsnas.data.formats.libraries import load, refuse_damage
from tsnas.data.formats.messages import LABEL_TOPIC, Message, is_sensor, values_of
from tsnas.data.recording_set import RecordingSet
from tsnas.data.tables.columns import Columns
from tsnas.data.tables.join import join_sensors
from tsnas.data.tables.notes import Notes
from tsnas.data.tables.read import join_tables
from tsnas.data.tables.table import Table
from tsnas.errors import FormatError

MCAP, BAG, SQLITE, METADATA = ".mcap", ".bag", ".db3", "metadata.yaml"
MCAP_MAGIC, BAG_MAGIC = b"\x89MCAP0\r\n", b"#ROSBAG V2"
TIME, LABEL = "time_s", "label"


def recognise(files: list[pathlib.Path]) -> str:
    """Returns why files are MCAP files or ROS bags, or ""."""
    for file in files:
        kind = file.suffix.lower()
        if kind in (MCAP, BAG):
            with file.open("rb") as content:
                if content.read(16).startswith(MCAP_MAGIC if kind == MCAP else BAG_MAGIC):
                    return f"{file.name} begins with {'MCAP' if kind == MCAP else 'ROSBAG'}"
        if kind == SQLITE and file.parent / METADATA in files:
            return f"{file.name} stands beside {METADATA}"
    return ""


def read(root: pathlib.Path, files: list[pathlib.Path]) -> RecordingSet:
    """Reads each file as a recording at the median of its topics' rates; text on a topic for labels gives them."""
    notes = Notes()
    ours = [file for file in files if file.suffix.lower() in (MCAP, BAG)]
    # A bag may be divided into several files, which are read as one.
    ours += {file.parent: file for file in files if file.suffix.lower() == SQLITE}.values()
    paths = names_of(root, ours)
    sets = [_read_one(file, name_of(root, file), own, notes) for file, own in zip(ours, paths.names, strict=True)]
    first = sets[0]
    for one in sets[1:]:
        if one.channels != first.channels:
            raise FormatError(
                f"{one.sources[0]} has the channels {', '.join(one.channels)}, but {first.sources[0]} has "
                f"{', '.join(first.channels)}; read files of the same topics."
            )
        if abs(one.rate_hz / first.rate_hz - 1) > 1e-9:
            raise FormatError(
                f"{one.sources[0]} has {one.rate_hz:g} Hz, but {first.sources[0]} has {first.rate_hz:g} Hz; read files "
                "of one rate."
            )
    labelled = all(one.labels is not None for one in sets)
    return dataclasses.replace(
        first,
        arrays=[array for one in sets for array in one.arrays],
        labels=[label for one in sets for label in one.labels or []] if labelled else None,
        groups=[group for one in sets for group in one.groups],
        sources=tuple(source for one in sets for source in one.sources),
        jitter=tuple(jitter for one in sets for jitter in one.jitter),
        notes=(*notes.sentences(), *dict.fromkeys(note for one in sets for note in one.notes), *paths.said.values()),
    )


def _read_one(file: pathlib.Path, source: str, names: dict[str, str | None], notes: Notes) -> RecordingSet:
    topics: dict[str, list[tuple[float, dict[str, float]]]] = {}
    units: dict[str, dict[str, str]] = {}
    texts: list[tuple[float, str]] = []
    left: set[str] = set()
    messages = _mcap_messages if file.suffix.lower() == MCAP else _bag_messages
    for one in messages(file, source):
        if one.text is not None:
            if LABEL_TOPIC.search(one.topic):
                texts.append((one.time_s, one.text))
            continue
        found = values_of(one) if one.content is not None else None
        if found is None:
            left.add(one.topic)
            continue
        topics.setdefault(one.topic, []).append((found.time_s, found.values))
        units.setdefault(one.topic, found.units)
    topics = {topic: rows for topic, rows in topics.items() if len(rows) > 1}
    if left:
        notes.tell(f"Topics that hold no sensor of a known type, left out: {', '.join(sorted(left))}", source)
    if not topics:
        raise FormatError(
            f"{source} has no topic with at least two messages of numbers, such as sensor_msgs/Imu"
            + (f"; its topics are {', '.join(sorted(left))}." if left else ".")
        )
    tables = [_table(source, topic, rows, units[topic]) for topic, rows in topics.items()]
    columns = Columns(TIME, time_unit="s")
    if len(tables) == 1:
        # The file alone is the source, and gives no name to the channels.
        tables = [dataclasses.replace(tables[0], source=source)]
        joined, own, columns = tables, [names], dataclasses.replace(columns, channels=tables[0].names[1:])
    else:
        rates = [1 / float(np.median(np.diff(table.columns[0]))) for table in tables]
        columns = dataclasses.replace(columns, sensor_from="file", rate_hz=float(f"{np.median(rates):.3g}"))
        joined, own, columns = join_sensors(tables, [names] * len(tables), columns, notes)
        joined = [dataclasses.replace(joined[0], source=source)]
        columns = dataclasses.replace(columns, channels=joined[0].names[1:])
    if texts:
        start = 0.0 if len(tables) == 1 else max(float(table.columns[0][0]) for table in tables)
        joined, own = [_with_labels(joined[0], texts, start)], [{**own[0], "label": None}]
        columns = dataclasses.replace(columns, label=LABEL)
    return join_tables(joined, own, columns, Notes())


def _table(source: str, topic: str, rows: list[tuple[float, dict[str, float]]], units: dict[str, str]) -> Table:
    rows = sorted(rows, key=lambda row: row[0])
    fields = [name for name in rows[0][1] if all(name in values for _, values in rows)]
    times = np.array([time for time, _ in rows])
    kept = np.concatenate([[True], np.diff(times) > 0])
    columns: list[Any] = [np.array([values[name] for _, values in rows], float)[kept] for name in fields]
    if np.count_nonzero(kept) < 2 or not fields:
        raise FormatError(f"{source} has fewer than two messages at different times on topic {topic}.")
    name = topic.strip("/").replace("/", "_") or "topic"
    prefix = f"{name}_"
    known = {**units, **{f"{prefix}{field}": unit for field, unit in units.items()}}
    return Table(
        f"{source}/{name}",
        [TIME, *fields],
        [times[kept], *columns],
        np.arange(int(kept.sum())),
        unit="message",
        units=known,
    )


def _with_labels(table: Table, texts: list[tuple[float, str]], start_s: float) -> Table:
    """Adds a column of labels, each of which holds from its message to the next one."""
    texts = sorted(texts)
    at = np.searchsorted([time for time, _ in texts], np.asarray(table.columns[0]) + start_s, side="right") - 1
    labels = ["" if place < 0 else texts[place][1] for place in at.tolist()]
    return dataclasses.replace(table, names=[*table.names, LABEL], columns=[*table.columns, labels])


def _mcap_messages(file: pathlib.Path, source: str) -> Iterator[Message]:
    reader = load("mcap.reader", "mcap", source)
    decoders: dict[int, Callable[[bytes], Any] | None] = {}
    with refuse_damage(source, "MCAP file"), file.open("rb") as content:
        for schema, channel, message in reader.make_reader(content, validate_crcs=True).iter_messages():
            name = "" if schema is None else schema.name
            if channel.id not in decoders:
                decoders[channel.id] = _decoder(channel, schema, source)
            decode = decoders[channel.id]
            yield _message(channel.topic, name, message.log_time, decode, message.data)


def _decoder(channel: Any, schema: Any, source: str) -> Callable[[bytes], Any] | None:
    """Returns what decodes the messages of a channel; None if they are of no sensor, or not known."""
    if channel.message_encoding == "json":
        return json.loads
    if channel.message_encoding == "cdr" and schema is not None and is_sensor(schema.name):
        return load("mcap_ros2.decoder", "mcap-ros2-support", source).DecoderFactory().decoder_for("cdr", schema)
    return None


def _bag_messages(file: pathlib.Path, source: str) -> Iterator[Message]:
    load("rosbags.highlevel", "rosbags", source)
    from rosbags.highlevel import AnyReader
    from rosbags.typesys import Stores, get_typestore

    bag = file.parent if file.suffix.lower() == SQLITE else file
    with (
        refuse_damage(source, "ROS bag"),
        AnyReader([bag], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as reader,
    ):
        for connection, time_ns, raw in reader.messages():
            decode = (
                (lambda data, kind=connection.msgtype: reader.deserialize(data, kind))
                if is_sensor(connection.msgtype)
                else None
            )
            yield _message(connection.topic, connection.msgtype, time_ns, decode, raw)


def _message(topic: str, kind: str, time_ns: int, decode: Callable[[bytes], Any] | None, data: bytes) -> Message:
    content = None if decode is None else decode(data)
    text = content if isinstance(content, str) else None
    if content is not None and text is None:
        value = content.get("data") if isinstance(content, dict) else getattr(content, "data", None)
        text = value if isinstance(value, str) else None
    return Message(topic, kind, time_ns / 1e9, content, text)

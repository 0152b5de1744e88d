"""Timings of whole models on a board: lines that a bench sketch has printed, or a CSV table, checked before use."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import os
import pathlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tsnas.cost.loops import factor_kind
from tsnas.errors import TimingsError
from tsnas.graph.graph import Graph
from tsnas.graph.ops import OP_KINDS
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.parser import read_model_bytes

BENCH = "tsnas-bench 1 "
# Timings of one model, or its fastest and slowest inference, may differ by this share.
MOST_SPREAD = 0.05
# How far the clock of a timing may be from the board's: crystals, and clocks that are given rounded.
MOST_CLOCK_ERROR = 0.02
LEAST_MODELS = 3
DIGITS = 8
# TensorFlow Lite's names of the kinds of operators, which tables of others use.
TFLITE_KINDS = {
    "CONV_2D": "conv2d",
    "DEPTHWISE_CONV_2D": "depthwise_conv2d",
    "FULLY_CONNECTED": "fully_connected",
    "AVERAGE_POOL_2D": "average_pool2d",
    "MAX_POOL_2D": "max_pool2d",
    "ADD": "add",
    "MEAN": "global_average_pooling2d",
    "SOFTMAX": "softmax",
    "RESHAPE": "reshape",
    "PAD": "pad",
}
COLUMNS = ("model", "op", "latency_us", "least_us", "most_us", "clock_hz", "kernels")


@dataclasses.dataclass(frozen=True)
class Timing:
    """Timing of a model on a board.

    Args:
        model: str, its name in messages.
        graph: `Graph` of it.
        latency_us: float, one inference, in microseconds.
        op_us: dict of the kind of an operator to the microseconds of all such operators in one inference. Defaults to
            {}, not known.
        differing_bytes: int, bytes of the sketch's self-test that were not the model's. Defaults to 0.
    """

    model: str
    graph: Graph
    latency_us: float
    op_us: Mapping[str, float] = dataclasses.field(default_factory=dict)
    differing_bytes: int = 0


def read_timings(
    path: str | os.PathLike[str], clock_hz: float, kernels: str, kit: str | os.PathLike[str] | None = None
) -> list[Timing]:
    """Reads timings of whole models from a file of either form.

    A file with lines that begin with `tsnas-bench 1` needs the folder of the models; all other lines are passed over.
    Any other file is a CSV table with a row for each model and the columns `model` (path of the .tflite file, from the
    folder of the table or from `kit`) and `latency_us`. It may have `op` (kind of an operator; the row is then about
    all such operators of the model in one inference), `least_us` and `most_us` (fastest and slowest inference),
    `clock_hz` and `kernels`.

    Args:
        path: the file.
        clock_hz: float, clock of the board.
        kernels: str, name of the kernels that are calibrated.
        kit: folder with the .tflite files, such as `tsnas boards kit` writes. Defaults to None: the folder of `path`.

    Returns:
        list of `Timing`, one for each model, at least three.

    Raises:
        TimingsError: the file cannot be read, a model is not there, is another one or was timed with other kernels, at
            another clock or with a spread of more than 5 %, or there are fewer than three models.
        ModelFileError: a model that cannot be read.

    Example:
        >>> [timing.model for timing in read_timings("timings.txt", 64e6, "portable", "kit")]
        ['model_1.tflite', 'model_2.tflite', 'model_3.tflite', 'model_4.tflite']
    """
    source = os.fspath(path)
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TimingsError(f"Timings {source!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TimingsError(f"Timings {source!r} are not text: {error}.") from error
    folder = pathlib.Path(path).parent
    if BENCH in text:
        return bench_timings(text.splitlines(), clock_hz, kernels, folder if kit is None else kit, source)
    return _table_timings(text, clock_hz, kernels, [folder] + ([] if kit is None else [pathlib.Path(kit)]), source)


def bench_timings(
    lines: Iterable[str], clock_hz: float, kernels: str, folder: str | os.PathLike[str], source: str = "the port"
) -> list[Timing]:
    """Returns the timings of lines that a bench sketch has printed; see `read_timings`."""
    models = models_of(folder)
    rows: list[dict[str, Any]] = []
    boards: dict[str, None] = {}
    for line in lines:
        if BENCH not in line:
            continue
        words = dict(word.split("=", 1) for word in line.split(BENCH, 1)[1].split() if "=" in word)
        missing = [name for name in ("board", "clock_hz", "kernels", "latency_us", "model") if name not in words]
        if missing:
            raise TimingsError(f"{source}: the line {line.strip()!r} lacks {', '.join(missing)}; was it cut off?")
        if words["model"] not in models:
            raise TimingsError(
                f"{source}: model={words['model']} is none of the .tflite files in {os.fspath(folder)!r} "
                f"({', '.join(f'{digits} is {path.name}' for digits, path in models.items())}). Give the folder that "
                "the sketch came from (--kit=DIR), or time the models of this one."
            )
        boards.setdefault(words["board"])
        rows.append(words | {"path": models[words["model"]], "place": source})
    if len(boards) > 1:
        raise TimingsError(f"{source}: lines of several boards, {', '.join(boards)}; give those of one board.")
    return _checked(rows, clock_hz, kernels, source)


def kernels_named(lines: Iterable[str]) -> str | None:
    """Returns the name of the kernels in the first line of a sketch; None if there is none."""
    for line in lines:
        if BENCH in line and "kernels=" in line:
            return kernels_name(line.partition("kernels=")[2].split()[0])
    return None


def kernels_name(text: str) -> str:
    """Returns what a sketch or a table calls kernels as their name, such as `"cmsis_nn"` for `"CMSIS-NN"`."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower())


def models_of(folder: str | os.PathLike[str]) -> dict[str, pathlib.Path]:
    """Returns the .tflite files of a folder by the first digits of their SHA-256; raises TimingsError without any."""
    paths = sorted(pathlib.Path(folder).rglob("*.tflite"))
    if not paths:
        raise TimingsError(
            f"There is no .tflite file in {os.fspath(folder)!r}; give the folder that `tsnas boards kit` or "
            "`tsnas export` wrote (--kit=DIR)."
        )
    return {hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]: path for path in paths}


def _table_timings(
    text: str, clock_hz: float, kernels: str, folders: Sequence[pathlib.Path], source: str
) -> list[Timing]:
    reader = csv.DictReader(io.StringIO(text))
    rows: list[dict[str, Any]] = []
    for row in reader:
        place = f"{source}, line {reader.line_num}"
        if None in row:
            raise TimingsError(f"{place}: more values than columns.")
        values = {name: value for name, value in row.items() if value and name in COLUMNS}
        missing = [name for name in ("model", "latency_us") if name not in values]
        if missing:
            raise TimingsError(
                f"{place}: {' and '.join(missing)} missing. A table of timings has the columns model and latency_us, "
                f"and may have {', '.join(COLUMNS[1:2] + COLUMNS[3:])}; lines of a sketch begin with {BENCH.strip()!r}."
            )
        found = [path for folder in folders if (path := folder / values["model"]).is_file()]
        if not found:
            raise TimingsError(
                f"{place}: there is no model {values['model']!r} in {', '.join(repr(str(f)) for f in folders)}; give "
                "paths from the folder of the table, or --kit=DIR."
            )
        rows.append(values | {"path": found[0], "place": place})
    return _checked(rows, clock_hz, kernels, source)


def _checked(rows: Sequence[Mapping[str, Any]], clock_hz: float, kernels: str, source: str) -> list[Timing]:
    whole: dict[pathlib.Path, list[float]] = {}
    parts: dict[pathlib.Path, dict[str, float]] = {}
    differing: dict[pathlib.Path, float] = {}
    for row in rows:
        place, path = row["place"], row["path"]
        latency_us = _number(row, "latency_us")
        if row.get("differing"):
            differing[path] = max(differing.get(path, 0.0), _number(row, "differing", 0.0))
        _check_origin(row, clock_hz, kernels)
        if row.get("op"):
            kind = TFLITE_KINDS.get(row["op"], row["op"])
            if kind not in OP_KINDS:
                raise TimingsError(f"{place}: op is {row['op']!r}; known are {', '.join(OP_KINDS)}.")
            parts.setdefault(path, {})[kind] = latency_us
            continue
        times = whole.setdefault(path, [])
        times += [latency_us, *(_number(row, name) for name in ("least_us", "most_us") if row.get(name))]
        if max(times) > min(times) * (1 + MOST_SPREAD):
            raise TimingsError(
                f"{place}: {path.name} took from {min(times):.0f} to {max(times):.0f} us, a spread of "
                f"{max(times) / min(times) - 1:.0%}; more than {MOST_SPREAD:.0%} says that something else ran as well. "
                "Switch off radio and interrupts, or give timings of one build only."
            )
    timings = []
    for path, times in whole.items():
        graph = read_graph(read_model_bytes(path))
        kinds = {node.op.kind for node in graph.nodes}
        unknown = set(parts.get(path, {})) - kinds
        if unknown:
            raise TimingsError(
                f"{source}: {path.name} has no {', '.join(sorted(unknown))}, but a row times it: rows of another model?"
            )
        found = int(differing.get(path, 0.0))
        timings.append(Timing(path.name, graph, sum(times) / len(times), parts.get(path, {}), found))
    if len(timings) < LEAST_MODELS:
        names = ", ".join(timing.model for timing in timings) or "none"
        raise TimingsError(
            f"{source}: {len(timings)} models were timed ({names}); a calibration needs at least {LEAST_MODELS}, so "
            "that each can be left out and predicted by the others. `tsnas boards kit` writes four."
        )
    return timings


def _check_origin(row: Mapping[str, Any], clock_hz: float, kernels: str) -> None:
    place = row["place"]
    # 0 in the line of a sketch: its core does not say.
    told_hz = _number(row, "clock_hz", 0.0) if row.get("clock_hz") else 0.0
    if told_hz and abs(told_hz / clock_hz - 1) > MOST_CLOCK_ERROR:
        raise TimingsError(
            f"{place}: timed at {told_hz / 1e6:g} MHz, but the board's file says {clock_hz / 1e6:g} MHz; give the "
            "clock that the firmware sets (--clock_mhz), or time it again."
        )
    told = kernels_name(str(row.get("kernels") or kernels))
    if told != kernels:
        raise TimingsError(
            f"{place}: timed with kernels={told}, but kernels={kernels} are to be calibrated; give --kernels={told}."
        )


def _number(row: Mapping[str, Any], name: str, above: float | None = None) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = float("nan")
    if not 0 < value < 1e12 and value != above:
        raise TimingsError(f"{row['place']}: {name} is {row[name]!r}; it must be a number above 0.")
    return value


def op_groups(graph: Graph) -> dict[str, list[str]]:
    """Returns the kinds of operators of a network, each with the kinds of factors that it has there."""
    groups: dict[str, list[str]] = {}
    for node in graph.nodes:
        kinds = groups.setdefault(node.op.kind, [])
        if factor_kind(node.op) not in kinds:
            kinds.append(factor_kind(node.op))
    return groups

"""The facts of a report as one dict of plain values: report.json, from which the page and the card are made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import tsnas
from tsnas.model.scores import Judged, held_out_facts
from tsnas.report import costs, origin
from tsnas.tflite.interpreter import Int8Model
from tsnas.tflite.reader import read_graph

if TYPE_CHECKING:
    from tsnas.classifier import AutoClassifier

FORMAT = 1


def collect(
    classifier: AutoClassifier, judged: Judged | None = None, command_line: str | None = None
) -> dict[str, Any]:
    """All that a report tells of a fitted classifier.

    Args:
        classifier: fitted `AutoClassifier`.
        judged: (codes of the test labels, dict of `"float"` and `"int8"` to the predicted codes). Defaults to None.
        command_line: str, the command that made the classifier. Defaults to None.

    Returns:
        dict of values that JSON knows; docs/report.md names its keys.
    """
    graph = read_graph(classifier.tflite_model_)
    estimate, architecture, board = classifier.estimate_, classifier.architecture_, classifier.board_
    limits = costs.limit_facts(estimate, classifier._limits())
    model = Int8Model(classifier.tflite_model_)
    labels, signal = classifier.classes_.tolist(), classifier.signal_
    facts = {
        "format": FORMAT,
        "kept": all(row["verdict"] != costs.OVER for row in limits),
        "limits": limits,
        "board": {
            "name": board.name,
            "description": board.description,
            "core": board.core,
            "clock_hz": estimate.clock_hz,
            "ram_bytes": estimate.board_ram_bytes,
            "flash_bytes": estimate.board_flash_bytes,
            "active_power_mw": board.active_power_mw,
            "measured_operators": len(board.table),
            "kernel_library": board.kernel_library,
            "toolchain": board.toolchain,
            "source": board.source,
        },
        "latency": costs.latency_facts(estimate, board),
        "test": held_out_facts(judged, len(labels)),
        "contest": origin.contest_facts(classifier.history_.get("contest"), estimate.latency_ms),
        "model": {
            "classes": labels,
            "time": architecture.time,
            "channels": architecture.sensors,
            "params": sum(row.params for row in estimate.rows),
            "macs": sum(row.macs for row in estimate.rows),
            "cells": architecture.to_json()["cells"],
            "description": architecture.describe(),
            "input": {"scale": model.input_scale, "zero_point": model.input_zero_point},
            "output": {"scale": model.output_scale, "zero_point": model.output_zero_point},
            "standardization": classifier.standardizer_.to_json(),
        },
        "layers": costs.layer_facts(estimate, graph),
        "memory": costs.memory_facts(graph, board),
        "stream": costs.stream_facts(architecture.time, architecture.sensors, estimate.ram_bytes, signal),
        "signal": None if signal is None else signal.to_json(),
        "architectures": origin.architectures_facts(classifier.history_.get("architectures")),
        "history": {phase: classifier.history_.get(phase) for phase in ("search", "train", "quantise")},
        "data": classifier.data_summary_,
        "axes": [list(triple) for triple in classifier.axes_],
        "settings": origin.settings(classifier),
        "seed": classifier.seed_,
        "versions": {"tsnas": tsnas.__version__} | classifier.versions_,
        "reproduce": {"python": origin.snippet(classifier), "command_line": command_line},
    }
    return plain(facts)


def plain(value: Any) -> Any:
    """A value as JSON knows it: numbers of Python, lists, and None for what is no finite number."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""The facts of a report as one dict of plain values: report.json, from which the page and the model card are made."""

from __future__ import annotations

import math
from typing import Any

from sklearn.base import BaseEstimator

from tsnas.cost.verdicts import NOT_CERTAIN, OVER
from tsnas.model.model import Model
from tsnas.model.scores import Judged, held_out_facts
from tsnas.report import costs, origin
from tsnas.version import __version__

FORMAT = 1


def collect(
    model: Model, estimator: BaseEstimator, judged: Judged | None = None, command_line: str | None = None
) -> dict[str, Any]:
    """Collects the facts of a report on a model.

    Args:
        model: `Model`.
        estimator: `AutoClassifier` to which it belongs, for its settings.
        judged: (codes of the test labels, dict of `"float"` and `"int8"` to the predicted codes). Defaults to None.
        command_line: str, the command that made the model. Defaults to None.

    Returns:
        dict of plain JSON values; docs/report.md lists its keys.
    """
    estimate, architecture, board = model.estimate, model.architecture, model.board
    graph, int8 = model.firmware.graph, model.firmware.model
    limits = costs.limit_facts(estimate, model.limits)
    labels, signal = model.classes.tolist(), model.signal
    facts = {
        "format": FORMAT,
        "kept": all(row["verdict"] not in (OVER, NOT_CERTAIN) for row in limits),
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
            "kernels": board.kernels,
            "kernel_library": board.kernel_library,
            "trust": board.trust,
            "toolchain": board.toolchain,
            "source": board.source,
        },
        "latency": costs.latency_facts(estimate, board),
        "test": held_out_facts(judged, len(labels)),
        "contest": origin.contest_facts(model.history.get("contest"), estimate.latency_ms),
        "plain": origin.plain_facts(model),
        "model": {
            "classes": labels,
            "time": architecture.time,
            "channels": architecture.channels,
            "params": estimate.params,
            "macs": estimate.macs,
            "cells": architecture.to_json()["cells"],
            "members": architecture.members,
            "description": architecture.describe(),
            "input": {"scale": int8.input_scale, "zero_point": int8.input_zero_point},
            "output": {"scale": int8.output_scale, "zero_point": int8.output_zero_point},
            "standardization": model.standardizer.to_json(),
            "channel_names": _channel_names(model),
        },
        "rejection": origin.rejection_facts(model),
        "smoothing": origin.smoothing_facts(model),
        "layers": costs.layer_facts(estimate, graph),
        "memory": costs.memory_facts(graph, board, model.tflite),
        "stream": costs.stream_facts(model.firmware, estimate.ram_bytes, signal),
        "signal": None if signal is None else signal.to_json(),
        "architectures": origin.architectures_facts(model.history.get("architectures")),
        "history": {phase: model.history.get(phase) for phase in ("search", "train", "quantise")},
        "data": model.data_summary,
        "axes": [list(triple) for triple in model.axes],
        "settings": origin.settings(estimator),
        "seed": model.seed,
        "versions": {"tsnas": __version__} | model.versions,
        "reproduce": {"python": origin.snippet(model, estimator), "command_line": command_line},
    }
    return to_plain(facts)


def _channel_names(model: Model) -> list[str]:
    """Returns the names of the channels that the network takes, with their units; their indices if none are known."""
    firmware = model.firmware
    if firmware.channels is None:
        return [str(index) for index in range(model.architecture.channels)]
    texts = firmware.channels.texts
    return [texts[index] for index in firmware.taken]


def to_plain(value: Any) -> Any:
    """Converts a value to plain JSON values: Python numbers, lists, and None for numbers that are not finite."""
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value

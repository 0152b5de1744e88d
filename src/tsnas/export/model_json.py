"""Writes and reads model.json: the facts that firmware needs to feed a model and to read its output."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

from tsnas.export.firmware import Firmware

MODEL_JSON = "model.json"


def describe_model(firmware: Firmware, architecture: Sequence[str] = ()) -> dict[str, Any]:
    """Returns the facts about a model as plain JSON values.

    Args:
        firmware: `Firmware`.
        architecture: lines that describe the network. Defaults to `()`.
    """
    model, estimate = firmware.model, firmware.estimate
    return {
        "input": {
            "shape": [1, *model.window_shape],
            "type": "int8",
            "scale": model.input_scale,
            "zero_point": model.input_zero_point,
            "mean": list(firmware.standardizer.mean),
            "std": list(firmware.standardizer.std),
            "how": "q = clip(round((raw - mean[channel]) / (std[channel] * scale)) + zero_point, -128, 127), in "
            "float32; time-major: all channels of the first sample, then of the second",
        },
        "channels": None if firmware.channels is None else firmware.channels.to_json(),
        "signal": None if firmware.signal is None else firmware.signal.to_json(),
        "output": {
            "shape": [1, model.classes],
            "type": "int8",
            "scale": model.output_scale,
            "zero_point": model.output_zero_point,
            "classes": firmware.classes,
            "how": "probability = (q - zero_point) * scale; the class is the index of the largest q",
        },
        "rejection": None if firmware.rejection is None else firmware.rejection.to_json(),
        "smooth": firmware.smooth,
        "board": firmware.board.name,
        "kernels": firmware.board.kernels,
        "limits": firmware.metadata.get("limits", {}),
        "latency_ms": estimate.latency_ms,
        "ram_bytes": estimate.ram_bytes,
        "flash_bytes": estimate.flash_bytes,
        "energy_mj": estimate.energy_mj,
        "architecture": list(architecture),
        "seed": firmware.metadata.get("seed"),
        "tsnas": firmware.metadata.get("tsnas"),
    }


def format_model_json(firmware: Firmware, architecture: Sequence[str] = ()) -> str:
    """Returns the same facts as the text of model.json."""
    return json.dumps(describe_model(firmware, architecture), indent=2) + "\n"


def read_model_json(model: pathlib.Path) -> dict[str, Any]:
    """Reads what stands beside a model, such as the network in words and how its answers are smoothed.

    Args:
        model: path of the folder of a search, or of a file in it.

    Returns:
        dict, as `describe_model` returns it; an empty one if there is none.
    """
    path = (model if model.is_dir() else model.parent) / MODEL_JSON
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

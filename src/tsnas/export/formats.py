"""The formats of an export, and what is checked before its files are written."""

from __future__ import annotations

import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any

from tsnas.errors import ExportError
from tsnas.export import imu
from tsnas.export.firmware import Firmware
from tsnas.export.layouts import LAYOUTS, Files, render_format
from tsnas.export.model_json import MODEL_JSON, format_model_json
from tsnas.export.rate import choose_rate
from tsnas.export.room import check_room, refuse_npu
from tsnas.export.selftest import SelfTest
from tsnas.export.variables import collect_variables
from tsnas.system.arguments import is_int
from tsnas.system.files import write_files

FORMATS = ("tflite", *LAYOUTS)
# Those whose example reads a sensor at a rate of its own.
SAMPLING = ("arduino", "espidf", "mbed", "zephyr")


def export_model(
    firmware: Firmware,
    directory: str | os.PathLike[str],
    format: str = "tflite",
    x: Any = None,
    stride: int | None = None,
    architecture: Sequence[str] = (),
    rate_hz: float | None = None,
    units: Sequence[str] | None = None,
) -> list[pathlib.Path]:
    """Writes the files that firmware needs; see `AutoClassifier.export`.

    Args:
        firmware: `Firmware`.
        directory: path of a folder, created if missing.
        format: str, one of `FORMATS`. Defaults to `"tflite"`.
        x: raw windows (windows, time, channels) for the self-test. Defaults to None: random windows.
        stride: int, samples from one result to the next in the example. Defaults to None: the stride of the model's
            signal, or half a window if it has none.
        architecture: lines that describe the network, for `model.json`. Defaults to `()`.
        rate_hz: float, raw samples per second, for models whose signal does not say it. Defaults to None: that of the
            signal.
        units: units of the raw channels, for the sketch of format `"arduino"` that reads an inertial sensor: one for
            each channel, or one for each three. Keys of `tsnas.export.imu.UNITS`. Defaults to None: not known.

    Returns:
        list of the paths written.

    Raises:
        ExportError: the format does not exist or does not support an operator, the stride is below 1, rate or units
            do not fit, or the board has not enough memory or runs networks on an NPU.
        DataError: the windows cannot be used.
        OutputDirError: the folder cannot be written to.
    """
    if format not in FORMATS:
        raise ExportError(f"format={format!r} is not known; choose one of {', '.join(map(repr, FORMATS))}.")
    if stride is None:
        known = firmware.signal and firmware.signal.stride
        stride = known or max(1, firmware.model.window_shape[0] // 2)
    if not is_int(stride, 1):
        raise ExportError(f"stride={stride!r} must be a whole number of samples, at least 1.")
    if units is not None and format != "arduino":
        raise ExportError(f"units are for format='arduino', whose sketch reads a sensor; format={format!r} has none.")
    rate_hz = choose_rate(firmware, rate_hz)
    files: Files = {"model.tflite": firmware.tflite, MODEL_JSON: format_model_json(firmware, architecture)}
    if format != "tflite":
        refuse_npu(firmware.board)
        facts = collect_variables(firmware, SelfTest.of(firmware, x), int(stride), format, rate_hz, units)
        check_room(facts, firmware.board)
        files |= render_format(format, facts)
        _warn(format, facts)
    return write_files(directory, files)


def _warn(format: str, facts: dict[str, Any]) -> None:
    """Says at export what would otherwise be found out when the sources are compiled."""
    rate_hz, notes = facts["rate_hz"], []
    if format in SAMPLING and rate_hz is None:
        notes.append(
            "the model does not say how many raw samples per second it was trained on, so that examples which read a "
            "sensor do not compile; give rate_hz (--rate_hz=RATE)"
        )
    if format == "arduino":
        if not facts["table"]:
            notes.append(
                f"the sketch Nano33BLESense is left out: the model takes samples of {facts['raw_channels']} raw "
                f"channels, and the board's IMU has {imu.MOST_CHANNELS}"
            )
        elif not facts["readings"]:
            notes.append(
                "the sketch Nano33BLESense does not compile before it knows the units of the training data; give units "
                f"(--units={'m/s2' if facts['raw_channels'] == len(imu.AXES) else 'm/s2,...'}), one for each of the "
                f"{facts['raw_channels']} raw channels or for each three, from {', '.join(imu.UNITS)}"
            )
        elif rate_hz is not None and rate_hz > 1.01 * imu.MOST_HZ:
            notes.append(
                f"the sketch Nano33BLESense samples {rate_hz:g} times a second, but the IMU of revision 2 has a new "
                f"reading only {imu.MOST_HZ:g} times a second, that of revision 1 119 times; some samples repeat"
            )
    for note in notes:
        warnings.warn(note, stacklevel=4)

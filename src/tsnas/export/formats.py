"""The formats of an export, and the files of each."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.data import raw_windows
from tsnas.errors import ExportError, WindowShapeError
from tsnas.export.firmware import Firmware
from tsnas.export.model_json import format_model_json
from tsnas.export.network import build_network
from tsnas.export.render import join_lines, render
from tsnas.export.stream import buffer_bytes
from tsnas.probe.build import firmware_dir
from tsnas.system.arguments import is_int
from tsnas.system.files import check_output_dir, write_file
from tsnas.version import __version__

FORMATS = ("tflite", "c", "tflm", "arduino", "mbed", "zephyr")
SELFTEST_WINDOWS = 4
SOURCES = pathlib.Path(__file__).parent / "c"
COMMON = ("tsnas_input.c", "tsnas_stream.h", "tsnas_stream.c")
KERNELS = ("tsnas_kernels.h", "tsnas_kernels_cmsis_nn.c", "tsnas_kernels_portable.c")
ARITHMETIC = ("arithmetic.h", "fixed_point.h", "add.c", "mean.c", "softmax.c")
CMSIS_NN = "https://github.com/ARM-software/CMSIS-NN/#v4.0.0"
MBED_OS = "https://github.com/ARMmbed/mbed-os/#mbed-os-6.17.0"
MBED_IGNORE = "cmsis-nn/Tests/*\ncmsis-nn/Examples/*\n"
# The method that registers each kind of operator in TensorFlow Lite Micro.
TFLM_OPERATORS = {
    "conv2d": "AddConv2D",
    "depthwise_conv2d": "AddDepthwiseConv2D",
    "fully_connected": "AddFullyConnected",
    "max_pool2d": "AddMaxPool2D",
    "average_pool2d": "AddAveragePool2D",
    "add": "AddAdd",
    "global_average_pooling2d": "AddMean",
    "softmax": "AddSoftmax",
    "reshape": "AddReshape",
    "pad": "AddPad",
}

Files = dict[str, str | bytes]


@dataclasses.dataclass(frozen=True)
class SelfTest:
    """Windows for the self-test: float32 (windows, time, channels), and their origin in words."""

    windows: np.ndarray
    source: str

    @classmethod
    def of(cls, firmware: Firmware, x: Any, count: int = SELFTEST_WINDOWS) -> SelfTest:
        """Selects evenly spaced windows of the caller's, or makes random ones if `x` is None."""
        time, channels, _ = firmware.model.window_shape
        if x is None:
            noise = np.random.default_rng(0).standard_normal((count, time, channels))
            raw = noise * firmware.standardizer.std + firmware.standardizer.mean
            return cls(
                raw.astype(np.float32),
                "random values with the mean and standard deviation of each channel, not recordings",
            )
        windows = raw_windows(x)
        if windows.shape[1:] != (time, channels):
            raise WindowShapeError(
                f"Windows for the self-test have shape {windows.shape[1:]}, but the model takes {(time, channels)} "
                "(time, channels); give raw windows as for `predict`."
            )
        chosen = np.unique(np.linspace(0, len(windows) - 1, count).round().astype(int))
        return cls(windows[chosen], f"windows {', '.join(map(str, chosen))} of the {len(windows)} that were given")


def export_model(
    firmware: Firmware,
    directory: str | os.PathLike[str],
    format: str = "tflite",
    x: Any = None,
    stride: int | None = None,
    architecture: Sequence[str] = (),
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

    Returns:
        list of the paths written.

    Raises:
        ExportError: the format does not exist, the stride is below 1, or the format does not support an operator.
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
    files: Files = {"model.tflite": firmware.tflite, "model.json": format_model_json(firmware, architecture)}
    if format != "tflite":
        facts = _collect_facts(firmware, SelfTest.of(firmware, x), int(stride), format)
        files |= {
            "c": _render_c,
            "tflm": _render_tflm,
            "arduino": _render_arduino,
            "mbed": _render_mbed,
            "zephyr": _render_zephyr,
        }[format](facts)
    folder = check_output_dir(directory)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content)
    return [folder / name for name in files]


def _collect_facts(firmware: Firmware, selftest: SelfTest, stride: int, format: str) -> dict[str, Any]:
    """Collects all variables of the templates."""
    time, channels, _ = firmware.model.window_shape
    outputs = firmware.model.predict_int8(firmware.quantise(selftest.windows))
    estimate = firmware.estimate
    facts = {
        "version": __version__,
        "format": format,
        "title": f"Classifier for windows of {time} samples and {channels} channels, {len(firmware.classes)} classes",
        "time": time,
        "channels": channels,
        "classes": firmware.classes,
        "mean": firmware.mean,
        "step": firmware.step,
        "input_zero_point": firmware.model.input_zero_point,
        "output_scale": firmware.model.output_scale,
        "output_zero_point": firmware.model.output_zero_point,
        "tflite": firmware.tflite,
        "windows": selftest.windows,
        "outputs": outputs.tolist(),
        "output_names": [firmware.classes[i] for i in outputs.argmax(axis=1)],
        "windows_comment": f"The self-test: {selftest.source}; expected outputs from the reference interpreter.",
        "stride": stride,
        "taken": np.array(firmware.taken),
        "raw_channels": max(firmware.taken) + 1,
        "decimation": firmware.decimation,
        "stream_bytes": buffer_bytes(time, channels, firmware.decimation),
        "board": firmware.board.name,
        "estimate": estimate,
        "arduino": format == "arduino",
        "cmsis_nn": CMSIS_NN,
        "mbed_os": MBED_OS,
    }
    return facts | (_tflm_facts(firmware) if format in ("tflm", "arduino") else _c_facts(firmware))


def _c_facts(firmware: Firmware) -> dict[str, Any]:
    net = build_network(firmware)
    return {
        "layers": net.layers,
        "arena_bytes": net.arena_bytes,
        "constant_bytes": net.constant_bytes,
        "input_offset": net.input_offset,
        "output_offset": net.output_offset,
        "arena_comment": "RAM of the model: all activations and scratch buffers. There is no interpreter.",
    }


def _tflm_facts(firmware: Firmware) -> dict[str, Any]:
    kinds = dict.fromkeys(node.op.kind for node in firmware.graph.nodes)
    runtime, n_convs = firmware.board.runtime, sum(node.op.kind == "conv2d" for node in firmware.graph.nodes)
    slack = runtime.slack_bytes + n_convs * runtime.conv2d_slack_bytes
    arena_bytes = -(-firmware.estimate.ram_bytes // 16) * 16
    return {
        "operators": [TFLM_OPERATORS[kind] for kind in kinds],
        "arena_bytes": arena_bytes,
        "arena_comment": f"Tensor arena, as estimated for {firmware.board.name}: activations, scratch buffers of "
        f"CMSIS-NN and the interpreter's own records. {slack} bytes of it are a margin for other versions of "
        "TensorFlow Lite Micro. If tsnas_init() returns 2, your version needs more; arena_used_bytes() of the "
        "interpreter returns how much it uses.",
    }


def _common_files(facts: dict[str, Any]) -> Files:
    files: Files = {name: (SOURCES / name).read_text() for name in COMMON}
    templates = ("tsnas.h", "tsnas_constants.c", "tsnas_selftest.h", "tsnas_selftest.c")
    return files | {name: render(f"{name}.j2", **facts) for name in templates}


def _c_files(facts: dict[str, Any]) -> Files:
    """Returns the sources of the model without an interpreter."""
    files = _common_files(facts) | {name: (SOURCES / name).read_text() for name in KERNELS}
    files |= {name: (firmware_dir() / "ops" / name).read_text() for name in ARITHMETIC}
    return files | {"tsnas_model.c": render("tsnas_model.c.j2", **facts)}


def _tflm_files(facts: dict[str, Any]) -> Files:
    """Returns the sources of the model in the interpreter."""
    templates = ("tsnas_model_data.h", "tsnas_model_data.c", "tsnas_model.cc")
    return _common_files(facts) | {name: render(f"{name}.j2", **facts) for name in templates}


def _move_to(folder: str, files: Files) -> Files:
    return {f"{folder}/{name}": content for name, content in files.items()}


def _render_readme(facts: dict[str, Any]) -> Files:
    return {"README.md": render("README.md.j2", **facts)}


def _render_c(facts: dict[str, Any]) -> Files:
    example = {"example/main.c": render("main.c.j2", **facts), "CMakeLists.txt": render("CMakeLists.txt.j2", **facts)}
    return _move_to("tsnas", _c_files(facts)) | example | _render_readme(facts)


def _render_tflm(facts: dict[str, Any]) -> Files:
    return (
        _move_to("tsnas", _tflm_files(facts)) | {"example/main.c": render("main.c.j2", **facts)} | _render_readme(facts)
    )


def _render_arduino(facts: dict[str, Any]) -> Files:
    names = ", ".join(join_lines(name) for name in facts["classes"])
    files = _move_to("src", {_rename_to_cpp(name): content for name, content in _tflm_files(facts).items()})
    files["library.properties"] = render("library.properties.j2", names=names, **facts)
    files["examples/Classify/Classify.ino"] = render("Classify.ino.j2", **facts)
    return files | _render_readme(facts)


def _rename_to_cpp(name: str) -> str:
    """Renames .cc to .cpp, which the Arduino builder expects."""
    return name.removesuffix(".cc") + ".cpp" if name.endswith(".cc") else name


def _render_mbed(facts: dict[str, Any]) -> Files:
    files = _move_to("tsnas", _c_files(facts))
    files |= {"cmsis-nn.lib": f"{CMSIS_NN}\n", "mbed-os.lib": f"{MBED_OS}\n", ".mbedignore": MBED_IGNORE}
    files |= {"mbed_app.json": render("mbed_app.json.j2", **facts), "main.cpp": render("main.mbed.cpp.j2", **facts)}
    return files | _render_readme(facts)


def _render_zephyr(facts: dict[str, Any]) -> Files:
    files = _move_to("src", _c_files(facts))
    for name, template in {
        "zephyr/module.yml": "module.yml.j2",
        "zephyr/CMakeLists.txt": "zephyr.CMakeLists.txt.j2",
        "zephyr/Kconfig": "Kconfig.j2",
        "samples/classify/CMakeLists.txt": "zephyr.sample.CMakeLists.txt.j2",
        "samples/classify/prj.conf": "prj.conf.j2",
        "samples/classify/src/main.c": "main.zephyr.c.j2",
    }.items():
        files[name] = render(template, **facts)
    return files | _render_readme(facts)

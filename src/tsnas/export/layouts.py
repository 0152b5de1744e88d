"""The files of each format of an export."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

from tsnas.export.render import join_lines, render

SOURCES = pathlib.Path(__file__).parent / "c"
COMMON = ("tsnas_input.c", "tsnas_stream.h", "tsnas_stream.c")
KERNELS = ("tsnas_choice.h", "tsnas_kernels.h", "tsnas_kernels_cmsis_nn.c", "tsnas_kernels_portable.c")
ARITHMETIC = ("arithmetic.h", "fixed_point.h", "add.c", "mean.c", "softmax.c")
TIMER = ("tsnas_timer.h", "tsnas_timer.c")
MBED_IGNORE = "cmsis-nn/Tests/*\ncmsis-nn/Examples/*\n"

Files = dict[str, str | bytes]


def render_format(format: str, facts: dict[str, Any]) -> Files:
    """Returns the files of a format, by their paths, without those that all formats have.

    Args:
        format: str, a key of `LAYOUTS`.
        facts: dict of the variables of the templates.
    """
    return LAYOUTS[format](facts) | {"README.md": render("README.md.j2", **facts)}


def _common_files(facts: dict[str, Any]) -> Files:
    files: Files = {name: (SOURCES / name).read_text() for name in COMMON}
    templates = ("tsnas.h", "tsnas_constants.c", "tsnas_selftest.h", "tsnas_selftest.c")
    return files | {name: render(f"{name}.j2", **facts) for name in templates}


def _c_files(facts: dict[str, Any]) -> Files:
    """Returns the sources of the model without an interpreter."""
    files = _common_files(facts) | {name: (SOURCES / name).read_text() for name in KERNELS + ARITHMETIC}
    return files | {"tsnas_model.c": render("tsnas_model.c.j2", **facts)}


def _move_to(folder: str, files: Files) -> Files:
    return {f"{folder}/{name}": content for name, content in files.items()}


def _render_all(templates: dict[str, str], files: Files, facts: dict[str, Any]) -> Files:
    """Returns templates filled, by the paths that they are given; they may name the C sources among the files."""
    sources = sorted(name for name in files if name.endswith(".c"))
    return {path: render(template, sources=sources, **facts) for path, template in templates.items()}


def _lay_out_c(facts: dict[str, Any]) -> Files:
    files = _move_to("tsnas", _c_files(facts))
    templates = {
        "example/main.c": "main.c.j2",
        "example/read_sensor.c": "read_sensor.c.j2",
        "CMakeLists.txt": "CMakeLists.txt.j2",
    }
    return files | _render_all(templates, files, facts)


def _lay_out_tflm(facts: dict[str, Any]) -> Files:
    names = ("tsnas_model_data.h", "tsnas_model_data.c", "tsnas_model.cc")
    files = _move_to("tsnas", _common_files(facts) | {name: render(f"{name}.j2", **facts) for name in names})
    return files | _render_all({"example/main.c": "main.c.j2"}, files, facts)


def _lay_out_arduino(facts: dict[str, Any]) -> Files:
    names = ", ".join(join_lines(name) for name in facts["classes"])
    files = _move_to("src", _c_files(facts) | {name: (SOURCES / name).read_text() for name in TIMER})
    files["library.properties"] = render("library.properties.j2", names=names, **facts)
    sketches = ("Classify", "Bench", "Nano33BLESense") if facts["table"] else ("Classify", "Bench")
    return files | _render_all({f"examples/{name}/{name}.ino": f"{name}.ino.j2" for name in sketches}, files, facts)


def _lay_out_espidf(facts: dict[str, Any]) -> Files:
    files = _move_to("src", _c_files(facts))
    templates = {
        "CMakeLists.txt": "espidf.CMakeLists.txt.j2",
        "idf_component.yml": "idf_component.yml.j2",
        "library.json": "library.json.j2",
        "examples/classify/CMakeLists.txt": "espidf.example.CMakeLists.txt.j2",
        "examples/classify/main/CMakeLists.txt": "espidf.main.CMakeLists.txt.j2",
        "examples/classify/main/main.c": "main.espidf.c.j2",
    }
    return files | _render_all(templates, files, facts)


def _lay_out_mbed(facts: dict[str, Any]) -> Files:
    files = _move_to("tsnas", _c_files(facts))
    files |= {"cmsis-nn.lib": f"{facts['cmsis_nn']}\n", "mbed-os.lib": f"{facts['mbed_os']}\n"}
    files |= {".mbedignore": MBED_IGNORE}
    return files | _render_all({"mbed_app.json": "mbed_app.json.j2", "main.cpp": "main.mbed.cpp.j2"}, files, facts)


def _lay_out_zephyr(facts: dict[str, Any]) -> Files:
    files = _move_to("src", _c_files(facts))
    templates = {
        "zephyr/module.yml": "module.yml.j2",
        "zephyr/CMakeLists.txt": "zephyr.CMakeLists.txt.j2",
        "zephyr/Kconfig": "Kconfig.j2",
        "samples/classify/CMakeLists.txt": "zephyr.sample.CMakeLists.txt.j2",
        "samples/classify/prj.conf": "prj.conf.j2",
        "samples/classify/src/main.c": "main.zephyr.c.j2",
    }
    return files | _render_all(templates, files, facts)


LAYOUTS: dict[str, Callable[[dict[str, Any]], Files]] = {
    "c": _lay_out_c,
    "tflm": _lay_out_tflm,
    "arduino": _lay_out_arduino,
    "espidf": _lay_out_espidf,
    "mbed": _lay_out_mbed,
    "zephyr": _lay_out_zephyr,
}

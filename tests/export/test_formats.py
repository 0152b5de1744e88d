"""The formats: what each writes, that it is the same each time, and what is refused."""

import json
import re

import numpy as np
import pytest
from models import SMALL, converted, firmware, raw_windows
from on_pc import compile_export

from tsnas import errors
from tsnas.cost.board import load_board
from tsnas.data import Signal
from tsnas.export import FORMATS, Firmware, export_model
from tsnas.export.stream import buffer_bytes
from tsnas.tflite.metadata import embed_metadata

EXPECTED = {
    "tflite": set(),
    "c": {
        "tsnas/tsnas_model.c",
        "tsnas/tsnas_kernels_cmsis_nn.c",
        "tsnas/softmax.c",
        "example/main.c",
        "CMakeLists.txt",
    },
    "tflm": {"tsnas/tsnas_model.cc", "tsnas/tsnas_model_data.c", "example/main.c"},
    "arduino": {"library.properties", "src/tsnas_model.cpp", "examples/Classify/Classify.ino"},
    "mbed": {"main.cpp", "cmsis-nn.lib", "mbed-os.lib", "mbed_app.json", "tsnas/tsnas_model.c"},
    "zephyr": {"zephyr/module.yml", "zephyr/Kconfig", "zephyr/CMakeLists.txt", "src/tsnas_model.c"}
    | {f"samples/classify/{name}" for name in ("CMakeLists.txt", "prj.conf", "src/main.c")},
}
ODD_NAMES = ['go "left"', "*/ int x; /*", "Füße\n🏃 ??/"]


@pytest.mark.parametrize("format", FORMATS)
def test_files_of_a_format(tmp_path, format):
    found = firmware()
    written = export_model(found, tmp_path / "a", format)
    names = {path.relative_to(tmp_path / "a").as_posix() for path in written}
    assert names == {
        path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*") if path.is_file()
    }
    assert {"model.tflite", "model.json"} | EXPECTED[format] <= names
    assert (tmp_path / "a/model.tflite").read_bytes() == found.tflite
    assert ("README.md" in names) == (format != "tflite")
    again = export_model(firmware(), tmp_path / "b", format)
    for one, other in zip(written, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
    for path in written:
        if path.suffix in (".c", ".cc", ".cpp", ".h", ".ino"):
            text = path.read_text()
            assert text.startswith("/* ")
            assert max(map(len, text.splitlines())) <= 120, path
            assert "{%" not in text
            assert text.count("{") == text.count("}")


@pytest.mark.parametrize("format", ["c", "tflm", "arduino", "mbed", "zephyr"])
def test_names_of_classes_cannot_break_the_sources(tmp_path, format):
    for path in export_model(firmware(classes=ODD_NAMES), tmp_path, format):
        if path.suffix in (".c", ".cc", ".cpp", ".h", ".ino"):
            text = path.read_text()
            assert text.isascii(), path
            assert "int x;" not in re.sub(r"/\*.*?\*/", "", text.replace('"*/ int x; /*"', ""), flags=re.S)
    if format == "c":
        compile_export(tmp_path, '#include "tsnas.h"\nint main(void) { return 0; }\n', tmp_path / "model")


def test_the_self_test_has_the_windows_that_were_given(tmp_path):
    found = firmware()
    x = raw_windows(found, 9)
    export_model(found, tmp_path, "c", x)
    text = (tmp_path / "tsnas/tsnas_selftest.c").read_text()
    assert "windows 0, 3, 5, 8 of the 9 that were given" in text
    numbers = re.findall(r"-?\d+\.\d*(?:e[+-]\d+)?(?=f)", text)
    assert np.array(numbers, np.float32).tolist() == x[[0, 3, 5, 8]].ravel().tolist()
    export_model(found, tmp_path, "c", x[:1])
    assert "windows 0 of the 1 " in (tmp_path / "tsnas/tsnas_selftest.c").read_text()
    export_model(found, tmp_path, "c")
    assert "not recordings" in (tmp_path / "tsnas/tsnas_selftest.c").read_text()


def test_the_stream_takes_the_ram_that_is_said(tmp_path):
    found = firmware()
    export_model(found, tmp_path, "c", stride=5)
    main = (
        '#include <stdio.h>\n#include "tsnas_stream.h"\n'
        'int main(void)\n{\n    printf("%d", (int)sizeof(struct tsnas_stream));\n    return 0;\n}\n'
    )
    import subprocess

    program = compile_export(tmp_path, main, tmp_path / "size")
    assert int(subprocess.run([program], capture_output=True, check=True).stdout) == buffer_bytes(32, 3) == 108
    assert buffer_bytes(31, 3) == 108
    export_model(firmware(signal=Signal(window=32, decimation=2)), tmp_path / "means", "c")
    program = compile_export(tmp_path / "means", main, tmp_path / "size")
    assert int(subprocess.run([program], capture_output=True, check=True).stdout) == buffer_bytes(32, 3, 2) == 108 + 16
    assert "averages every 2 samples into one" in (tmp_path / "means/README.md").read_text()
    assert "108 bytes of RAM for a stream" in (tmp_path / "README.md").read_text()
    assert "tsnas_stream_init(&stream, 5)" in (tmp_path / "example/main.c").read_text()


@pytest.mark.parametrize(
    ("format", "path"),
    [("arduino", "examples/Classify/Classify.ino"), ("mbed", "main.cpp"), ("zephyr", "samples/classify/src/main.c")],
)
def test_the_placeholder_for_a_sensor_fills_the_whole_sample(tmp_path, format, path):
    export_model(firmware(signal=Signal(window=32, channels=(4, 0, 2))), tmp_path, format)
    text = (tmp_path / path).read_text()
    assert "sample[TSNAS_RAW_CHANNELS]" in text
    assert set(re.findall(r"< (TSNAS_\w*CHANNELS)", text)) == {"TSNAS_RAW_CHANNELS"}


def test_the_card_says_what_firmware_needs(tmp_path):
    found = firmware()
    export_model(found, tmp_path, architecture=["one line"])
    card = json.loads((tmp_path / "model.json").read_text())
    assert card["output"]["classes"] == found.classes
    assert card["input"]["mean"] == list(found.standardizer.mean)
    assert card["architecture"] == ["one line"]
    assert card["latency_ms"] == found.estimate.latency_ms


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"format": "rust"}, errors.ExportError, r"format='rust' is not known; choose one of 'tflite', 'c'"),
        ({"format": "c", "stride": 0}, errors.ExportError, r"stride=0 must be a whole number"),
        ({"format": "c", "stride": 1.5}, errors.ExportError, r"stride=1.5 must be a whole number"),
        (
            {"format": "c", "x": np.zeros((2, 31, 3))},
            errors.WindowShapeError,
            r"\(31, 3\), but the model takes \(32, 3\)",
        ),
        ({"format": "c", "x": np.full((2, 32, 3), np.nan)}, errors.NonFiniteError, r"NaN"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        export_model(firmware(), tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_files_that_tsnas_did_not_make():
    with pytest.raises(errors.ExportError, match=r"does not say how its input is standardised"):
        Firmware(converted(SMALL), load_board("nucleo_f446re"))
    with pytest.raises(errors.ExportError, match=r"does not name its board"):
        Firmware.of(converted(SMALL))
    few = {"classes": ["a"], "standardization": {"mean": [0, 0, 0], "std": [1, 1, 1]}, "board": "nucleo_f446re"}
    with pytest.raises(errors.ExportError, match=r"has 3 outputs and 3 channels, but names for 1 classes"):
        Firmware.of(embed_metadata(converted(SMALL), few))
    with pytest.raises(errors.ModelFileError):
        Firmware.of(b"nothing")

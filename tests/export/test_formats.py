"""The formats: what each writes, that it is the same each time, and what is refused."""

import dataclasses
import json
import re

import numpy as np
import pytest
from models import SMALL, converted, firmware, raw_windows
from on_pc import compile_export

from tsnas import errors
from tsnas.cost.board import load_board
from tsnas.data import Channels, Signal
from tsnas.export import FORMATS, Firmware, export_model
from tsnas.export.stream import buffer_bytes
from tsnas.probe.build import firmware_dir
from tsnas.tflite.metadata import embed_metadata

EXPECTED = {
    "tflite": set(),
    "c": {
        "tsnas/tsnas_model.c",
        "tsnas/tsnas_kernels_cmsis_nn.c",
        "tsnas/softmax.c",
        "example/main.c",
        "example/read_sensor.c",
        "CMakeLists.txt",
    },
    "tflm": {"tsnas/tsnas_model.cc", "tsnas/tsnas_model_data.c", "example/main.c"},
    "arduino": {"library.properties", "src/tsnas_model.c", "src/tsnas_kernels_portable.c", "src/tsnas_timer.c"}
    | {f"examples/{name}/{name}.ino" for name in ("Classify", "Nano33BLESense", "Bench")},
    "espidf": {"CMakeLists.txt", "idf_component.yml", "library.json", "src/tsnas_model.c"}
    | {f"examples/classify/{name}" for name in ("CMakeLists.txt", "main/CMakeLists.txt", "main/main.c")},
    "mbed": {"main.cpp", "cmsis-nn.lib", "mbed-os.lib", "mbed_app.json", "tsnas/tsnas_model.c"},
    "zephyr": {"zephyr/module.yml", "zephyr/Kconfig", "zephyr/CMakeLists.txt", "src/tsnas_model.c"}
    | {f"samples/classify/{name}" for name in ("CMakeLists.txt", "prj.conf", "src/main.c")},
}
pytestmark = pytest.mark.filterwarnings("ignore:the (model|sketch):UserWarning")
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


@pytest.mark.parametrize("format", [format for format in FORMATS if format != "tflite"])
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
    [
        ("arduino", "examples/Classify/Classify.ino"),
        ("espidf", "examples/classify/main/main.c"),
        ("mbed", "main.cpp"),
        ("zephyr", "samples/classify/src/main.c"),
    ],
)
def test_the_placeholder_for_a_sensor_fills_the_whole_sample(tmp_path, format, path):
    export_model(firmware(signal=Signal(window=32, channels=(4, 0, 2))), tmp_path, format)
    text = (tmp_path / path).read_text()
    assert "sample[TSNAS_RAW_CHANNELS]" in text
    assert set(re.findall(r"< (TSNAS_\w*CHANNELS)", text)) == {"TSNAS_RAW_CHANNELS"}


@pytest.mark.parametrize("format", ["arduino", "espidf"])
def test_metadata_for_package_managers_can_be_read(tmp_path, format):
    export_model(firmware(classes=ODD_NAMES), tmp_path, format)
    if format == "arduino":
        lines = (tmp_path / "library.properties").read_text().splitlines()
        assert all(re.fullmatch(r"[a-z]+=.+", line) for line in lines)
        assert not any(line.startswith("depends") for line in lines)
    else:
        library = json.loads((tmp_path / "library.json").read_text())
        assert (tmp_path / library["build"]["srcDir"] / library["headers"][0]).exists()
        named = re.findall(r'"(src/\w+\.c)"', (tmp_path / "CMakeLists.txt").read_text())
        assert sorted(named) == sorted(f"src/{path.name}" for path in (tmp_path / "src").glob("*.c"))


@pytest.mark.parametrize("format", [format for format in FORMATS if format != "tflite"])
def test_the_readme_names_files_that_there_are(tmp_path, format):
    export_model(firmware(), tmp_path, format)
    text = (tmp_path / "README.md").read_text()
    named = re.findall(r"`([\w./-]+\.(?:cc?|cpp|h|lib|json|tflite|mbedignore))`", text)
    assert len(named) > 3
    assert not [name for name in named if not (tmp_path / name).exists()]
    # Commands are blocks of their own, each line of which can be copied.
    assert not re.search(r"^ {4}", re.sub(r"```.*?```", "", text, flags=re.S), re.M)


def test_mbed_s_libraries_are_commits(tmp_path):
    """Mbed CLI refuses names of versions."""
    export_model(firmware(), tmp_path, "mbed")
    for name in ("mbed-os.lib", "cmsis-nn.lib"):
        assert re.fullmatch(r"https://github\.com/[\w/-]+/#[0-9a-f]{40}\n", (tmp_path / name).read_text())
        # What the probe is built with as well.
        assert (tmp_path / name).read_text() == (firmware_dir() / "ports/mbed" / name).read_text()


def test_zephyr_has_portable_kernels_where_cmsis_nn_cannot_run(tmp_path):
    export_model(firmware(), tmp_path, "zephyr")
    text = (tmp_path / "zephyr/Kconfig").read_text()
    assert "default y if !CPU_CORTEX_M" in text
    assert all(line.endswith(" if !TSNAS_PORTABLE") for line in text.splitlines() if "select" in line)
    assert "zephyr_library_compile_definitions(TSNAS_PORTABLE)" in (tmp_path / "zephyr/CMakeLists.txt").read_text()
    # Zephyr refuses a setting that a core cannot have, such as an FPU.
    assert "FPU" not in (tmp_path / "samples/classify/prj.conf").read_text()


@pytest.mark.parametrize(("format", "file"), [("c", "CMakeLists.txt"), ("zephyr", "zephyr/CMakeLists.txt")])
def test_build_files_name_every_source(tmp_path, format, file):
    export_model(firmware(), tmp_path, format)
    text = (tmp_path / file).read_text()
    assert "GLOB" not in text
    sources = [path for path in tmp_path.glob("*/*.c") if path.parent.name in ("tsnas", "src")]
    assert sorted(re.findall(r"^ +(?:\.\./)?(?:tsnas|src)/(\w+\.c)$", text, re.M)) == sorted(p.name for p in sources)


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
        ({"format": "c", "rate_hz": "fast"}, errors.ExportError, r"rate_hz='fast' must be a number"),
        ({"format": "c", "rate_hz": 0}, errors.ExportError, r"rate of 0 raw samples per second is out of range"),
        ({"format": "c", "rate_hz": 1e6}, errors.ExportError, r"0\.0008 to 100,000 Hz"),
        ({"format": "c", "units": ["g"]}, errors.ExportError, r"units are for format='arduino'"),
        ({"format": "arduino", "units": ["ft"]}, errors.ExportError, r"'ft', which is not known; choose from g, mg"),
        (
            {"format": "arduino", "units": ["g", "g"]},
            errors.ExportError,
            r"'g,g' has 2 units for 3 raw channels; give one for each channel, or one for each three",
        ),
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


def test_a_rate_that_is_not_the_signal_s_is_refused(tmp_path):
    found = firmware(signal=Signal(window=32, rate_hz=100))
    with pytest.raises(errors.ExportError, match=r"rate_hz=50, but the model was trained on 100 raw samples"):
        export_model(found, tmp_path / "out", "c", rate_hz=50)
    export_model(found, tmp_path / "out", "c", rate_hz=100)


def test_more_channels_than_the_sensor_of_a_sketch_has(tmp_path):
    many = firmware(signal=Signal(window=32, rate_hz=100, channels=(0, 2, 11)))
    with pytest.warns(UserWarning, match=r"Nano33BLESense is left out: .* 12 raw channels, and the board's IMU has 9"):
        export_model(many, tmp_path, "arduino")
    assert not (tmp_path / "examples/Nano33BLESense").exists()
    assert "Nano33BLESense" not in (tmp_path / "README.md").read_text()
    with pytest.raises(errors.ExportError, match=r"more than 3 channels of acceleration"):
        export_model(many, tmp_path, "arduino", units=["g"] * 12)
    fast = firmware(signal=Signal(window=32, rate_hz=400))
    with pytest.warns(UserWarning, match=r"samples 400 times a second, but the IMU of revision 2"):
        export_model(fast, tmp_path, "arduino", units=["g"])


@pytest.mark.parametrize("format", ["c", "tflm", "arduino"])
def test_a_board_without_enough_memory_is_refused(tmp_path, format):
    found = firmware()
    small = dataclasses.replace(found.board, name="tiny", ram_bytes=256)
    with pytest.raises(errors.ExportError, match=r"needs at least [\d,]+ bytes of RAM .* but tiny has 256; .*max_ram"):
        export_model(Firmware(found.tflite, small), tmp_path / "out", format)
    small = dataclasses.replace(found.board, name="tiny", flash_bytes=1024)
    with pytest.raises(errors.ExportError, match=r"bytes of flash .* but tiny has 1,024; .*max_flash_kb"):
        export_model(Firmware(found.tflite, small), tmp_path / "out", format)
    assert not (tmp_path / "out").exists()
    export_model(Firmware(found.tflite, small), tmp_path / "out", "tflite")


def test_files_that_tsnas_did_not_make():
    with pytest.raises(errors.ExportError, match=r"does not say how its input is standardised"):
        Firmware(converted(SMALL), load_board("nucleo_f446re"))
    with pytest.raises(errors.ExportError, match=r"does not say how its input is standardised.* `tsnas estimate`"):
        Firmware.of(converted(SMALL))
    nowhere = {"classes": ["a", "b", "c"], "standardization": {"mean": [0, 0, 0], "std": [1, 1, 1]}}
    with pytest.raises(errors.ExportError, match=r"does not name its board; give one, such as 'nucleo_f446re'"):
        Firmware.of(embed_metadata(converted(SMALL), nowhere))
    few = {"classes": ["a"], "standardization": {"mean": [0, 0, 0], "std": [1, 1, 1]}, "board": "nucleo_f446re"}
    with pytest.raises(errors.ExportError, match=r"has 3 outputs and 3 channels, but names for 1 classes"):
        Firmware.of(embed_metadata(converted(SMALL), few))
    with pytest.raises(errors.ModelFileError):
        Firmware.of(b"nothing")


def test_names_units_and_rate_of_channels_go_into_the_sources(tmp_path):
    odd = Channels(("acc */ x", 'a"y', "az"), ("m/s²", "", "g"), 50)
    for format in ("c", "tflm"):
        export_model(firmware(channels=odd), tmp_path / format, format)
        text = (tmp_path / format / "tsnas/tsnas.h").read_text()
        assert text.isascii()
        assert '#define TSNAS_CHANNEL_0 "acc */ x (m/s\\302\\262)" /* what raw channel 0 was in training */' in text
        assert '#define TSNAS_CHANNEL_2 "az (g)"' in text
        assert "#define TSNAS_RATE_HZ 50" in text
        card = json.loads((tmp_path / format / "model.json").read_text())
        assert card["channels"] == {"names": list(odd.names), "units": list(odd.units), "rate_hz": 50.0}
    export_model(firmware(), tmp_path / "none", "c")
    assert "TSNAS_CHANNEL_0" not in (tmp_path / "none/tsnas/tsnas.h").read_text()

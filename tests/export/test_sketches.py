"""The sketches of the Arduino export, run on this machine in simulated time: their classes, rates and messages."""

import hashlib
import pathlib
import re
import subprocess

import numpy as np
import pytest
from models import firmware, raw_windows
from on_pc import compile_program

from tsnas.data import Signal
from tsnas.export import export_model

STUB = pathlib.Path(__file__).parent / "arduino_stub"
SIGNAL = Signal(window=32, stride=1, rate_hz=100)
# Without the flag for other kernels: the sources choose by themselves.
ARDUINO = "-DARDUINO=10819"
pytestmark = pytest.mark.filterwarnings("ignore:the (model|sketch):UserWarning")


def exported(folder, signal=SIGNAL, **options):
    found = firmware(signal=signal)
    export_model(found, folder, "arduino", **options)
    return found


def run_sketch(folder, name, *defines, given="", edit=None):
    """Compiles a sketch and returns what it prints, and the times of the sensor's readings in microseconds."""
    path = f"examples/{name}/{name}.ino"
    if edit:
        text = (folder / path).read_text()
        assert edit[0] in text
        (folder / path).write_text(text.replace(*edit))
    program = compile_program(folder, "src", path, STUB, (ARDUINO, *defines))
    done = subprocess.run([program], input=given, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split("\n"), [int(line) for line in done.stderr.splitlines()]


def classes_of(lines, found):
    return [line.strip() for line in lines if line.strip() in found.classes]


def test_samples_over_the_serial_line_get_the_classes_of_the_reference(tmp_path):
    found = exported(tmp_path)
    samples = raw_windows(found, 3).reshape(-1, 3)
    given = "".join(f"{a:.9g}, {b:.9g},{c:.9g}\r\n" for a, b, c in samples)
    lines, _ = run_sketch(tmp_path, "Classify", given=given)
    windows = np.stack([samples[start : start + 32] for start in range(len(samples) - 31)])
    expected = found.model.predict_int8(found.quantise(windows)).argmax(axis=1)
    assert classes_of(lines, found) == [found.classes[i] for i in expected]
    assert lines[0] == "Kernels: portable"
    assert "every level is that of the reference" in lines[1]


def test_lines_that_are_no_samples_are_named_and_left_out(tmp_path):
    found = exported(tmp_path)
    good = "1,2,3\n" * 32
    lines, _ = run_sketch(tmp_path, "Classify", given=f"1,2\nx,2,3\n1,2,3,4\n1;2\n{'1' * 80}\n\n{good}")
    said = [line.strip() for line in lines if "left out" in line]
    assert said == [
        "A line has 2 numbers instead of 3; it is left out.",
        "A line has something that is no number; it is left out.",
        "A line has 4 numbers instead of 3; it is left out.",
        "A line has something that is no number; it is left out.",
        "A line is longer than 49 characters; it is left out.",
    ]
    assert len(classes_of(lines, found)) == 1


@pytest.mark.parametrize("rate_hz", [100, 104, 12.5])
def test_classify_calls_read_sensor_at_the_rate_of_the_model(tmp_path, rate_hz):
    found = exported(tmp_path, Signal(window=32, stride=1, rate_hz=rate_hz))
    lines, _ = run_sketch(
        tmp_path, "Classify", "-DLIMIT_US=10000000", edit=("#define FROM_SERIAL 1", "#define FROM_SERIAL 0")
    )
    # A class for each sample, once the first window is full.
    assert len(classes_of(lines, found)) + 31 == pytest.approx(10 * rate_hz, abs=2)


@pytest.mark.parametrize("revision", [1, 2])
def test_the_imu_is_read_at_the_rate_of_the_model(tmp_path, revision):
    found = exported(tmp_path, units=["m/s2"])
    lines, times_us = run_sketch(
        tmp_path,
        "Nano33BLESense",
        "-DLIMIT_US=10000000",
        edit=("#define REVISION 2", f"#define REVISION {revision}"),
    )
    assert len(times_us) == pytest.approx(1000, abs=1)
    # The clock ticks every 3 microseconds, and no error adds up.
    assert np.abs(np.diff([times_us[0], *times_us]).cumsum() - np.arange(len(times_us)) * 10_000).max() <= 6
    constant = np.tile(np.float32([9.80665, 2 * 9.80665, -9.80665]), (1, 32, 1))
    expected = found.classes[found.predict(constant)[0].argmax()]
    assert classes_of(lines, found) == [expected] * (len(times_us) - 31)


def test_the_imu_gives_the_channels_that_the_units_name(tmp_path):
    signal = Signal(window=32, stride=1, rate_hz=100, channels=(0, 3, 5))
    found = exported(tmp_path, signal, units=["rad/s", "rad/s", "rad/s", "mg", "g", "uT"])
    lines, _ = run_sketch(tmp_path, "Nano33BLESense", "-DLIMIT_US=1000000")
    raw = np.float32([10 * np.float32(np.pi / 180), 1000, 100])
    expected = found.classes[found.predict(np.tile(raw, (1, 32, 1)))[0].argmax()]
    assert set(classes_of(lines, found)) == {expected}


def test_a_sketch_that_is_too_slow_says_so(tmp_path):
    exported(tmp_path, units=["g"])
    lines, _ = run_sketch(tmp_path, "Nano33BLESense", "-DLIMIT_US=2000000", "-DREAD_US=15000")
    assert any(line.startswith("Too slow: sensor and model take longer") for line in lines)


def test_the_line_of_bench_is_the_documented_one(tmp_path):
    found = exported(tmp_path)
    lines, _ = run_sketch(tmp_path, "Bench", "-DLIMIT_US=3000000", "-DLOOK_US=2000", '-DBOARD_NAME="nano"')
    line = next(line for line in lines if line.startswith("tsnas-bench"))
    documented = (pathlib.Path(__file__).parents[2] / "docs/export.md").read_text()
    shape = next(line for line in documented.splitlines() if line.startswith("tsnas-bench 1 "))
    names = [word.partition("=")[0] for word in shape.split()]
    assert [word.partition("=")[0] for word in line.split()] == names
    values = dict(word.split("=") for word in line.split()[2:])
    assert values["board"] == "nano"
    assert values["clock_hz"] == "64000000"
    assert values["kernels"] == "portable"
    # One look at the clock to the next, in simulated time.
    assert float(values["latency_us"]) == 2000
    assert values["repeats"] == "500"
    assert values["differing"] == "0"
    assert values["model"] == hashlib.sha256(found.tflite).hexdigest()[:8]


def test_other_rounding_is_a_warning_and_another_class_stops_the_sketch(tmp_path):
    found = exported(tmp_path)
    path = tmp_path / "src/tsnas_selftest.c"
    text = path.read_text()
    row = re.search(r"outputs\[.*?= \{\n    \{(.*?)\}", text, re.S)[1]
    levels = [int(level) for level in row.split(", ")]
    best = int(np.argmax(levels))

    def expect(changed):
        path.write_text(text.replace(f"{{{row}}}", "{{{}}}".format(", ".join(map(str, changed))), 1))

    expect([level - (2 if i != best and level > -127 else 0) for i, level in enumerate(levels)])
    lines, _ = run_sketch(tmp_path, "Classify", given="1,2,3\n" * 32)
    assert "Self-test: window 0: 2 of 3 levels differ, by at most 2; class right." in lines
    assert any(line.startswith("Self-test: warning") for line in lines)
    assert len(classes_of(lines, found)) == 1
    expect([127 if i == (best + 1) % 3 else -128 for i in range(3)])
    lines, _ = run_sketch(tmp_path, "Classify", given="")
    assert re.search(r"window 0: 3 of 3 levels differ, by at most \d+; class WRONG", "\n".join(lines))
    assert any(line.startswith("Self-test: failed") for line in lines)
    assert not any(line.startswith("Send lines") for line in lines)


def test_without_a_rate_sketches_say_what_is_missing(tmp_path, capfd):
    exported(tmp_path, None, units=["g"])
    with pytest.raises(subprocess.CalledProcessError):
        run_sketch(tmp_path, "Nano33BLESense")
    assert "export it again with --rate_hz=RATE" in capfd.readouterr().err
    # The serial line needs none.
    lines, _ = run_sketch(tmp_path, "Classify")
    assert "every level" in lines[1]
    with pytest.raises(subprocess.CalledProcessError):
        run_sketch(tmp_path, "Classify", edit=("#define FROM_SERIAL 1", "#define FROM_SERIAL 0"))


def test_without_units_the_sketch_of_the_imu_says_what_is_missing(tmp_path, capfd):
    exported(tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        run_sketch(tmp_path, "Nano33BLESense")
    assert "export again with --units" in capfd.readouterr().err

"""Timings of whole models: both forms are read, and each kind of bad timing is named."""

import dataclasses
import hashlib

import pytest
from converted_networks import convert, residual_network

from tsnas.cost.timings import kernels_named, read_timings
from tsnas.errors import TimingsError
from tsnas.tflite.metadata import embed_metadata

CLOCK_HZ = 64e6
TIMES_US = {"a": 5000.0, "b": 7000.0, "c": 9000.0}


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kit")
    tflite = convert(residual_network())
    for name in "abc":
        (folder / f"{name}.tflite").write_bytes(embed_metadata(tflite, {"name": name}))
    return folder


def bench_line(kit, name, **changes):
    digits = hashlib.sha256((kit / f"{name}.tflite").read_bytes()).hexdigest()[:8]
    words = {"board": "mine", "clock_hz": 64000000, "kernels": "portable", "latency_us": TIMES_US[name]}
    words |= {"repeats": 9, "differing": 0, "model": digits, "tsnas": "0.1.0"} | changes
    return "tsnas-bench 1 " + " ".join(f"{key}={value}" for key, value in words.items())


def read(kit, lines, kernels="portable", name="timings.txt"):
    path = kit / name
    path.write_text("\n".join(lines) + "\n")
    return read_timings(path, CLOCK_HZ, kernels, kit)


def test_lines_of_a_sketch_are_read_among_others(kit):
    lines = ["Kernels: portable", *(bench_line(kit, name) for name in "abc"), bench_line(kit, "a", latency_us=5100)]
    timings = read(kit, lines)
    assert [timing.model for timing in timings] == ["a.tflite", "b.tflite", "c.tflite"]
    assert [timing.latency_us for timing in timings] == [5050.0, 7000.0, 9000.0]
    assert kernels_named([*lines[:1], bench_line(kit, "a", kernels="CMSIS-NN")]) == "cmsis_nn"
    assert [timing.differing_bytes for timing in timings] == [0, 0, 0]
    wrong = read(kit, [*(bench_line(kit, name) for name in "abc"), bench_line(kit, "b", differing=7)])
    assert [timing.differing_bytes for timing in wrong] == [0, 7, 0]
    # A core that does not say its clock.
    assert len(read(kit, [bench_line(kit, name, clock_hz=0) for name in "abc"])) == 3


def test_a_table_is_read_with_rows_of_operators(kit):
    rows = ["model,op,latency_us,least_us,most_us,clock_hz,kernels"]
    rows += [f"{name}.tflite,,{us},{us * 0.99},{us * 1.01},64000000,portable" for name, us in TIMES_US.items()]
    rows += ["a.tflite,CONV_2D,4000,,,,", "a.tflite,add,500,,,,"]
    timings = read(kit, rows, name="timings.csv")
    assert timings[0].op_us == {"conv2d": 4000.0, "add": 500.0}
    assert timings[1].op_us == {}


BAD_LINES = {
    "another model": ({"model": "00000000"}, "model=00000000 is none of the .tflite files"),
    "another clock": ({"clock_hz": 48000000}, "timed at 48 MHz, but the board's file says 64 MHz"),
    "other kernels": ({"kernels": "CMSIS-NN"}, "timed with kernels=cmsis_nn, but kernels=portable"),
    "another board": ({"board": "other"}, "lines of several boards, mine, other"),
    "no number": ({"latency_us": "fast"}, "latency_us is 'fast'; it must be a number above 0"),
    "nothing": ({"latency_us": 0}, "latency_us is '0'; it must be a number above 0"),
}


@pytest.mark.parametrize(("changes", "message"), BAD_LINES.values(), ids=BAD_LINES)
def test_bad_lines_are_named(kit, changes, message):
    lines = [bench_line(kit, "a"), bench_line(kit, "b"), bench_line(kit, "c", **changes)]
    with pytest.raises(TimingsError, match=message.replace(".", r"\.")):
        read(kit, lines)


def test_a_spread_beyond_five_percent_is_named(kit):
    lines = [*(bench_line(kit, name) for name in "abc"), bench_line(kit, "b", latency_us=7400)]
    with pytest.raises(TimingsError, match=r"b.tflite took from 7000 to 7400 us, a spread of 6%"):
        read(kit, lines)
    rows = [
        "model,latency_us,least_us,most_us",
        *(f"{name}.tflite,{us},{us},{us * 1.2}" for name, us in TIMES_US.items()),
    ]
    with pytest.raises(TimingsError, match="spread of 20%"):
        read(kit, rows, name="timings.csv")


def test_too_few_models_are_named(kit):
    with pytest.raises(
        TimingsError, match=r"2 models were timed \(a.tflite, b.tflite\); a calibration needs at least 3"
    ):
        read(kit, [bench_line(kit, "a"), bench_line(kit, "b"), bench_line(kit, "b")])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["model,latency_us", "d.tflite,5"], "there is no model 'd.tflite'"),
        (["name,time", "a.tflite,5"], "model and latency_us missing"),
        (["model,op,latency_us", "a.tflite,LSTM,5"], "op is 'LSTM'; known are conv2d"),
        (
            ["model,op,latency_us", *(f"{name}.tflite,,5" for name in "abc"), "a.tflite,FULLY_CONNECTED,5"],
            "a.tflite has no fully_connected, but a row times it",
        ),
    ],
)
def test_bad_tables_are_named(kit, rows, message):
    with pytest.raises(TimingsError, match=message):
        read(kit, rows, name="timings.csv")


def test_a_file_that_is_not_there_is_named(kit, tmp_path):
    with pytest.raises(TimingsError, match="cannot be read"):
        read_timings(tmp_path / "none.txt", CLOCK_HZ, "portable", kit)
    path = tmp_path / "timings.txt"
    path.write_text(bench_line(kit, "a"))
    with pytest.raises(TimingsError, match=r"There is no \.tflite file"):
        read_timings(path, CLOCK_HZ, "portable")


def test_a_timing_is_plain_data(kit):
    timing = read(kit, [bench_line(kit, name) for name in "abc"])[0]
    assert dataclasses.replace(timing, latency_us=1.0).graph is timing.graph

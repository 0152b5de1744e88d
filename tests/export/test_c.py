"""The C of an export on this machine: no warning, no undefined behaviour, and the reference interpreter's bytes."""

import subprocess

import numpy as np
import pytest
from dilated_nets import dilated_net
from models import SMALL, firmware, laid_out_firmware, random_firmware, raw_windows
from on_pc import compile_export
from one_op import one_op_file

from tsnas.data import Signal, cut_windows
from tsnas.export import export_model
from tsnas.export.network import build_graph, build_network
from tsnas.graph.ops import FullyConnected
from tsnas.probe import protocol
from tsnas.probe.steps import model_steps
from tsnas.tflite.graph_reader import read_graph

SELFTEST = """
#include <stdio.h>
#include "tsnas_selftest.h"
int main(void)
{
    printf("%d", tsnas_init());
    printf(" %d", tsnas_selftest());
    return 0;
}
"""
# Samples from stdin; for each class that is due, the class and the levels.
STREAM = """
#include <stdio.h>
#include <stdlib.h>
#include "tsnas_stream.h"
int main(int count, char **arguments)
{
    static struct tsnas_stream stream;
    float sample[TSNAS_CHANNELS];
    tsnas_stream_init(&stream, (uint32_t)atoi(arguments[count - 1]));
    while (fread(sample, sizeof sample, 1, stdin) == 1) {
        const int found = tsnas_stream_push(&stream, sample);
        if (found != TSNAS_NONE) {
            printf("%d", found);
            for (int i = 0; i < TSNAS_CLASSES; i++) {
                printf(" %d", tsnas_output()[i]);
            }
            printf("\\n");
        }
    }
    return 0;
}
"""


def output(program, *arguments, given=b""):
    return subprocess.run([program, *arguments], input=given, capture_output=True, check=True).stdout.decode()


LONG = pytest.mark.long


def some(values, fast):
    """All values; those that are not in `fast` with the long tests."""
    return [pytest.param(value, marks=[] if value in fast else [LONG]) for value in values]


@pytest.fixture(scope="module")
def streaming(tmp_path_factory):
    """An exported model, and the program that classifies a stream by it."""
    folder, found = tmp_path_factory.mktemp("stream"), firmware()
    export_model(found, folder, "c")
    return found, compile_export(folder, STREAM, folder / "stream")


# The network of seed 3 has two members.
@pytest.mark.parametrize("seed", some(range(6), fast=(0, 3)))
def test_random_networks_compute_what_the_reference_does(tmp_path, seed):
    found = random_firmware(seed)
    export_model(found, tmp_path, "c", raw_windows(found, 4, seed))
    assert output(compile_export(tmp_path, SELFTEST, tmp_path / "selftest")) == "0 0"


def test_dilated_networks_compute_what_the_reference_does(tmp_path):
    found = firmware(dilated_net(31, 2, (3, 2), (9, 8), (4, 3), (5, 16)))
    export_model(found, tmp_path, "c", raw_windows(found, 4))
    assert "kernel 9x1, stride 1x1, dilation 8x1" in (tmp_path / "tsnas/tsnas_model.c").read_text()
    assert output(compile_export(tmp_path, SELFTEST, tmp_path / "selftest")) == "0 0"


def test_the_self_test_finds_a_changed_weight(tmp_path):
    found = firmware()
    export_model(found, tmp_path, "c", raw_windows(found, 4))
    model = tmp_path / "tsnas/tsnas_model.c"
    head, _, rest = model.read_text().partition("_bias[8] = {\n    ")
    number, _, rest = rest.partition(",")
    model.write_text(f"{head}_bias[8] = {{\n    {int(number) + 4000},{rest}")
    initialised, differing = output(compile_export(tmp_path, SELFTEST, tmp_path / "selftest")).split()
    assert initialised == "0"
    assert int(differing) > 0


@pytest.mark.parametrize("stride", [1, 7, 32, 50])
def test_a_stream_gives_the_class_of_each_window_that_slides_over_it(streaming, stride):
    found, program = streaming
    time, channels, _ = found.model.window_shape
    samples = raw_windows(found, 4).reshape(-1, channels)
    lines = output(program, str(stride), given=samples.tobytes()).splitlines()
    starts = range(0, len(samples) - time + 1, stride)
    windows = np.stack([samples[start : start + time] for start in starts])
    expected = found.model.predict_int8(found.quantise(windows))
    assert np.array([line.split() for line in lines], int).tolist() == [
        [int(levels.argmax()), *levels.tolist()] for levels in expected
    ]


@pytest.mark.parametrize(
    ("decimation", "channels"),
    [(1, None), (1, (4, 0, 2)), pytest.param(3, (1, 0, 2), marks=LONG), (4, (5, 1, 3))],
)
def test_raw_samples_become_the_windows_that_the_network_was_trained_on(tmp_path, decimation, channels):
    signal = Signal(window=32, stride=5, decimation=decimation, channels=channels)
    found = firmware(signal=signal)
    export_model(found, tmp_path, "c")
    raw_channels = max(channels or (0, 1, 2)) + 1
    raw = np.random.default_rng(0).normal(size=(32 * decimation * 3 + 1, raw_channels)).astype(np.float32)
    raw = raw * np.float32(found.standardizer.std[0]) + np.float32(found.standardizer.mean[0])
    take = STREAM.replace("sample[TSNAS_CHANNELS]", "sample[TSNAS_RAW_CHANNELS]").replace("stream_push", "stream_take")
    lines = output(compile_export(tmp_path, take, tmp_path / "stream"), "5", given=raw.tobytes()).splitlines()
    windows, _, _ = cut_windows([raw], [0], signal)
    expected = found.model.predict_int8(found.quantise(windows))
    assert len(lines) == len(expected) > 10
    assert np.array([line.split() for line in lines], int).tolist() == [
        [int(levels.argmax()), *levels.tolist()] for levels in expected
    ]
    assert "tsnas_stream_init(&stream, 5)" in (tmp_path / "example/main.c").read_text()


def test_the_example_takes_lines_of_numbers_on_a_pc(tmp_path):
    found = firmware(signal=Signal(window=32, stride=5, channels=(4, 0, 2)))
    x = raw_windows(found, 4)
    export_model(found, tmp_path, "c", x)
    raw = np.random.default_rng(0).normal(size=(128, 5)).astype(np.float32)
    raw[:, (4, 0, 2)] = x.reshape(-1, 3)
    text = "\r\n".join(", ".join(f"{value:.9g}" for value in sample) for sample in raw)
    main = "".join((tmp_path / "example" / name).read_text() for name in ("main.c", "read_sensor.c"))
    program = compile_export(tmp_path, main, tmp_path / "classify")
    windows, _, _ = cut_windows([raw], [0], found.signal)
    expected = found.model.predict_int8(found.quantise(windows)).argmax(axis=1)
    said = "Kernels: portable\nSelf-test: every level is that of the reference.\n"
    assert output(program, given=text.encode()) == said + "".join(f"{found.classes[i]}\n" for i in expected)
    for wrong in ("1,2,3,4", "1,2,3,4,5,6", "time,x,y,z,w", "1;2;3;4;5"):
        done = subprocess.run(
            [program], input=f"1,2,3,4,5\n{wrong}\n1,2,3,4,5\n".encode(), capture_output=True, check=False
        )
        assert done.returncode == 1
        assert b"Line 2 is not a sample: 5 numbers with commas between them." in done.stderr


def test_samples_that_are_no_numbers_do_no_harm(streaming):
    _, program = streaming
    samples = np.tile(np.array([[np.nan, np.inf, -np.inf], [1e38, -1e38, 0.0]], np.float32), (16, 1))
    (line,) = output(program, "32", given=samples.tobytes()).splitlines()
    assert 0 <= int(line.split()[0]) < SMALL.classes


def test_the_arena_is_that_of_the_estimate_without_the_interpreter():
    for seed in range(20):
        found = laid_out_firmware(seed)
        net = build_network(found)
        live = max(row.ram_bytes for row in found.estimate.rows)
        # A mean has no scratch here; its rows are small against those of the convolutions.
        assert net.arena_bytes <= live
        assert net.arena_bytes >= live - 64


def test_biases_of_a_dense_layer_have_the_offset_of_its_inputs():
    """So that all versions of CMSIS-NN give the same sums on a core with MVE; without it, they are the same as well."""
    tflite = one_op_file(FullyConnected(20, 5), seed=1)
    (layer,), (step,) = build_graph(read_graph(tflite), tflite).layers, model_steps(tflite)
    weights = np.frombuffer(step.constants[protocol.WEIGHTS], np.int8).reshape(5, 20)
    biases = np.frombuffer(step.constants[protocol.BIAS], "<i4")
    inputs = np.random.default_rng(0).integers(-128, 128, 20)
    assert step.words.in_offset != 0
    assert dict(layer.fields)["in_offset"] == "0"
    (moved,) = (array.values for array in layer.arrays if array.name.endswith("_bias"))
    assert (moved + weights @ inputs).tolist() == (biases + weights @ (inputs + step.words.in_offset)).tolist()


def test_names_of_layers_are_identifiers_of_their_own():
    from tsnas.export.network import _make_identifiers

    names = _make_identifiers(["conv/1", "conv 1", "2nd", "while", "arena", "", "Füße", "tsnas_run"])
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name.isascii() for name in names)
    assert not {"while", "arena", "tsnas_run"} & set(names)

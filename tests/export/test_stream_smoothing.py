"""Smoothing of a stream in C: the same answers as in Python, and nothing of it where each answer stands by itself."""

import dataclasses
import json
import subprocess

import numpy as np
import pytest
from models import firmware, raw_windows
from on_pc import compile_export

from tsnas.data import Signal, smooth_answers, smooth_rejections
from tsnas.errors import ModelFileError
from tsnas.export import export_model
from tsnas.export.layouts import SOURCES
from tsnas.export.rejection_levels import REJECTED
from tsnas.export.stream import buffer_bytes, ring_bytes

CLASSES = 3
# Stands in for a model: the answer to a window of one sample comes from stdin, with a byte that rejects it.
HEADER = """
#include <stdint.h>
#define TSNAS_TIME 1
#define TSNAS_CHANNELS 1
#define TSNAS_RAW_CHANNELS 1
#define TSNAS_DECIMATION 1
#define TSNAS_CLASSES 3
#define TSNAS_NONE (-1)
#define TSNAS_ERROR (-2)
extern const int tsnas_taken[TSNAS_CHANNELS];
void tsnas_quantise(const float sample[TSNAS_CHANNELS], int8_t levels[TSNAS_CHANNELS]);
int8_t *tsnas_input(void);
const int8_t *tsnas_output(void);
int tsnas_answer(void);
"""
MAIN = """
#include <stdio.h>
#include "tsnas_stream.h"
const int tsnas_taken[TSNAS_CHANNELS] = {0};
static int8_t input[1], output[TSNAS_CLASSES + 1];
void tsnas_quantise(const float sample[TSNAS_CHANNELS], int8_t levels[TSNAS_CHANNELS])
{
    levels[0] = (int8_t)sample[0];
}
int8_t *tsnas_input(void) { return input; }
const int8_t *tsnas_output(void) { return output; }
int tsnas_answer(void)
{
    int best = 0;
    for (int i = 1; i < TSNAS_CLASSES; i++) {
        best = output[i] > output[best] ? i : best;
    }
#ifdef TSNAS_REJECTED
    best = output[TSNAS_CLASSES] ? TSNAS_REJECTED : best;
#endif
    return best;
}
int main(void)
{
    static struct tsnas_stream stream;
    const float sample[1] = {0};
    tsnas_stream_init(&stream, 1);
    while (fread(output, sizeof output, 1, stdin) == 1) {
        printf("%d\\n", tsnas_stream_push(&stream, sample));
    }
    return 0;
}
"""
ANSWERS = """
#include <stdio.h>
#include "tsnas_stream.h"
int main(void)
{
    static float window[TSNAS_TIME][TSNAS_CHANNELS];
    static struct tsnas_stream stream;
    printf("%d\\n", (int)sizeof stream);
    tsnas_init();
    tsnas_stream_init(&stream, TSNAS_TIME);
    while (fread(window, sizeof window, 1, stdin) == 1) {
        int found = TSNAS_NONE;
        for (int time = 0; time < TSNAS_TIME; time++) {
            found = tsnas_stream_push(&stream, window[time]);
        }
        printf("%d\\n", found);
    }
    return 0;
}
"""


def answers_of(program, levels, rejected):
    given = np.concatenate([levels, rejected[:, np.newaxis]], axis=1).astype(np.int8).tobytes()
    return [
        int(line) for line in subprocess.run([program], input=given, capture_output=True, check=True).stdout.split()
    ]


@pytest.mark.parametrize(("k", "rejecting"), [(1, False), (1, True), (2, True), (3, False), (5, True), (8, True)])
def test_c_answers_as_python_does(k, rejecting, tmp_path):
    (tmp_path / "tsnas").mkdir()
    for name in ("tsnas_stream.h", "tsnas_stream.c"):
        (tmp_path / "tsnas" / name).write_text((SOURCES / name).read_text())
    defines = [f"#define TSNAS_REJECTED ({REJECTED})"] * rejecting + [f"#define TSNAS_SMOOTH {k}"] * (k > 1)
    (tmp_path / "tsnas/tsnas.h").write_text("\n".join([HEADER, *defines, ""]))
    program = compile_export(tmp_path, MAIN, tmp_path / "stream")
    rng = np.random.default_rng(k)
    # Few different levels, so that sums are often equal.
    levels = rng.choice(np.array([-128, -127, 0, 127], np.int8), (3000, CLASSES))
    rejected = rng.random(3000) < np.repeat([0.1, 0.5, 0.9], 1000)
    rejected &= rejecting
    expected = smooth_answers(levels.astype(int), k, rejected).argmax(axis=1)
    expected = np.where(smooth_rejections(rejected, k), REJECTED, expected)
    assert answers_of(program, levels, rejected) == expected.tolist()


def test_a_smoothed_stream_is_exported(tmp_path):
    signal = Signal(window=32, stride=8, rate_hz=100.0)
    plain = firmware(signal=signal)
    found = dataclasses.replace(plain, smooth=5)
    assert found.tflite == plain.tflite
    export_model(found, tmp_path, "c")
    x = raw_windows(found, 40)
    program = compile_export(tmp_path, ANSWERS, tmp_path / "answers")
    size, *answers = subprocess.run([program], input=x.tobytes(), capture_output=True, check=True).stdout.split()
    codes, rejected = found.answers(x)
    assert list(map(int, answers)) == codes.tolist()
    assert codes.tolist() != plain.answers(x)[0].tolist()
    assert plain.answers(x)[0].tolist() == plain.predict(x).argmax(axis=1).tolist()
    assert not rejected.any()
    assert int(size) == buffer_bytes(32, 3, ring_bytes=found.ring_bytes) == 108 + 24
    header = (tmp_path / "tsnas/tsnas.h").read_text()
    assert "#define TSNAS_SMOOTH 5\n" in header
    readme = (tmp_path / "README.md").read_text()
    for text in (header, readme):
        assert "16 samples of the model later in the mean and 32 at most" in " ".join(text.replace(",", "").split())
        assert "160 and 320 ms" in text
    assert "132 bytes of RAM for a stream" in readme
    assert json.loads((tmp_path / "model.json").read_text())["smooth"] == 5


def test_without_smoothing_nothing_of_it_is_exported(tmp_path):
    export_model(firmware(), tmp_path, "c")
    for path in tmp_path.rglob("*.*"):
        if path.name not in ("tsnas_stream.c", "tsnas_stream.h"):
            assert b"TSNAS_SMOOTH" not in path.read_bytes(), path
    assert "by the mean" not in (tmp_path / "README.md").read_text()
    assert ring_bytes(1, 7, True) == 0
    assert ring_bytes(3, 7, True) == 24 + 8


@pytest.mark.parametrize("smooth", [0, 65, "auto", True, None, 2.0])
def test_other_numbers_of_windows_are_refused(smooth):
    with pytest.raises(ModelFileError, match="smooth"):
        dataclasses.replace(firmware(), smooth=smooth)

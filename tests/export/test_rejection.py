"""Rejection in whole numbers: near that in floats, and the exported C computes the same."""

import functools
import subprocess

import numpy as np
import pytest
from models import SMALL, converted, firmware, metadata, raw_windows
from on_pc import compile_export

from tsnas.cost.board import load_board
from tsnas.data.rejection import Rejection, features
from tsnas.errors import ModelFileError
from tsnas.export import Firmware, export_model
from tsnas.export.emulate import ERROR, NONE
from tsnas.export.rejection_levels import REJECTED, Levels, logarithm
from tsnas.tflite.metadata import embed_metadata

# For each window on stdin, whether it is answered, rejected and what the self-test says.
CLASSIFY = """
#include <stdio.h>
#include "tsnas_selftest.h"
#include "tsnas_stream.h"
int main(void)
{
    static float window[TSNAS_TIME][TSNAS_CHANNELS];
    static struct tsnas_stream stream;
    printf("%d %d\\n", tsnas_init(), tsnas_selftest());
    for (int i = 0; i < TSNAS_SELFTEST_WINDOWS; i++) {
        const struct tsnas_selftest_result result = tsnas_selftest_window(i);
        printf("%d %d\\n", result.expected, result.found);
    }
    while (fread(window, sizeof window, 1, stdin) == 1) {
        int last = TSNAS_NONE;
        printf("%d ", tsnas_classify((const float(*)[TSNAS_CHANNELS])window));
        tsnas_stream_init(&stream, 1);
        for (int time = 0; time < TSNAS_TIME; time++) {
            last = tsnas_stream_push(&stream, window[time]);
        }
        printf("%d\\n", last);
    }
    return 0;
}
"""


def learned(found, windows=120, seed=0):
    """A rejection by windows of three classes that differ in mean and spread."""
    x = found.standardizer(raw_windows(found, windows, seed))
    codes = np.arange(windows) % 3
    values = features(np.clip(x * (0.3 + 0.5 * codes[:, None, None]) + codes[:, None, None], -4, 4))
    half = windows // 2
    parts = [(values[:half], codes[:half], values[half:], codes[half:])]
    return Rejection.learn(parts, (values, codes))


@functools.cache
def rejecting():
    plain = firmware()
    facts = metadata(SMALL) | {"rejection": learned(plain).to_json()}
    return Firmware(embed_metadata(converted(SMALL), facts), load_board("nucleo_f446re"))


def windows_of_all_kinds(found):
    """Windows near the classes and far from them, and constant ones."""
    x = raw_windows(found, 60, seed=3)
    scale = np.linspace(0, 1, 60, dtype=np.float32)[:, None, None]
    mean = np.float32(found.standardizer.mean)
    return ((x - mean) * scale + mean).astype(np.float32)


def test_logarithms_are_near_those_of_floats():
    numbers = np.unique(np.concatenate([np.arange(1, 3000), 2 ** np.arange(62), 2 ** np.arange(1, 62) - 1]))
    np.testing.assert_allclose(logarithm(numbers) / 256, np.log2(numbers.astype(float)), atol=0.02)
    assert (np.diff(logarithm(numbers)) >= 0).all()


def test_whole_numbers_reject_what_floats_do():
    found = rejecting()
    levels = found.quantise(windows_of_all_kinds(found))[..., 0]
    standardised = (levels - np.float64(found.model.input_zero_point)) * found.model.input_scale
    # Of the logarithms of distances, in deviations from what is usual.
    far = found.rejection.distance(standardised) - found.rejection.limit
    rejected = found.rejects(windows_of_all_kinds(found))
    assert 0.1 < rejected.mean() < 0.9
    clear = np.abs(far) > 0.2
    assert clear.mean() > 0.8
    np.testing.assert_array_equal(rejected[clear], far[clear] > 0)


@pytest.mark.parametrize(("scale", "zero_point"), [(0.03, 0), (0.0247, -11), (0.041, 3), (0.0193, 7)])
def test_a_constant_channel_rejects_nothing(scale, zero_point):
    x = np.random.default_rng(0).normal(size=(120, 48, 3)) * (1 + 0.5 * (np.arange(120) % 2))[:, None, None]
    x[:, :, 1] = 0.0
    codes, values = np.arange(120) % 2, features(x)
    rejection = Rejection.learn([(values[:60], codes[:60], values[60:], codes[60:])], (values, codes))
    levels = np.clip(np.round(x / scale) + zero_point, -128, 127).astype(np.int8)
    found = Levels.of(rejection, 48, scale, zero_point)
    assert found.rejects(levels).mean() < 0.1
    levels[:, :, 1] += 40
    assert found.rejects(levels).all()


def test_the_exported_c_rejects_the_same_windows(tmp_path):
    found = rejecting()
    x = windows_of_all_kinds(found)
    export_model(found, tmp_path, "c", x)
    program = compile_export(tmp_path, CLASSIFY, tmp_path / "classify")
    lines = subprocess.run([program], input=x.tobytes(), capture_output=True, check=True).stdout.decode().splitlines()
    assert lines[0] == "0 0"
    rejected = found.rejects(x)
    expected = np.where(rejected, REJECTED, found.predict(x).argmax(axis=1))
    own = [line.split() for line in lines[1:5]]
    assert all(one == other for one, other in own)
    assert str(REJECTED) in {one for one, _ in own}
    assert [line.split() for line in lines[5:]] == [[str(one), str(one)] for one in expected]
    header = (tmp_path / "tsnas/tsnas.h").read_text()
    assert f"#define TSNAS_REJECTED ({REJECTED})" in header
    assert len({REJECTED, NONE, ERROR}) == 3
    assert "like none of the classes" in (tmp_path / "example/main.c").read_text()


def test_without_rejection_nothing_of_it_is_exported(tmp_path):
    found = firmware()
    export_model(found, tmp_path, "c")
    assert not found.rejects(raw_windows(found, 3)).any()
    for name in ("tsnas/tsnas.h", "tsnas/tsnas_constants.c", "tsnas/tsnas_selftest.c", "example/main.c"):
        assert "REJECT" not in (tmp_path / name).read_text().upper()


def test_rejections_of_earlier_versions_are_refused_by_name():
    old = {"centres": [[0] * 6] * 3, "deviations": [[64] * 6] * 3, "limit": 9.0, "rejected": 0.05, "other": None}
    with pytest.raises(ModelFileError, match="earlier version"):
        Firmware(embed_metadata(converted(SMALL), metadata(SMALL) | {"rejection": old}), load_board("nucleo_f446re"))


@pytest.mark.parametrize(
    "change",
    [
        {"limit": None},
        {"centres": [[0, 0]]},
        {"deviations": [0] * 9},
        {"factors": [[2**15] * 45] * 3},
        {"usual": [[0, 0]] * 3},
        {"limit": 1e30},
        {"centres": "many"},
    ],
)
def test_damaged_metadata_are_refused(change):
    facts = metadata(SMALL) | {"rejection": learned(firmware()).to_json() | change}
    with pytest.raises(ModelFileError, match="rejection"):
        Firmware(embed_metadata(converted(SMALL), facts), load_board("nucleo_f446re"))

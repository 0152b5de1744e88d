"""Lines of NanoEdge AI Studio: windows of one axis or of several that take turns, a file for each class."""

import numpy as np
import pytest

from tsnas.data import read
from tsnas.errors import FormatError

RNG = np.random.default_rng(0)


def signals(axes, samples=64, lines=5, hz=0.02):
    """Returns windows (lines, time, axes) of axes with levels of their own."""
    phase = 2 * np.pi * (hz * np.arange(samples) + RNG.uniform(size=(lines, 1)))
    waves = np.sin(phase)[:, :, None] + np.linspace(-2, 5, axes) * (axes > 1)
    return waves + RNG.normal(0, 0.05, waves.shape)


@pytest.mark.parametrize("axes", [1, 3, 6])
@pytest.mark.parametrize(
    ("between", "end", "suffix"), [(";", "", ".csv"), (",", "", ".csv"), ("\t", "", ".txt"), (" ", " ", ".txt")]
)
def test_lines_become_windows(tmp_path, axes, between, end, suffix):
    whole = {name: np.round(signals(axes), 3) for name in ("Fan_on", "idle")}
    for name, windows in whole.items():
        lines = [between.join(f"{value:.3f}" for value in window.ravel()) + end for window in windows]
        (tmp_path / f"{name}{suffix}").write_text("\n".join(lines) + "\n")
    data = read(tmp_path)
    assert data.notes[0].startswith(
        f"Taken for NanoEdge AI Studio, because each line of Fan_on{suffix} holds {64 * axes}"
    )
    assert data.labels == ["Fan_on"] * 5 + ["idle"] * 5
    assert len(data.channels) == axes
    np.testing.assert_allclose(np.stack(data.arrays), np.concatenate([*whole.values()]), atol=1e-6)


def test_decimal_commas_and_delimiters_at_the_end(tmp_path):
    windows = np.round(signals(1)[:, :, 0], 3)
    text = "\n".join(";".join(f"{value:.3f}".replace(".", ",") for value in window) + ";" for window in windows)
    (tmp_path / "a.csv").write_text(text)
    np.testing.assert_allclose(np.stack(read(tmp_path).arrays)[:, :, 0], windows, atol=1e-6)


def test_noise_has_one_axis(tmp_path):
    np.savetxt(tmp_path / "noise.csv", RNG.normal(size=(20, 192)), fmt="%.3f", delimiter=",")
    data = read(tmp_path)
    assert len(data.channels) == 1
    assert "Lines were taken for windows of 1 axis." in data.notes


def test_lines_that_differ_are_named(tmp_path):
    rows = [",".join(["1.5"] * 40)] * 5
    (tmp_path / "a.csv").write_text("\n".join([*rows, "1,2"]))
    with pytest.raises(FormatError, match=r"a\.csv, line 6, is no window of 40 numbers"):
        read(tmp_path)


def test_few_columns_and_headers_are_no_windows(tmp_path):
    (tmp_path / "a.csv").write_text("1,2,3\n" * 50)
    with pytest.raises(FormatError, match="from_csv"):
        read(tmp_path)
    (tmp_path / "a.csv").write_text(",".join(f"c{k}" for k in range(40)) + "\n" + ",".join(["1"] * 40) + "\n")
    with pytest.raises(FormatError, match="from_csv"):
        read(tmp_path)

"""EDF, EDF+ and WFDB: files of the real layout, with units, rates, annotations and filled records."""

import numpy as np
import pytest
from layout_files import edf, wfdb

from tsnas.data import read
from tsnas.data.formats import libraries
from tsnas.errors import FormatError

RNG = np.random.default_rng(0)
LEVELS = RNG.integers(-2000, 2000, (6, 100))
ACC = ("acc z", "g", LEVELS, (-8, 8), (-32768, 32767))
PER_LEVEL = 16 / 65535


def g(levels):
    return (levels.ravel().astype(float) + 32768) * PER_LEVEL - 8


class TestEdf:
    @pytest.fixture(autouse=True)
    def library(self):
        pytest.importorskip("edfio")

    def test_signals_units_and_annotations(self, tmp_path):
        marks = [(0, 2, "rest"), (2, 3.5, "walk"), (3, None, "button")]
        edf(tmp_path / "a.edf", [ACC], 6, annotations=marks, patient="P03 F 01-JAN-1990 X")
        data = read(tmp_path / "a.edf")
        assert data.notes[0] == "Taken for EDF, because a.edf begins with a header of EDF."
        assert (data.channels, data.units, data.rate_hz, data.groups) == (("acc z",), ("g",), 100, ["P03"])
        assert len(data) == 1
        assert data.labels[0].tolist() == ["rest"] * 200 + ["walk"] * 350
        np.testing.assert_allclose(data.arrays[0][:, 0], g(LEVELS)[:550], atol=1e-6)
        assert any(note.startswith("Annotations of moments, which are no segments, left out: 1") for note in data.notes)

    def test_what_fills_the_last_record_up_is_left_out(self, tmp_path):
        levels = LEVELS.copy()
        levels[-1, 30:] = 0
        edf(tmp_path / "a.edf", [ACC[:2] + (levels,) + ACC[3:]], 6)
        data = read(tmp_path)
        # The first of the equal values may have been measured.
        assert [len(array) for array in data.arrays] == [531]
        assert any("constant to the end of the last record in all signals" in note for note in data.notes)
        assert data.labels is None

    def test_a_sensor_at_rest_is_kept(self, tmp_path):
        edf(tmp_path / "a.edf", [ACC[:2] + (np.full((6, 100), 5),) + ACC[3:], ACC], 6)
        assert [len(array) for array in read(tmp_path).arrays] == [600]

    def test_signals_of_other_rates(self, tmp_path):
        slow = ("temp", "degC", np.arange(60).reshape(6, 10), (-100, 100), (-100, 100))
        edf(tmp_path / "a.edf", [ACC, ACC[:1] + ACC[1:], slow], 6)
        data = read(tmp_path)
        assert (data.channels, data.units, data.rate_hz) == (("acc z", "acc z_2", "temp"), ("g", "g", "degC"), 100)
        np.testing.assert_allclose(data.arrays[0][:580:10, 2], np.arange(58), atol=1e-5)
        assert any("brought to 100 Hz: temp (10 Hz)" in note for note in data.notes)

    def test_gaps_between_records_are_refused(self, tmp_path):
        edf(tmp_path / "a.edf", [ACC], 6, kind="EDF+D")
        with pytest.raises(FormatError, match=r"gaps between its records \(EDF\+D\)"):
            read(tmp_path)

    def test_folders_are_labels(self, tmp_path):
        for label in ("rest", "walk"):
            (tmp_path / label).mkdir()
            edf(tmp_path / label / "a.edf", [ACC], 6)
        assert read(tmp_path).labels == ["rest", "walk"]

    def test_a_missing_library(self, tmp_path, monkeypatch):
        monkeypatch.setattr(libraries.importlib, "import_module", lambda name: exec("raise ImportError"))
        edf(tmp_path / "a.edf", [ACC], 6)
        with pytest.raises(FormatError, match=r"a\.edf needs the package edfio: pip install 'tsnas\[formats\]'"):
            read(tmp_path)


class TestWfdb:
    @pytest.fixture(autouse=True)
    def library(self):
        pytest.importorskip("wfdb")

    @pytest.mark.parametrize("kind", [212, 16])
    def test_signals_and_rhythms(self, tmp_path, kind):
        levels = RNG.integers(-1000, 1000, (3600, 2))
        marks = [(10, 28, "(N"), (100, 1, ""), (1500, 28, "(AFIB"), (2000, 1, "")]
        wfdb(tmp_path, "100", levels, kind=kind, marks=marks)
        data = read(tmp_path)
        assert data.notes[0] == "Taken for WFDB, because 100.hea is a header of signals."
        assert (data.channels, data.units, data.rate_hz) == (("MLII", "V5"), ("mV", "mV"), 360)
        assert data.labels[0].tolist() == ["N"] * 1490 + ["AFIB"] * 2100
        np.testing.assert_allclose(data.arrays[0], (levels[10:] - 1024) / 200, atol=1e-6)

    def test_beats_are_no_segments(self, tmp_path):
        wfdb(tmp_path, "100", RNG.integers(-1000, 1000, (720, 2)), marks=[(100, 1, ""), (460, 1, "")])
        data = read(tmp_path)
        assert data.labels is None
        assert any(note.startswith("Annotations of beats, which are no segments, left out: 2") for note in data.notes)

    def test_a_header_without_its_signals(self, tmp_path):
        wfdb(tmp_path, "100", RNG.integers(-1000, 1000, (720, 2)))
        (tmp_path / "100.dat").unlink()
        with pytest.raises(FormatError, match=r"100\.hea is no whole WFDB record"):
            read(tmp_path)

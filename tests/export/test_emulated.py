"""Models, one of them of a search, as exported C on emulated boards."""

import dataclasses
import subprocess

import numpy as np
import pytest
from dilated_nets import dilated_net
from models import SMALL, firmware, raw_windows
from toy_data import sines

import tsnas
from tsnas import errors
from tsnas.data import cut_windows
from tsnas.export import Firmware, export_model
from tsnas.export.emulate import EmulatedModel, build_image, verify_export, with_room_for
from tsnas.probe.cores import CORES

pytestmark = pytest.mark.emulated
SPACE = tsnas.SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3, 5), extra_fusion_cells=1)


@pytest.fixture(scope="module", params=["untrained", pytest.param("searched", marks=pytest.mark.long)])
def exported(request):
    """The firmware of a network with random weights or of a small search, and windows that it has not seen."""
    if request.param == "untrained":
        found = firmware()
        return found, raw_windows(found, 60)
    x, y = sines(180)
    names = np.array(["slow", "medium", "fast"])
    settings = {"epochs": 1, "search_epochs": 1, "qat_epochs": 1, "batch_size": 36, "finalists": 1, "space": SPACE}
    clf = tsnas.AutoClassifier(max_latency_ms=2, seed=0, verbose=0, **settings).fit(x * 9.81, names[y])
    return Firmware.of(clf.tflite_model_), sines(60, seed=1)[0] * 9.81


RISCV = pytest.param("riscv32", None, marks=pytest.mark.riscv)
PORTABLE = [("cortex-m4", "portable"), ("cortex-m0plus", "portable"), RISCV]
PORTABLE.append(pytest.param("cortex-m33", "portable", marks=pytest.mark.long))
PORTABLE.append(pytest.param("cortex-m55", "portable", marks=pytest.mark.long))


@pytest.mark.parametrize("core", ["cortex-m4", pytest.param("cortex-m33", marks=pytest.mark.long)])
def test_every_byte_is_the_reference_s(exported, core):
    found, x = exported
    verified = verify_export(found, x, core)
    assert verified.windows == 60
    assert verified.answers.levels.tolist() == found.model.predict_int8(found.quantise(x)).tolist()
    assert set(verified.answers.classes) <= {0, 1, 2}
    # The count against the model of the kernels; small networks are mostly overhead, so with room.
    assert verified.counted_ms == pytest.approx(verified.predicted_ms, rel=0.25)
    assert "0 of 180 output bytes differ" in str(verified)


def test_kernels_with_vectors_give_every_byte():
    """The model is made for a board without MVE: its export has room for the scratch buffers of the core that runs."""
    found = firmware()
    x = raw_windows(found, 10)
    verified = verify_export(found, x, "cortex-m55")
    assert verified.answers.levels.tolist() == found.model.predict_int8(found.quantise(x)).tolist()
    assert "nothing that was measured turns instructions of a cortex-m55" in str(verified)


def test_sources_without_room_for_these_kernels_do_not_compile(tmp_path):
    found, core = firmware(), CORES["cortex-m55"]
    compiler = [core.toolchain.compiler, *core.toolchain.flags, *core.flags, "-fsyntax-only"]
    for made, kernels, fails in (
        (found, "TSNAS_CMSIS_NN", True),
        (found, "TSNAS_PORTABLE", False),
        (with_room_for(found, "cortex-m55"), "TSNAS_CMSIS_NN", False),
    ):
        export_model(made, tmp_path, "c")
        command = [*compiler, f"-D{kernels}", str(tmp_path / "tsnas/tsnas_model.c")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert bool(done.returncode) == fails, done.stderr
        assert ("write these sources for such a core" in done.stderr) == fails


@pytest.mark.parametrize(("core", "kernels"), PORTABLE)
def test_portable_kernels_give_every_byte_as_well(core, kernels):
    found = firmware()
    x = raw_windows(found, 20)
    verified = verify_export(found, x, core, kernels=kernels)
    assert verified.kernels == "portable"
    assert verified.answers.levels.tolist() == found.model.predict_int8(found.quantise(x)).tolist()
    assert "kernels: portable C" in str(verified)
    measured = core in ("cortex-m4", "cortex-m33")
    assert (verified.counted_ms is not None) == measured
    assert (
        "predicted for CMSIS-NN's" if measured else f"nothing that was measured turns instructions of a {core}"
    ) in str(verified)


def test_portable_kernels_of_a_dilated_network():
    found = firmware(dilated_net(64, 1, (5, 4), (9, 16), filters=16))
    assert verify_export(found, raw_windows(found, 3), "cortex-m4", kernels="portable").windows == 3


def test_dilated_networks_are_the_reference_s_and_take_what_is_predicted():
    """No board has measurements of dilated kernels; the emulated one runs the instructions of their undilated loops."""
    found = firmware(dilated_net(64, 1, (5, 4), (9, 16), filters=16))
    verified = verify_export(found, raw_windows(found, 3))
    assert verified.windows == 3
    assert verified.counted_ms == pytest.approx(verified.predicted_ms, rel=0.1)


def test_members_that_answer_together_are_the_reference_s_and_take_what_is_predicted():
    found = firmware(dataclasses.replace(SMALL, members=2))
    x = raw_windows(found, 5)
    verified = verify_export(found, x)
    assert verified.answers.levels.tolist() == found.model.predict_int8(found.quantise(x)).tolist()
    assert verified.counted_ms == pytest.approx(verified.predicted_ms, rel=0.25)


def test_counts_repeat_within_a_tick_of_the_timer(exported):
    found, x = exported
    one, other = (verify_export(found, x[:2]).answers.instructions for _ in range(2))
    assert one == pytest.approx(other, abs=1)
    assert len(one) == len(found.graph.nodes)
    assert all(one > 0)


def test_a_stream_of_samples_on_the_board(exported):
    found, x = exported
    samples = x[:3].reshape(-1, 3)
    with EmulatedModel(found) as board:
        assert board.selftest() == 0
        answers = list(board.stream(samples, stride=11))
    windows = np.stack([samples[start : start + 32] for start in range(0, len(samples) - 31, 11)])
    expected = found.model.predict_int8(found.quantise(windows))
    assert [levels.tolist() for _, levels, _ in answers] == expected.tolist()


def test_raw_samples_on_the_board_become_those_of_the_model():
    """Channels are left out and samples averaged there as they were for training."""
    signal = tsnas.Signal(32, 5, decimation=3, channels=(4, 1, 0))
    found = firmware(signal=signal)
    raw = np.random.default_rng(0).normal(size=(32 * 3 * 2 + 1, 5)).astype(np.float32)
    raw = raw * np.float32(found.standardizer.std[0]) + np.float32(found.standardizer.mean[0])
    with EmulatedModel(found) as board:
        answers = list(board.stream(raw, stride=5, raw=True))
    windows, _, _ = cut_windows([raw], [0], signal)
    assert len(answers) == len(windows) > 5
    expected = found.model.predict_int8(found.quantise(windows))
    assert [levels.tolist() for _, levels, _ in answers] == expected.tolist()


def test_a_byte_that_differs_is_found(exported, monkeypatch):
    found, x = exported
    run = EmulatedModel.run

    def changed(self, windows, done):
        answers = run(self, windows, done)
        answers.levels[7, 1] ^= 1
        return answers

    monkeypatch.setattr(EmulatedModel, "run", changed)
    with pytest.raises(errors.VerificationError, match=r"in 1 of 60 windows\. The first is 7"):
        verify_export(found, x)
    monkeypatch.setattr(EmulatedModel, "selftest", lambda self: 3)
    with pytest.raises(errors.VerificationError, match=r"3 bytes differ in the self-test"):
        verify_export(found, x)


def test_a_warning_is_an_error(tmp_path):
    export_model(firmware(), tmp_path, "c")
    source = tmp_path / "tsnas/tsnas_model.c"
    source.write_text(source.read_text() + "\nstatic int unused;\n")
    with pytest.raises(errors.ToolchainError, match="unused"):
        build_image(tmp_path, "cortex-m4", 1, tmp_path / "model.elf")


def test_other_cores(exported):
    with pytest.raises(errors.PortError, match=r"No emulated board has core 'cortex-m0'; choose cortex-m4"):
        verify_export(exported[0], raw_windows(exported[0], 1), "cortex-m0")
    with pytest.raises(
        errors.SettingError, match=r"kernels='fast' are not known; choose one of 'cmsis_nn', 'portable'"
    ):
        verify_export(exported[0], raw_windows(exported[0], 1), kernels="fast")
    with pytest.raises(errors.SettingError, match=r"'cmsis_nn' cannot run on 'riscv32': CMSIS-NN is for Arm's cores"):
        EmulatedModel(exported[0], "riscv32", kernels="cmsis_nn")

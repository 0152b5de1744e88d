"""Addition, mean and softmax take what TensorFlow Lite Micro's own kernels take, and exports have others."""

import contextlib

import pytest

from tsnas import errors
from tsnas.graph.ops import Add, Conv2D, GlobalAveragePooling2D, Softmax
from tsnas.probe.characterize import characterize
from tsnas.probe.client import ProbeClient
from tsnas.probe.emulator import Emulator
from tsnas.probe.op_encoding import op_words

OPS = [Add(32, 6, 16), Add(25, 1, 7), GlobalAveragePooling2D(32, 1, 16), GlobalAveragePooling2D(16, 6, 16), Softmax(6)]
# Instructions of TensorFlow Lite Micro's kernels of August 2026 for these operators (GCC 12.2, -O3).
TFLM = {
    ("cortex-m4", "cmsis_nn"): (246227, 14672, 74475, 219380, 3381),
    ("cortex-m4", "portable"): (278736, 16420, 74475, 219380, 3810),
}


@pytest.fixture(scope="module", params=TFLM, ids="-".join)
def board(request, firmware):
    core, kernels = request.param
    with Emulator(core, firmware(core, kernels=kernels)) as emulator, ProbeClient(emulator.url) as probe:
        yield probe, TFLM[request.param]


@pytest.mark.emulated
def test_they_take_as_many_instructions_as_those_of_the_interpreter(board):
    probe, expected = board
    found = [probe.run(op_words(op), counts=10_000_000).least for op in OPS]
    # The compiler arranges the plain C of the portable ones otherwise.
    assert found == pytest.approx(expected, rel=0.17 if probe.hello.portable else 0.1)


@pytest.mark.emulated
def test_exports_have_kernels_of_their_own_which_only_portable_firmware_runs(board):
    probe, _ = board
    if not probe.hello.portable:
        with pytest.raises(errors.UnsupportedProbeOpError):
            probe.run(op_words(Softmax(6), exported=True))
        return
    for op in OPS:
        interpreter, exported = (probe.run(op_words(op, exported=own), counts=10_000_000) for own in (False, True))
        assert exported.output_crc == interpreter.output_crc, op
        if isinstance(op, GlobalAveragePooling2D):  # without an index
            assert exported.least < 0.1 * interpreter.least, op


class OldFirmware(ProbeClient):
    """Portable firmware from before the interpreter's operators: all of its kernels are those of exports."""

    def run(self, op, *args, **kwargs):
        if op.kind > max(op_words(op).kind for op in OPS):
            raise errors.UnsupportedProbeOpError("status 4")
        return super().run(op, *args, **kwargs)


@pytest.mark.emulated
def test_a_characterisation_with_portable_kernels_counts_those_of_exports(firmware, tmp_path):
    plan = [Conv2D(8, 1, 4, 4, 3, 1), *OPS]
    with Emulator("cortex-m4", firmware("cortex-m4", kernels="portable")) as emulator:
        found = characterize(lambda: ProbeClient(emulator.url), plan, tmp_path / "journal", repeats=1, verbose=0)
    with (
        Emulator("cortex-m4", firmware("cortex-m4", kernels="portable")) as emulator,
        contextlib.closing(OldFirmware(emulator.url)) as probe,
    ):
        exported = [ProbeClient.run(probe, op_words(op, exported=True)).least for op in plan]
        plain = [probe.run(op_words(op)).least for op in plan]
        again = characterize(lambda: probe, plan, tmp_path / "old", repeats=1, verbose=0)
    assert [result.least for result in found.results] == exported
    assert [result.least for result in again.results] == plain
    assert not found.left_out
    assert not again.left_out

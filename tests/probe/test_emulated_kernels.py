"""The instructions per step that come with tsnas are those that an emulated core counts."""

import numpy as np
import pytest

from benchmarks.emulated_kernels import steps
from benchmarks.emulated_shapes import draw_shapes
from tsnas.cost.emulated import STEP_NAMES, counted_kernels
from tsnas.probe.client import ProbeClient
from tsnas.probe.emulator import Emulator
from tsnas.probe.op_encoding import op_words

pytestmark = pytest.mark.emulated
# Neither this seed nor these shapes are those of the fit.
SEED, PER_KERNEL = 1, 4


@pytest.mark.parametrize("core", ["cortex-m4", pytest.param("cortex-m33", marks=pytest.mark.long)])
def test_shapes_that_no_fit_has_seen(core, firmware):
    instructions = counted_kernels()[core].instructions
    errors = {}
    with Emulator(core, firmware(core, "PROBE_BYTE_MEMSET")) as board, ProbeClient(board.url) as probe:
        for op in draw_shapes(PER_KERNEL, SEED):
            kernel, counts = steps(op)
            predicted = sum(instructions[kernel][name] * n for name, n in zip(STEP_NAMES[kernel], counts, strict=True))
            errors.setdefault(kernel, []).append(
                abs(predicted / probe.run(op_words(op), counts=40 * op.macs).least - 1)
            )
    assert len(errors) == 5
    for kernel, found in errors.items():
        assert np.mean(found) < 0.05, kernel

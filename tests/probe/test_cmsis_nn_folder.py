"""Folders of CMSIS-NN that users give: what is none is named, and the kernels say their version."""

import pytest

from tsnas.errors import SettingError, ToolchainError
from tsnas.probe.build import build, checkout_of, compile_command, kernels_dir, library_of
from tsnas.probe.ports import opened


def test_a_folder_that_is_no_checkout_is_named_with_what_it_lacks(tmp_path):
    with pytest.raises(
        ToolchainError, match=r"no checkout of CMSIS-NN 4.0 or later: it has no Include/arm_nnfunctions.h"
    ):
        checkout_of(tmp_path / "none")
    (tmp_path / "Include").mkdir()
    (tmp_path / "Include/arm_nnfunctions.h").write_text("/* $Revision: V.9.0.0 $ */")
    with pytest.raises(ToolchainError, match=r"it has no Include/arm_nn_math_types.h"):
        build("cortex-m4", cmsis_nn=tmp_path)


def test_the_library_is_named_by_its_header():
    pytest.importorskip("bakenn")
    assert library_of(kernels_dir() / "cmsis_nn").startswith("CMSIS-NN (arm_nnfunctions.h V.")


def test_kernels_for_floating_point_are_left_out(tmp_path):
    pytest.importorskip("bakenn")
    for name in ("Include/arm_nnfunctions.h", "Include/arm_nn_math_types.h"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    for name in ("arm_convolve_s8.c", "arm_convolve_f16.c", "arm_convolve_f32.c"):
        path = tmp_path / "Source/ConvolutionFunctions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    command = compile_command("cortex-m4", [], (), "cmsis_nn", tmp_path)
    assert [part for part in command if part.startswith(str(tmp_path))] == [
        str(tmp_path / "Source/ConvolutionFunctions/arm_convolve_s8.c")
    ]


def test_they_are_for_emulated_boards_with_these_kernels(tmp_path):
    with pytest.raises(SettingError, match="are for an emulated board"), opened("/dev/ttyACM0", cmsis_nn=tmp_path):
        pass
    with pytest.raises(SettingError, match="kernels='portable' are chosen"):
        build("cortex-m4", kernels="portable", cmsis_nn=tmp_path)

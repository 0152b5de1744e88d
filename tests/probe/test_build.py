"""The firmware builds without a warning, its ports are small, and what is missing is said."""

import shutil
import subprocess

import pytest

from tsnas import errors
from tsnas.probe import build as module
from tsnas.probe.build import build, firmware_dir
from tsnas.probe.cores import CORES


@pytest.mark.emulated
def test_a_build_is_kept_and_made_anew_when_something_changes(tmp_path):
    first = build("cortex-m4", cache=tmp_path)
    written = first.stat().st_mtime_ns
    assert build("cortex-m4", cache=tmp_path) == first
    assert first.stat().st_mtime_ns == written
    assert build("cortex-m4", ("OTHER=1",), cache=tmp_path) != first
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.emulated
def test_an_error_of_the_compiler_is_shown(tmp_path):
    with pytest.raises(errors.ToolchainError, match=r"cannot build the firmware:(.|\n)*error"):
        build("cortex-m4", ("PROBE_MAX_PAYLOAD=x",), cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_ports_are_small():
    ports = [path for path in (firmware_dir() / "ports").rglob("*.c*") if path.suffix in (".c", ".cpp")]
    assert len(ports) >= 8
    ports += (firmware_dir() / "ports").rglob("*.ino")
    for path in ports:
        assert len(path.read_text().splitlines()) < 170, path


def test_a_missing_compiler(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(errors.ToolchainError, match="apt-get install gcc-arm-none-eabi"):
        build("cortex-m4")


def test_a_missing_compiler_of_riscv(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(errors.ToolchainError, match="apt-get install gcc-riscv64-unknown-elf picolibc-riscv64"):
        build("riscv32")


def test_kernels_that_a_core_cannot_run():
    with pytest.raises(errors.SettingError, match=r"'cmsis_nn' cannot run on 'riscv32'.*Choose kernels='portable'"):
        build("riscv32", kernels="cmsis_nn")
    with pytest.raises(errors.SettingError, match=r"kernels='fast' are not known"):
        build("cortex-m4", kernels="fast")


def test_missing_kernels(monkeypatch):
    monkeypatch.setattr(module, "KERNELS_PACKAGE", "no_such_package")
    with pytest.raises(errors.ToolchainError, match=r"pip install 'tsnas\[emulator\]'.*or choose kernels='portable'"):
        build("cortex-m4")
    monkeypatch.undo()
    monkeypatch.setattr(module, "KERNELS_VERSION", "9.9")
    with pytest.raises(errors.ToolchainError, match=r"install 9\.9"):
        build("cortex-m4")


@pytest.mark.emulated
@pytest.mark.long  # The firmware is built.
def test_cmsis_nn_has_its_vectors_on_a_cortex_m55(tmp_path):
    """Without MVE in the flags, the same sources compile to plain loops, and every byte would be right as well."""
    dump = ["arm-none-eabi-objdump", "-d", "-m", "armv8.1-m.main", str(build("cortex-m55", cache=tmp_path))]
    code = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    convolution = code.split("<arm_nn_mat_mul_core_4x_s8>:")[1].split("\n\n")[0]
    for instruction in ("wlstp.8", "vmlava.s8", "letp", "vqrdmulh.s32"):
        assert instruction in convolution


def test_every_core_has_its_files():
    for core in CORES.values():
        assert (firmware_dir() / "ports" / core.port / f"{core.name}.ld").exists()
        assert (firmware_dir() / "ports" / core.startup).exists()

"""The projects that `tsnas probe` writes: each compiles against declarations that follow the platform's headers."""

import pathlib
import subprocess

import pytest

from tsnas import errors
from tsnas.commands import probe_command
from tsnas.commands.main import run
from tsnas.graph.ops import Add, Conv2D, FullyConnected, GlobalAveragePooling2D, Softmax
from tsnas.probe import build as build_module
from tsnas.probe.build import firmware_dir, kernels_dir
from tsnas.probe.client import ProbeClient
from tsnas.probe.cores import ARM, CORES, KERNELS, RISCV
from tsnas.probe.emulator import Emulator
from tsnas.probe.op_encoding import op_words
from tsnas.probe.port_project import PLATFORMS, write_project

STUBS = pathlib.Path(__file__).parent / "stubs"
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Os"]
M4, M0PLUS = CORES["cortex-m4"].flags, CORES["cortex-m0plus"].flags
MAINS = {"arduino": "{name}.ino", "zephyr": "main.c", "mbed": "main.cpp"}
# Some that the cores of today are of: with a counter of cycles, with micros() alone, and with ESP32's own counter.
CASES = [
    pytest.param("arduino", "portable", ARM, [*M4, "-mthumb"], marks=pytest.mark.emulated),
    pytest.param("arduino", "portable", ARM, [*M0PLUS, "-mthumb"], marks=pytest.mark.emulated),
    pytest.param("arduino", "cmsis_nn", ARM, [*M4, "-mthumb"], marks=pytest.mark.emulated),
    pytest.param("arduino", "portable", RISCV, [*RISCV.flags, "-DARDUINO_ARCH_ESP32"], marks=pytest.mark.riscv),
    pytest.param("zephyr", "cmsis_nn", ARM, [*M4, "-mthumb"], marks=pytest.mark.emulated),
    pytest.param("zephyr", "portable", RISCV, list(RISCV.flags), marks=pytest.mark.riscv),
    pytest.param("mbed", "cmsis_nn", ARM, [*M4, "-mthumb"], marks=pytest.mark.emulated),
    pytest.param("mbed", "portable", ARM, [*M4, "-mthumb"], marks=pytest.mark.emulated),
]


@pytest.mark.parametrize(("platform", "kernels", "toolchain", "flags"), CASES)
def test_a_project_compiles_without_a_warning(tmp_path, platform, kernels, toolchain, flags):
    folder = tmp_path / "tsnas_probe"
    written = write_project(platform, folder, kernels)
    flags = [*flags, *WARNINGS, f"-I{folder}", f"-I{STUBS / platform}", "-c"]
    if kernels == "cmsis_nn" and platform != "arduino":  # where the platform brings them
        flags += [f"-I{kernels_dir() / name / 'Include'}" for name in ("cmsis_nn", "cmsis_core")]
    for number, source in enumerate(path for path in written if path.suffix in (".c", ".cpp", ".ino")):
        compiler, extra = toolchain.compiler, ["-std=gnu11"]
        if source.suffix != ".c":
            # As the builder of a sketch does it.
            header = ["-include", "Arduino.h"] if platform == "arduino" else []
            compiler, extra = compiler.replace("gcc", "g++"), ["-std=gnu++14", "-fno-exceptions", "-fno-rtti", *header]
            if compiler.startswith("riscv"):
                # Its C++ library is no part of Debian's compiler, and sources of ours need none.
                extra.append("-nostdinc++")
        target = tmp_path / f"{number}.o"
        subprocess.run(
            [compiler, *flags, *extra, "-x", "c" if source.suffix == ".c" else "c++", str(source), "-o", str(target)],
            check=True,
        )
    assert folder / MAINS[platform].format(name="tsnas_probe") in written


@pytest.mark.emulated
@pytest.mark.parametrize("taken", ["port_init", "port_read", "port_write"])
def test_a_port_that_takes_a_name_of_mbed_does_not_compile(tmp_path, taken):
    """So that the declarations show the clash that the real headers show."""
    write_project("mbed", tmp_path)
    main = tmp_path / "main.cpp"
    main.write_text(main.read_text().replace(f"probe_{taken}", taken))
    port = tmp_path / "src/core/port.h"
    port.write_text(port.read_text().replace(f"probe_{taken}", taken))
    command = [ARM.compiler.replace("gcc", "g++"), *M4, "-mthumb", f"-I{STUBS / 'mbed'}", "-fsyntax-only", str(main)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode
    assert taken in done.stderr


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_project_says_which_kernels_it_has(tmp_path, platform):
    for kernels in KERNELS:
        folder = tmp_path / kernels
        names = {path.relative_to(folder).as_posix() for path in write_project(platform, folder, kernels)}
        assert f"src/ops/library_{kernels}.c" in names
        assert sum("library_" in name for name in names) == 1
        assert ("src/ops/tsnas_kernels_portable.c" in names) == (kernels == "portable")
        text = (folder / f"src/ops/library_{kernels}.c").read_text()
        assert ("#define TSNAS_PORTABLE\n" in text) == (kernels == "portable")
        assert '#define PROBE_KERNELS "' in text


def test_mbed_does_not_compile_the_tests_of_cmsis_nn_and_names_boards_that_exist(tmp_path):
    write_project("mbed", tmp_path)
    assert "cmsis-nn/Tests/*" in (tmp_path / ".mbedignore").read_text().splitlines()
    assert "NICLA" not in (tmp_path / "mbed_app.json").read_text(), "no target of Mbed OS 6.17"


def test_zephyr_has_cmsis_nn_only_if_it_is_chosen(tmp_path):
    for kernels, expected in (("cmsis_nn", True), ("portable", False)):
        write_project("zephyr", tmp_path / kernels, kernels)
        assert ("CONFIG_CMSIS_NN=y" in (tmp_path / kernels / "prj.conf").read_text()) == expected


def test_bad_input(tmp_path, monkeypatch):
    with pytest.raises(errors.SettingError, match=r"platform='esp' is not known; choose one of 'arduino', 'zephyr'"):
        write_project("esp", tmp_path)
    with pytest.raises(
        errors.SettingError, match=r"kernels='fast' are not known; choose one of 'cmsis_nn', 'portable'"
    ):
        write_project("zephyr", tmp_path, "fast")
    with pytest.raises(errors.SettingError, match=r"name of its folder, and 'my probe' is none"):
        write_project("arduino", tmp_path / "my probe")
    monkeypatch.setattr(build_module, "KERNELS_PACKAGE", "no_such_package")
    with pytest.raises(errors.ToolchainError, match=r"pip install 'tsnas\[emulator\]'.*or choose kernels='portable'"):
        write_project("arduino", tmp_path / "probe", "cmsis_nn")
    assert not list(tmp_path.iterdir()), "nothing is half written"


def test_the_command(tmp_path, capsys):
    assert tuple(PLATFORMS) == probe_command.PLATFORMS
    out = tmp_path / "tsnas_probe"
    assert run(["probe", "--platform=arduino", f"--out={out}"]) == 0
    printed = capsys.readouterr().out
    assert "with the portable kernels" in printed
    assert "Open tsnas_probe.ino" in printed
    assert (out / "tsnas_probe.ino").exists()
    assert run(["probe", "--platform=arduino"]) == 2
    assert "--out is required" in capsys.readouterr().err


# An emulated instruction takes 64 ns.
INSTRUCTIONS_PER_SECOND = 15_625_000
OPS = (Conv2D(32, 1, 8, 16, 3, 1), Softmax(6), FullyConnected(16, 4), Add(4, 4, 4), GlobalAveragePooling2D(4, 4, 4))


@pytest.fixture(scope="module")
def sketch(tmp_path_factory):
    """A sketch on an emulated board whose clock has only microseconds."""
    folder = tmp_path_factory.mktemp("sketch") / "tsnas_probe"
    written = write_project("arduino", folder)
    ports = firmware_dir() / "ports"
    flags = [*M0PLUS, "-mthumb", *WARNINGS, "-O3", f"-DF_CPU={INSTRUCTIONS_PER_SECOND}L", f"-I{STUBS / 'arduino'}"]
    flags += ["-DPROBE_ARENA_BYTES=65536", "-ffunction-sections", "-c"]
    objects = []
    sources = [path for path in written if path.suffix in (".c", ".ino")]
    for source in [*sources, ports / "cortex_m/startup.c", STUBS / "arduino/on_mps2.cpp"]:
        language = "c" if source.suffix == ".c" else "c++"
        own = ["-Dprobe_port_reset=reset_after_fault"] if source.name == "startup.c" else []
        own += ["-include", "Arduino.h", "-fno-exceptions", "-fno-rtti"] if language == "c++" else []
        objects.append(folder / f"{source.stem}.o")
        command = [ARM.compiler, *flags, *own, "-x", language, str(source), "-o", str(objects[-1])]
        subprocess.run(command, check=True)
    elf = folder / "sketch.elf"
    link = [ARM.compiler, *M0PLUS, *ARM.flags, *ARM.link_flags, f"-L{ports / 'cortex_m'}"]
    link += [f"-T{ports / 'mps2/cortex-m0plus.ld'}", *map(str, objects), "-o", str(elf)]
    subprocess.run(link, check=True)
    with Emulator("cortex-m0plus", elf) as board, ProbeClient(board.url) as probe:
        yield probe


@pytest.mark.emulated
def test_a_sketch_answers_as_a_probe(sketch):
    assert (sketch.hello.counter, sketch.hello.clock_hz) == ("cycles", INSTRUCTIONS_PER_SECOND)
    assert sketch.hello.kernel_library.startswith("portable C")
    assert sketch.hello.flags == "optimised for speed"
    assert sketch.hello.ram_bytes == 65536


@pytest.mark.emulated
@pytest.mark.parametrize("op", OPS, ids=str)
def test_a_sketch_with_microseconds_alone_counts_short_operators_by_repeating_them(sketch, firmware, op):
    elf = firmware("cortex-m0plus", kernels="portable")
    with Emulator("cortex-m0plus", elf) as board, ProbeClient(board.url) as probe:
        expected = probe.run(op_words(op), counts=1000)
    found = sketch.run(op_words(op), repeats=2, counts=10_000_000)
    assert found.output_crc == expected.output_crc
    # Microseconds at a tenth of a megahertz, and the loop around the operator.
    assert found.mean == pytest.approx(expected.least, rel=0.02, abs=25)

"""The export for TensorFlow Lite Micro: it compiles, registers what the model has, and its arena is the right size."""

import pathlib
import re
import shutil
import subprocess

import pytest
from micro_interpreter import starts
from models import firmware, random_firmware

from tsnas.cost.memory import plan_arena
from tsnas.export import export_model

STUB = pathlib.Path(__file__).parent / "tflm_stub"
FLAGS = ["-std=c++14", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fno-exceptions", "-fno-rtti", f"-I{STUB}"]
STATIC = "-DTF_LITE_STATIC_MEMORY"
SECOND_INIT = """
#include <cstdio>
#include "tsnas.h"
int main()
{
    const int first = tsnas_init(), second = tsnas_init();
    std::printf("%d %d %s", first, second, tsnas_kernels());
}
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tflm")
    export_model(firmware(), folder, "tflm")
    return folder / "tsnas"


def compile_model(sources, *flags):
    """Compiles the sources and returns the errors of the compiler."""
    command = ["g++", *FLAGS, "-fsyntax-only", f"-I{sources}", *flags, str(sources / "tsnas_model.cc")]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_it_compiles_against_declarations_of_the_library(sources):
    assert compile_model(sources, STATIC) == ""
    assert compile_model(sources, "-DTSNAS_TFLM_WITHOUT_STATIC_MEMORY") == ""
    assert compile_model(sources, "-DARDUINO=10819") == ""
    for part in sorted(sources.glob("*.c")):
        command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{sources}", str(part)]
        subprocess.run(command, check=True)


def test_what_the_library_has_to_be_built_like_is_an_error_of_the_compiler(sources):
    assert '#error "Build with -DTF_LITE_STATIC_MEMORY like the library' in compile_model(sources)
    assert "Leave TF_LITE_STATIC_MEMORY out" in compile_model(sources, STATIC, "-DARDUINO=10819")


def test_an_older_library_is_an_error_of_the_compiler_until_it_is_accepted(sources, tmp_path):
    shutil.copytree(STUB, tmp_path / "old")
    (tmp_path / "old/tensorflow/lite/micro/micro_common.h").unlink()
    command = ["g++", "-std=c++14", f"-I{tmp_path / 'old'}", STATIC, "-fsyntax-only", str(sources / "tsnas_model.cc")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "older than May 2023: then its MEAN and softmax round differently" in found.stderr
    subprocess.run([*command, "-DTSNAS_TFLM_BEFORE_MAY_2023"], check=True)


@pytest.mark.parametrize(("refusals", "answer"), [(0, 0), (1, 2)])
def test_a_second_init_gives_the_first_answer(sources, tmp_path, refusals, answer):
    (tmp_path / "main.cc").write_text(SECOND_INIT)
    (tmp_path / "data.cc").write_text('#include "tsnas_model_data.h"\nconst uint8_t tsnas_model_data[1] = {0};\n')
    header = (sources / "tsnas_model_data.h").read_text()
    (tmp_path / "tsnas_model_data.h").write_text(re.sub(r"\[\d+\]", "[1]", header))
    files = [tmp_path / "main.cc", tmp_path / "data.cc", sources / "tsnas_model.cc", STUB / "library.cc"]
    command = ["g++", *FLAGS, STATIC, f"-DREFUSALS={refusals}", f"-I{tmp_path}", f"-I{sources}", *map(str, files)]
    subprocess.run([*command, "-o", str(tmp_path / "program")], check=True)
    said = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True).stdout
    assert said == f"{answer} {answer} TensorFlow Lite Micro"


# Each network takes seconds to convert.
@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[] if seed in (2, 3) else [pytest.mark.long]) for seed in range(5)]
)
def test_exactly_the_operators_of_the_model_are_registered(tmp_path, seed):
    found = random_firmware(seed)
    export_model(found, tmp_path, "tflm")
    text = (tmp_path / "tsnas/tsnas_model.cc").read_text()
    kinds = {node.op.kind for node in found.graph.nodes}
    names = {"conv2d": "Conv2D", "add": "Add", "global_average_pooling2d": "Mean", "softmax": "Softmax"}
    assert sorted(re.findall(r"resolver\.Add(\w+)\(\)", text)) == sorted(names[kind] for kind in kinds)
    assert f"MicroMutableOpResolver<{len(kinds)}>" in text


def test_the_arena_is_the_estimate_for_the_board(tmp_path):
    found = firmware()
    export_model(found, tmp_path, "tflm")
    text = (tmp_path / "tsnas/tsnas.h").read_text()
    arena_bytes = int(re.search(r"TSNAS_ARENA_BYTES (\d+)", text)[1])
    assert 0 <= arena_bytes - found.estimate.ram_bytes < 16
    assert "as estimated for nucleo_f446re" in text
    assert "needed 4,112 to start" in " ".join(text.split())


@pytest.mark.parametrize(
    "seed", [2, 7, pytest.param(4, marks=pytest.mark.long), pytest.param(8, marks=pytest.mark.long)]
)
def test_the_real_interpreter_starts_in_its_arena_and_not_in_one_of_5_percent_less(tmp_path, seed):
    """With the sizes of this machine's build: head by the plan, tail as the interpreter itself reports it."""
    from micro_interpreter import allocations

    found = random_firmware(seed)
    path = tmp_path / f"{seed}.tflite"
    path.write_bytes(found.tflite)
    plan = plan_arena(found.graph, found.board.runtime, scratch=False)
    head, tail = allocations(path)
    assert plan.head_bytes == head
    if plan.head_bytes < 2 * plan.planning_bytes:
        return  # Here the notes of the planner decide, which have other sizes on this machine.
    assert starts(path, plan.head_bytes + tail + 64)
    assert not starts(path, int(0.95 * (plan.head_bytes + tail)))

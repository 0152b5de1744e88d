"""The export for TensorFlow Lite Micro: it compiles, registers what the model has, and its arena is the right size."""

import pathlib
import re
import subprocess

import pytest
from micro_interpreter import starts
from models import firmware, random_firmware

from tsnas.cost.memory import plan_arena
from tsnas.export import export_model

STUB = pathlib.Path(__file__).parent / "tflm_stub"
FLAGS = ["-std=c++14", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fno-exceptions", "-fno-rtti", "-fsyntax-only"]


@pytest.mark.parametrize(("format", "source"), [("tflm", "tsnas/tsnas_model.cc"), ("arduino", "src/tsnas_model.cpp")])
def test_it_compiles_against_declarations_of_the_library(tmp_path, format, source):
    export_model(firmware(), tmp_path, format)
    path = tmp_path / source
    subprocess.run(["g++", *FLAGS, f"-I{STUB}", f"-I{path.parent}", str(path)], check=True)
    for part in sorted(path.parent.glob("*.c")):
        command = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{path.parent}", str(part)]
        subprocess.run(command, check=True)


# Each network takes seconds to convert.
@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[] if seed in (1, 2) else [pytest.mark.long]) for seed in range(5)]
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


@pytest.mark.parametrize("seed", [2, pytest.param(4, marks=pytest.mark.long), pytest.param(8, marks=pytest.mark.long)])
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

"""Arenas of models that people bring, against the real interpreter: heads to the byte, the rest never below."""

import pytest
from foreign_models import FAST, MODELS, PC_RUNTIME, foreign
from micro_interpreter import all_allocations, starts

from tsnas.cost.board import load_board
from tsnas.cost.memory import plan_arena
from tsnas.cost.records import BITS_64
from tsnas.tflite.graph_reader import read_graph

LONG = pytest.mark.long
PUBLIC = ("kws", "ic_resnet", "ad", "person_detect")


def check_arenas(folder, tflites):
    for tflite, real in zip(tflites, all_allocations(folder, tflites), strict=True):
        plan = plan_arena(read_graph(tflite), PC_RUNTIME, scratch=False, records=BITS_64)
        assert plan.head_bytes == real["head"]
        assert real["tail"] <= plan.tail_bytes <= real["tail"] * 1.1 + 64


def check_start(path, tflite):
    """It starts in the arena that is planned, and in none that is much smaller."""
    path.write_bytes(tflite)
    planned = plan_arena(read_graph(tflite), PC_RUNTIME, scratch=False, records=BITS_64).arena_bytes
    assert starts(path, planned)
    assert not starts(path, min(planned - 1024, int(planned / 1.1)))


def test_arenas_of_a_dozen_kinds(tmp_path):
    check_arenas(tmp_path, [foreign(name) for name in FAST])


@LONG
def test_arenas_of_all_kinds(tmp_path):
    check_arenas(tmp_path, [foreign(name) for name in MODELS])


@pytest.mark.parametrize("name", ["dense", "conv1d", *(pytest.param(n, marks=LONG) for n in MODELS)])
def test_they_start_in_the_arena_that_is_planned(name, tmp_path):
    check_start(tmp_path / "model.tflite", foreign(name))


def test_arenas_of_public_models(shared_dir, tmp_path):
    tflites = [(shared_dir / "public" / "models" / f"{name}.tflite").read_bytes() for name in PUBLIC]
    check_arenas(tmp_path, tflites)
    for tflite in tflites[2:3]:
        check_start(tmp_path / "model.tflite", tflite)


def test_a_scale_per_output_keeps_a_multiplier_and_a_shift_each():
    runtime = load_board("nucleo_f446re").runtime
    per_channel, per_tensor = (plan_arena(read_graph(foreign(n)), runtime) for n in ("dense", "dense_per_tensor"))
    # 256 outputs and 3, each array rounded up to 16 bytes.
    assert per_channel.tail_bytes - per_tensor.tail_bytes == 2 * (4 * 256 + 16)
    # While the first layer is prepared, weights and biases have a zero point for each output.
    assert per_channel.preparing_bytes - per_tensor.preparing_bytes == 2 * 4 * 255 - 2 * 16

"""Costs on an NPU are those of Arm's compiler: its steps of filters, its refusals, its figure for whole networks."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from random_architectures import random_architecture

from tsnas import errors
from tsnas.commands.main import run
from tsnas.cost.board import Board, load_board
from tsnas.cost.calibrate import calibrated_by_models
from tsnas.cost.estimate import estimate_graph, estimate_tflite
from tsnas.cost.latency import op_latency
from tsnas.cost.limits import Limits
from tsnas.cost.npu import brick_bytes, compile_for, op_on_npu
from tsnas.cost.npu_cache import OpCache
from tsnas.cost.npu_plan import base_costs
from tsnas.deploy.convert import untrained_int8
from tsnas.deploy.verify import verify
from tsnas.export.room import refuse_npu
from tsnas.graph.graph import GraphBuilder
from tsnas.graph.ops import Add, Conv2D, DepthwiseConv2D, GlobalAveragePooling2D, Softmax
from tsnas.search.derive import derive
from tsnas.search.parts import build_parts
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce
from tsnas.space.config import SpaceConfig
from tsnas.space.spaces import SPACES
from tsnas.system.files import cache_dir
from tsnas.tflite.graph_writer import graph_file

BOARD = load_board("ethos_u55_128")
NPU = BOARD.npu
TOO_FAST = Conv2D(128, 9, 1, 8, 5, 1, stride_h=4)


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def _vela():
    pytest.importorskip("ethosu.regor", reason="Vela is not installed: pip install 'tsnas[npu]'")


needs_vela = pytest.mark.usefixtures("_vela")


def filters(n, time=32, width=1, channels=16):
    return Conv2D(time, width, channels, n, 5, 1)


def network(mid=16):
    builder = GraphBuilder((64, 6, 1))
    x = builder.add("stem", Conv2D(64, 6, 1, mid, 5, 1, stride_h=2), builder.input)
    x = builder.add("fusion", Conv2D(32, 6, mid, 8, 1, 6, stride_w=6), x)
    y = builder.add("branch", Conv2D(32, 1, 8, 8, 3, 1), x)
    x = builder.add("sum", Add(32, 1, 8), x, y)
    x = builder.add("mean", GlobalAveragePooling2D(32, 1, 8), x)
    return builder.build(builder.add("softmax", Softmax(8), x))


def test_without_vela_the_package_is_named_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ethosu.regor", None)
    with pytest.raises(errors.NpuCompilerError, match=r"pip install 'tsnas\[npu\]' \(the package ethos-u-vela\)"):
        estimate_graph(network(), BOARD)
    with pytest.raises(errors.NpuCompilerError):
        op_latency(Softmax(4), BOARD)
    ops, out = tmp_path / "ops.csv", tmp_path / "out.csv"
    ops.write_text("op,in_h,in_w,in_c,out_h,out_w,out_c\nsoftmax,1,1,4,1,1,4\n")
    assert run(["estimate", f"--ops={ops}", "--board=ethos_u55_128", f"--out={out}"]) != 0
    assert "ethos-u-vela" in capsys.readouterr().err
    assert not out.exists()


@needs_vela
@pytest.mark.parametrize(("name", "seventeenth"), [("ethos_u55_128", 1.3), ("ethos_u55_256", 1.1)])
def test_filters_come_in_steps(name, seventeenth):
    npu = load_board(name).npu
    four, eight, sixteen, more = (op_on_npu(filters(n), npu).cycles for n in (4, 8, 16, 17))
    if name == "ethos_u55_128":
        # Four filters take about a third longer than eight.
        assert 1.25 < four / eight < 1.4
    assert more / sixteen > seventeenth
    large = [op_on_npu(filters(n, time=64, width=6, channels=8), npu).cycles for n in (4, 8, 16, 17, 24)]
    assert large[0] > 1.5 * large[1]
    assert large[3] > 1.5 * large[2]
    assert large[4] < 1.1 * large[3]


@needs_vela
def test_a_softmax_of_four_classes_outlasts_a_convolution():
    assert op_on_npu(Softmax(4), NPU).cycles > op_on_npu(filters(8), NPU).cycles


@needs_vela
def test_a_seventeenth_filter_doubles_a_tensor():
    assert brick_bytes((32, 6, 17)) == 2 * brick_bytes((32, 6, 16)) == 2 * 32 * 6 * 16
    narrow, wide = (estimate_graph(network(mid), BOARD) for mid in (16, 17))
    assert 1.6 < wide.rows[0].ram_bytes / narrow.rows[0].ram_bytes < 2.1


@needs_vela
def test_an_operator_of_the_cpu_is_refused_with_velas_reason(tmp_path):
    builder = GraphBuilder((128, 9, 1))
    graph = builder.build(builder.add("stem", TOO_FAST, builder.input))
    with pytest.raises(errors.NpuOpError, match=r"cannot run stem, .*Unsupported kernel stride: 1, 4"):
        estimate_tflite(graph_file(graph), BOARD)
    for _ in range(2):  # The second answer is a kept one.
        with pytest.raises(errors.NpuOpError, match=r"cannot run Conv2D\(in_h=128.*stride: 1, 4"):
            op_latency(TOO_FAST, BOARD)


@needs_vela
def test_vela_prints_nothing_on_our_stdout(capfd):
    with pytest.raises(errors.NpuOpError):
        op_on_npu(dataclasses.replace(TOO_FAST, out_c=12), NPU)
    assert capfd.readouterr().out == ""


@needs_vela
def test_the_estimate_of_a_file_is_velas_with_a_margin_of_itself():
    graph = network()
    estimate = estimate_tflite(graph_file(graph), BOARD)
    compiled = compile_for(NPU, graph_file(graph), len(graph.nodes))
    assert estimate.latency_ms == pytest.approx(sum(compiled.cycles) / 500e6 * 1e3)
    assert estimate.latency_upper_ms == pytest.approx(2 * estimate.latency_ms)
    assert all(row.latency_ms > 0 and row.latency_source == "compiled" for row in estimate.rows)
    assert estimate.flash_bytes == len(compiled.content)
    assert estimate.ram_bytes > compiled.sram_bytes == max(b.offset + b.n_bytes for b in compiled.buffers)
    assert estimate == estimate_graph(graph, BOARD)
    table = estimate.table()
    assert "error not measured" in table
    assert "! compiled: estimated by the NPU's compiler, never measured" in table


@needs_vela
def test_buffers_live_while_their_operators_run():
    compiled = compile_for(NPU, graph_file(network()), 6)
    lives = {buffer.name: (buffer.first_step, buffer.last_step) for buffer in compiled.buffers}
    assert lives["input"][1] == 1
    assert lives["stem"] == (1, 2)
    assert lives["softmax"] == (6, 6)


@needs_vela
def test_sums_of_single_operators_are_near_the_whole_network():
    """What docs/boards.md states for 50 networks."""
    ratios = []
    for seed in range(12):
        graph = random_architecture(seed).graph()
        if any(getattr(node.op, "stride_h", 1) > 3 for node in graph.nodes):
            continue
        whole, ops = estimate_graph(graph, BOARD), [op_on_npu(node.op, NPU) for node in graph.nodes]
        flash_bytes = base_costs(BOARD).flash_bytes + sum(op.file_bytes for op in ops)
        ratios.append((sum(op.cycles for op in ops) / 500e6 * 1e3 / whole.latency_ms, flash_bytes / whole.flash_bytes))
    latency, flash = np.array(ratios).T
    assert len(latency) >= 8
    assert latency.min() > 0.93
    assert latency.max() < 1.23
    assert abs(np.median(latency) - 1) < 0.01
    assert abs(flash - 1).max() < 0.02


@needs_vela
def test_a_converted_file_costs_what_its_graph_does():
    """The weights of a file are compressed; those of a written graph are as hard to compress as any."""
    architecture = Architecture(64, 6, 4, (TimeReduce(5, 16), SensorFusion(24, (3, 5), 16, True, stride=6)))
    file, graph = untrained_int8(architecture.build()), architecture.graph()
    converted, written = estimate_tflite(file, BOARD), estimate_graph(graph, BOARD)
    assert [row.name for row in converted.rows] == [row.name for row in written.rows]
    assert 0.9 < converted.latency_ms / written.latency_ms <= 1.01
    assert 0.8 < converted.flash_bytes / written.flash_bytes <= 1.02
    assert 0.8 < converted.ram_bytes / written.ram_bytes <= 1.05


@needs_vela
def test_verification_holds_velas_figure_against_the_limit():
    tflite = graph_file(network())
    needed = estimate_tflite(tflite, BOARD).latency_upper_ms
    verify(tflite, BOARD, Limits(max_latency_ms=1.01 * needed).on(BOARD))
    with pytest.raises(errors.LimitExceededError, match="ethos_u55_128: latency"):
        verify(tflite, BOARD, Limits(max_latency_ms=0.99 * needed).on(BOARD))


@needs_vela
def test_a_search_leaves_out_the_parts_that_the_npu_cannot_run():
    parts = build_parts(SPACES["tsnas"], (64, 3), 4, BOARD)
    assert [part.min_slack for part in parts] == [3.0]
    with pytest.raises(errors.NpuOpError, match="stride: 1, 4"):
        build_parts([SpaceConfig(first_stride=4)], (64, 3), 4, BOARD)
    bounds = Limits(max_latency_ms=0.05, max_flash_kb=24).on(BOARD)
    found = derive(parts[0].supernet, bounds)
    tflite = graph_file(found.architecture.graph())
    assert verify(tflite, BOARD, bounds).latency_upper_ms <= 0.05


@needs_vela
def test_operators_are_kept_for_the_next_process():
    op = filters(24, time=31)
    script = (
        "from tsnas.cost.board import load_board; from tsnas.cost.npu import op_on_npu; "
        f"from tsnas.graph.ops import Conv2D; print(op_on_npu({op!r}, load_board('ethos_u55_128').npu).cycles)"
    )
    cycles = float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
    (kept,) = (cache_dir() / "vela").glob("*-ethos-u55-128-*.json")
    assert OpCache(kept).get(op) == op_on_npu(op, NPU)
    assert cycles == op_on_npu(op, NPU).cycles > 0


@needs_vela
def test_an_unknown_configuration_is_named():
    npu = dataclasses.replace(NPU, system_config="Mine")
    with pytest.raises(errors.NpuCompilerError, match=r"no System_Config 'Mine'.*Ethos_U55_Deep_Embedded"):
        op_on_npu(Softmax(4), npu)


def test_an_operator_beyond_the_space_needs_the_file(monkeypatch):
    builder = GraphBuilder((8, 1, 4))
    graph = builder.build(builder.add("deep", DepthwiseConv2D(8, 1, 4, 1, 3, 1), builder.input))
    with pytest.raises(errors.UnsupportedOpError, match=r"'deep'.*depthwise_conv2d.*conv2d, add"):
        estimate_graph(graph, BOARD)


@pytest.mark.parametrize(
    ("npu", "fault"),
    [
        ({"accelerator": "ethos-u55-100"}, "npu.accelerator is 'ethos-u55-100'; it must be 'ethos-u55-32' or"),
        ({"memory_mode": None}, "npu.memory_mode is None; it must be a text"),
        ({"clock": 1}, "npu.clock is not a field of a board"),
    ],
)
def test_a_wrong_npu_in_a_board_file_is_named(npu, fault):
    values = BOARD.to_json()
    assert Board.from_json(values) == BOARD
    with pytest.raises(errors.BoardFileError, match=fault):
        Board.from_json(values | {"npu": values["npu"] | npu})


def test_what_only_a_cpu_can_do_is_refused():
    with pytest.raises(errors.TimingsError, match="NPU"):
        calibrated_by_models(BOARD, [], "vela")
    with pytest.raises(errors.ExportError, match="vela --accelerator-config=ethos-u55-128"):
        refuse_npu(BOARD)
    refuse_npu(load_board("nucleo_f446re"))

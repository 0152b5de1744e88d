"""Costs on an Ethos-U NPU: what Arm's compiler Vela says of a network, and of single operators, kept on disk.

Vela compiles a .tflite file for the NPU and estimates the cycles of each operator. It says itself that these "should
not be taken as accurate representations of real performance numbers": they are its model, by which it chooses, and
nobody has measured how far off they are. What the CPU does around the NPU, a call of its driver, is in none of them.

A search adds up single operators; a network as a whole is compiled as a whole. See docs/boards.md for how far they are
apart.
"""

from __future__ import annotations

import bisect
import dataclasses
import functools
import importlib
import importlib.metadata
import math
import pathlib
from collections.abc import Iterator
from typing import Any

from tsnas.cost.board_parts import Npu
from tsnas.cost.npu_cache import OpCache, OpOnNpu
from tsnas.cost.records import aligned
from tsnas.errors import NpuCompilerError, NpuOpError
from tsnas.graph.graph import Graph, GraphBuilder
from tsnas.graph.ops import Op
from tsnas.graph.shapes import AnyShape
from tsnas.system.files import cache_dir
from tsnas.system.quiet import captured_output
from tsnas.tflite.graph_writer import graph_file
from tsnas.tflite.parser import parse_model

PACKAGE = "ethos-u-vela"
# Options of Vela's command line at their defaults.
ARENA_LIMIT = 1 << 32
OPTIONS = f"""
[compiler]
enable_db=true
output_format=TFLite
cop_format=COP1

[scheduler]
optimize=Performance
arena_size_limit={ARENA_LIMIT}
disable_feature=
cpu_tensor_alignment=16
tensor_allocator=HillClimb

[graph]
softmax_int16_neg_exp_range=10.0
"""
# Vela's name of an operator that it leaves to the CPU.
LEFT_TO_CPU = "Passthrough"
# Between operators, tensors are kept in bricks of so many channels.
BRICK = 16
# A compiled file before its operators, and what a compiled file of a single operator has beside it. Fitted to 50 random
# architectures, see tests/cost/test_npu.py.
BASE_FILE_BYTES, SINGLE_FILE_BYTES = 1440, 1152
# What TFLM keeps of the one operator that is left, by its sources: node, registration and the kernel's own record, with
# the addresses of up to eight tensors and their sizes. Not measured.
KEPT_BYTES = 32 + 16 + 2 * 4 + 2 * 8 * 8


@dataclasses.dataclass(frozen=True)
class NpuBuffer:
    """A buffer in the RAM of a compiled network, as Vela places it.

    Args:
        name: str, name of a tensor of the network, or Vela's name of one that it adds.
        n_bytes, offset: int, its size and place.
        first_step, last_step: int, operators between which it lives, counted from 1.
    """

    name: str
    n_bytes: int
    offset: int
    first_step: int
    last_step: int


@dataclasses.dataclass(frozen=True)
class Compiled:
    """A network that was compiled for an NPU.

    Args:
        content: bytes, the compiled file.
        cycles: tuple of float, the NPU's cycles for each operator of the file that was given.
        live_bytes: tuple of int, RAM that is in use while each of them runs, at most.
        sram_bytes: int, RAM of all tensors and buffers.
        n_tensors: int, tensors of the compiled file.
        buffers: tuple of `NpuBuffer`.
    """

    content: bytes
    cycles: tuple[float, ...]
    live_bytes: tuple[int, ...]
    sram_bytes: int
    n_tensors: int
    buffers: tuple[NpuBuffer, ...]


def compile_for(npu: Npu, tflite: bytes, n_ops: int) -> Compiled:
    """Compiles an int8 .tflite file with Vela.

    Args:
        npu: `Npu`.
        tflite: bytes of a file that was checked: Vela ends the process on a damaged one.
        n_ops: int, its number of operators.

    Returns:
        `Compiled`.

    Raises:
        NpuCompilerError: Vela is not installed, or does not know the configuration.
        NpuOpError: an operator that the NPU cannot run; the message says which and why.
    """
    regor = _vela()
    with captured_output() as said:
        try:
            model = regor.compile("EthosU55", tflite, "TFLITE", _configuration(npu), options=OPTIONS, verbose=False)
        except Exception as error:  # Vela raises errors of any type.
            raise NpuCompilerError(f"Vela cannot compile for {npu.accelerator}: {error}") from error
    tables, report = model.opt_database.tables, model.perf_report
    source_of = {row["id"]: int(row["ext_key"]) for row in _rows(tables["source"])}
    index_of: dict[str, int] = {}
    cycles, live_bytes, left = [0.0] * n_ops, [0] * n_ops, []
    for row in _rows(tables["perf"]):
        index = index_of[row["id"]] = source_of[row["source_id"]]
        cycles[index] += float(row["op_cycles"])
        live_bytes[index] = max(live_bytes[index], int(row["staging_usage"]))
        if row["operator"] == LEFT_TO_CPU:
            left.append(row["name"])
    if left or report.cpuOps:
        raise NpuOpError(
            f"{npu.accelerator} cannot run {', '.join(left) or 'an operator'}, so that the CPU beside it would, whose "
            f"latencies are not known: {_reason(said())}. Change the operator, or choose another board."
        )
    return Compiled(
        content=bytes(model.model),
        cycles=tuple(cycles),
        live_bytes=tuple(live_bytes),
        sram_bytes=report.memories["Sram"].peakUsage,
        n_tensors=len(parse_model(bytes(model.model)).subgraphs[0].tensors),
        buffers=_buffers(tables, index_of),
    )


def op_on_npu(op: Op, npu: Npu) -> OpOnNpu:
    """Returns the costs of a single operator: those of a network of nothing else, less its tensors.

    Args:
        op: operator descriptor of the search space.
        npu: `Npu`.

    Returns:
        `OpOnNpu`; it is kept in the folder of `tsnas.system.files.cache_dir`.

    Raises:
        NpuCompilerError, NpuOpError: see `compile_for`.
        UnsupportedOpError: an operator that is not in the search space.
    """
    cache = _cache(npu, vela_version(), cache_dir())
    known = cache.get(op)
    if known is None:
        known = cache.put(op, _compile_op(op, npu))
    if isinstance(known, str):
        raise NpuOpError(known)
    return known


def brick_bytes(shape: AnyShape) -> int:
    """Returns the bytes of an int8 tensor between two operators, whose channels fill whole bricks of 16."""
    *size, channels = shape
    return math.prod(size) * aligned(channels, BRICK)


def vela_version() -> str:
    """Returns the version of Vela that is installed.

    Raises:
        NpuCompilerError: it is not installed.
    """
    _vela()
    return importlib.metadata.version(PACKAGE)


def _rows(table: Any) -> Iterator[dict[str, str]]:
    return (dict(zip(table.header, values, strict=True)) for values in table.data)


def _buffers(tables: Any, index_of: dict[str, int]) -> tuple[NpuBuffer, ...]:
    # Vela counts the time in steps of its own; those of an operator begin with the first of its parts.
    starts = sorted((int(row["time_index"]), index_of[row["id"]] + 1) for row in _rows(tables["perf_debug"]))
    times = [time for time, _ in starts]

    def step_at(time: str) -> int:
        return starts[max(0, bisect.bisect_right(times, int(time)) - 1)][1]

    return tuple(
        NpuBuffer(
            name=row["name"],
            n_bytes=int(row["size"], 16),
            offset=int(row["start_address"], 16),
            first_step=step_at(row["start_time"]),
            last_step=step_at(row["end_time"]),
        )
        for row in _rows(tables["tensors"])
        if row["memory"] == "Sram"
    )


def _compile_op(op: Op, npu: Npu) -> OpOnNpu | str:
    builder = GraphBuilder(op.in_shapes[0])
    graph: Graph = builder.build(builder.add("op", op, *[builder.input] * len(op.in_shapes)))
    try:
        compiled = compile_for(npu, graph_file(graph), 1)
    except NpuOpError as error:
        return str(error).replace("cannot run op,", f"cannot run {op},")
    # An addition of one tensor to itself holds a single input.
    tensor_bytes = sum(aligned(math.prod(shape)) for shape in (op.in_shapes[0], op.out_shape))
    return OpOnNpu(
        cycles=sum(compiled.cycles),
        scratch_bytes=max(0, compiled.sram_bytes - tensor_bytes),
        file_bytes=max(0, len(compiled.content) - SINGLE_FILE_BYTES),
    )


def _reason(said: str) -> str:
    """What Vela printed after `Reason:`, as one line without its names of operators."""
    lines = [line.strip().removeprefix("Reason: ") for line in said.splitlines() if line.strip()]
    reasons = [line for line in lines if not line.startswith("Warning")]
    return "; ".join(dict.fromkeys(reasons)).rstrip(".") or "Vela does not say why"


@functools.cache
def _cache(npu: Npu, version: str, folder: pathlib.Path) -> OpCache:
    name = "-".join((version, npu.accelerator, npu.system_config, npu.memory_mode))
    return OpCache(folder / "vela" / f"{name}.json")


@functools.cache
def _configuration(npu: Npu) -> str:
    ini = (pathlib.Path(_vela().__file__).parent / "config_files/Arm/vela.ini").read_text(encoding="utf-8")
    for kind, name in (("System_Config", npu.system_config), ("Memory_Mode", npu.memory_mode)):
        known = [line[len(kind) + 2 : -1] for line in ini.splitlines() if line.startswith(f"[{kind}.")]
        if name not in known:
            raise NpuCompilerError(f"Vela knows no {kind} {name!r}; its Arm/vela.ini has {', '.join(known)}.")
    macs = npu.accelerator.rpartition("-")[2]
    return (
        f"[architecture]\nmacs={macs}\ncores=1\n[vela]\nsystem_config_name={npu.system_config}\n"
        f"memory_mode_name={npu.memory_mode}\n{ini}"
    )


def _vela() -> Any:
    try:
        return importlib.import_module("ethosu.regor")
    except ImportError as error:
        raise NpuCompilerError(
            f"Costs on an NPU are those of Arm's compiler Vela, which is not installed: pip install 'tsnas[npu]' "
            f"(the package {PACKAGE})."
        ) from error

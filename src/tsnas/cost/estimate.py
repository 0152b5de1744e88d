"""Estimates of what a network costs on a board, operator by operator."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

from tsnas.cost import flash
from tsnas.cost.advice import advise
from tsnas.cost.board import Board, load_board
from tsnas.cost.bounds import EXPECTED, UPPER, Costs
from tsnas.cost.latency import (
    CALIBRATED,
    COMPILED,
    DERIVED,
    EMULATED,
    EXTRAPOLATED,
    MEASURED,
    MODEL,
    OpLatency,
    compiled_latency,
    op_latency,
)
from tsnas.cost.limits import BYTES_PER_KB, Limits
from tsnas.cost.memory import ArenaPlan, plan_arena
from tsnas.cost.npu_plan import compile_graph, npu_arena
from tsnas.cost.op_estimate import OpEstimate
from tsnas.cost.verdicts import judge, with_margin
from tsnas.graph.graph import Graph
from tsnas.graph.ops import BatchedConv2D, Conv2D, DepthwiseConv2D, FullyConnected, GroupedConv2D
from tsnas.system.terminal import fit_table, fit_text
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.parser import read_model_bytes

# What the error of a board is judged on.
OPERATORS, MODELS = "operators", "models"
# Operators with weights, each output channel with a bias of int32.
WEIGHTED = (Conv2D, DepthwiseConv2D, GroupedConv2D, BatchedConv2D, FullyConnected)
# How the table marks latencies that do not come from the fitted model, and what it says of them.
SOURCE_MARKS = {
    MODEL: "",
    MEASURED: "*",
    EXTRAPOLATED: "^",
    EMULATED: "+",
    CALIBRATED: "#",
    COMPILED: "!",
    DERIVED: "~",
}
SOURCE_TEXTS = {
    MEASURED: "this very operator was measured on the board",
    EXTRAPOLATED: "the kernel was fitted, but no shape like this was measured: margin three times the model's",
    EMULATED: "counted on an emulated core and converted: margin of the errors of counts, conversion and board",
    CALIBRATED: "timings of whole models on the board tell what such operators take: margin of that factor",
    COMPILED: "estimated by the NPU's compiler, never measured, without the CPU around it: margin 100 %, a judgement",
    DERIVED: "no measurement of this kernel stands behind it: margin 50 %, or more where the board's error is larger",
}


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Costs of a network on a board.

    Args:
        board: str, name of the board.
        clock_hz: float, the clock that latencies assume.
        kernels: str, name of the kernels that latencies are of, such as `"cmsis_nn"`.
        kernel_library: str, these kernels and their version.
        latency_ms: float, latency of one inference.
        latency_margin_ms: float, its margin of error: the sum over the operators, as if all erred alike.
        energy_mj: float or None, energy of one inference; None if the board has no `active_power_mw`.
        ram_bytes: int, size of the tensor arena that the firmware must set aside.
        flash_bytes: int, size of the .tflite model.
        board_ram_bytes: int, RAM of the board.
        board_flash_bytes: int, flash of the board.
        latency_error_median: float, median relative error of the board's latency model on held-out operators.
        latency_error_p95: float, its 95th percentile; the largest if it is judged on whole models.
        latency_error_n: int, number of operators or models that it is judged on; 0 if it was not measured.
        latency_error_of: str, `"operators"` or `"models"`.
        rows: tuple of `OpEstimate`, in execution order.
        advice: tuple of str, what costs most and what would help, one line each. Defaults to ().
    """

    board: str
    clock_hz: float
    kernels: str
    kernel_library: str
    latency_ms: float
    latency_margin_ms: float
    energy_mj: float | None
    ram_bytes: int
    flash_bytes: int
    board_ram_bytes: int
    board_flash_bytes: int
    latency_error_median: float
    latency_error_p95: float
    latency_error_n: int
    latency_error_of: str
    rows: tuple[OpEstimate, ...]
    advice: tuple[str, ...] = ()

    @property
    def params(self) -> int:
        """Parameters of all operators."""
        return sum(row.params for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(row.macs for row in self.rows)

    @property
    def latency_upper_ms(self) -> float:
        """Upper end of the margin of the latency."""
        return self.latency_ms + self.latency_margin_ms

    @property
    def costs(self) -> Costs:
        """The predicted costs, without a margin."""
        return self.costs_at(EXPECTED)

    def costs_at(self, margin: str = UPPER) -> Costs:
        """Returns the costs that limits can bound: latency, RAM and flash.

        Args:
            margin: str, as in `Limits`: whether the latency includes its margin. Defaults to `"upper"`.

        Returns:
            `Costs`.
        """
        latency_ms = self.latency_upper_ms if margin == UPPER else self.latency_ms
        return Costs(latency_ms, self.ram_bytes, self.flash_bytes)

    def energy_mj_at(self, margin: str = UPPER) -> float | None:
        """Returns the energy of one inference, of the upper end of the latency or of the latency itself.

        Args:
            margin: str, as in `costs_at`. Defaults to `"upper"`.

        Returns:
            float, mJ; None if the power of the board is not known.
        """
        if self.energy_mj is None or margin != UPPER or not self.latency_ms:
            return self.energy_mj
        return self.energy_mj * self.latency_upper_ms / self.latency_ms

    def to_json(self) -> dict[str, Any]:
        """Returns the estimate as a dict of plain values, for `json.dump`."""
        values = dataclasses.asdict(self)
        values["advice"] = list(self.advice)
        values["rows"] = [row | {"out_shape": list(row["out_shape"])} for row in values["rows"]]
        return values

    def table(self, limits: Limits | None = None, width: int | None = None) -> str:
        """Returns a plain-text table: one line per operator, then the totals beside the resources of the board.

        Args:
            limits: `Limits`; for each that is given, the table says whether it is kept. Defaults to None.
            width: int, columns that a line may take: longer text is wrapped, and columns that say less are shortened or
                left out. Defaults to None: everything, however wide.

        Returns:
            str.
        """
        lines = [
            (
                row.name,
                row.kind,
                "x".join(map(str, row.out_shape)),
                f"{row.params:,}",
                f"{row.macs:,}",
                f"{row.latency_ms:.3f}",
                SOURCE_MARKS[row.latency_source],
                f"{row.ram_bytes / BYTES_PER_KB:.2f}",
                f"{row.weight_bytes / BYTES_PER_KB:.2f}",
            )
            for row in self.rows
        ]
        headers = ("op", "kind", "output", "params", "MACs", "ms", "", "RAM KB", "weights KB")
        aligned = ("left", "left", "left", "right", "right", "right", "left", "right", "right")
        # The column of marks is there only if there are any.
        shown = [column for column, name in enumerate(headers) if name or self._unusual_sources()]
        table = fit_table(
            [[line[column] for column in shown] for line in lines],
            [headers[column] for column in shown],
            [aligned[column] for column in shown],
            width,
            shorten={"kind": 9, "op": 24},
            drop=("weights KB", "params", "output", "kind"),
        )
        below = fit_text("\n".join((*self._totals(), *self._verdicts(limits or Limits()))), width)
        return f"{table}\n\n{below}"

    def _error_text(self) -> str:
        if not self.latency_error_n:
            return "error not measured"
        judged, last = ("whole models", "largest") if self.latency_error_of == MODELS else ("operators", "p95")
        return (
            f"error on {self.latency_error_n} {judged} kept out: median {self.latency_error_median:.1%}, "
            f"{last} {self.latency_error_p95:.1%}"
        )

    def _unusual_sources(self) -> list[str]:
        found = {row.latency_source for row in self.rows}
        return [source for source in SOURCE_TEXTS if source in found]

    def _verdicts(self, limits: Limits) -> tuple[str, ...]:
        return tuple(
            f"limit    {judged.limit.value} {judged.unit} of {judged.name}: {judged.verdict}{judged.explained()}"
            for judged in judge(self, limits)
        )

    def _totals(self) -> tuple[str, ...]:
        return (
            f"board    {self.board} at {self.clock_hz / 1e6:g} MHz",
            f"kernels  {self.kernels}: {self.kernel_library}",
            f"latency  {with_margin(self.latency_ms, self.latency_margin_ms)}  ({self._error_text()})",
            *(f"       {SOURCE_MARKS[source]} {source}: {SOURCE_TEXTS[source]}" for source in self._unusual_sources()),
            *([] if self.energy_mj is None else [f"energy   {self.energy_mj:.3g} mJ  (an inference)"]),
            f"RAM      {_kb(self.ram_bytes)} of {_kb(self.board_ram_bytes)}  (tensor arena)",
            f"flash    {_kb(self.flash_bytes)} of {_kb(self.board_flash_bytes)}  (model file, without firmware)",
            f"total    {self.params:,} params, {self.macs:,} MACs",
            *(f"advice   {line}." for line in self.advice),
        )


def estimate_graph(graph: Graph, board: str | os.PathLike[str] | Board, flash_bytes: int | None = None) -> Estimate:
    """Estimates the costs of a network on a board.

    Args:
        graph: `Graph` of the network.
        board: name, path or `Board`, as `load_board` takes it.
        flash_bytes: int, size of the .tflite file, if it is known. Defaults to None: it is predicted. On an NPU, the
            flash is always the size of the file that Vela makes.

    Returns:
        An `Estimate`.

    Raises:
        UnknownBoardError, BoardFileError: see `load_board`.
        NpuCompilerError, NpuOpError: see `tsnas.cost.npu.compile_for`.

    Example:
        >>> print(estimate_graph(graph, "nucleo_f446re").table())
    """
    board = load_board(board)
    if board.npu is not None:
        return _estimate_on_npu(graph, board, None)
    latencies = [op_latency(node.op, board) for node in graph.nodes]
    if flash_bytes is None:
        flash_bytes = flash.flash_bytes(graph)
    return _estimate(graph, board, latencies, plan_arena(graph, board.runtime, mve=board.mve), flash_bytes)


def _estimate_on_npu(graph: Graph, board: Board, tflite: bytes | None) -> Estimate:
    """The network is compiled as a whole, from its file or from one with random weights."""
    compiled = compile_graph(graph, board, tflite)
    latencies = [compiled_latency(cycles) for cycles in compiled.cycles]
    return _estimate(graph, board, latencies, npu_arena(graph, board, compiled), len(compiled.content))


def _estimate(
    graph: Graph, board: Board, latencies: Sequence[OpLatency], plan: ArenaPlan, flash_bytes: int
) -> Estimate:
    ms_per_cycle = 1000.0 / board.clock_hz
    rows = tuple(
        OpEstimate(
            name=node.name,
            kind=node.op.kind,
            out_shape=node.op.out_shape,
            params=node.op.params,
            macs=node.op.macs,
            latency_ms=latency.total_cycles * ms_per_cycle,
            latency_margin_ms=latency.total_cycles * ms_per_cycle * latency.margin_relative,
            latency_source=latency.source,
            ram_bytes=plan.live_bytes[node.name],
            weight_bytes=node.op.weights + 4 * node.op.out_c if isinstance(node.op, WEIGHTED) else node.op.params,
        )
        for node, latency in zip(graph.nodes, latencies, strict=True)
    )
    latency_ms = sum(row.latency_ms for row in rows)
    return Estimate(
        board=board.name,
        clock_hz=board.clock_hz,
        kernels=board.kernels,
        kernel_library=board.kernel_library,
        latency_ms=latency_ms,
        latency_margin_ms=sum(row.latency_margin_ms for row in rows),
        energy_mj=None if board.active_power_mw is None else latency_ms * board.active_power_mw / 1000.0,
        ram_bytes=plan.arena_bytes,
        flash_bytes=flash_bytes,
        board_ram_bytes=board.ram_bytes,
        board_flash_bytes=board.flash_bytes,
        latency_error_median=board.latency_error.median_relative,
        latency_error_p95=board.latency_error.p95_relative,
        latency_error_n=board.latency_error.n_ops,
        latency_error_of=MODELS if board.factors else OPERATORS,
        rows=rows,
        advice=advise(graph, plan, rows),
    )


def estimate_tflite(model: bytes | str | os.PathLike[str], board: str | os.PathLike[str] | Board) -> Estimate:
    """Estimates the costs of an int8 .tflite model on a board; its flash is the actual length of the file.

    On an NPU, the file is compiled by Vela, and the flash is the length of what comes out.

    Args:
        model: the file's bytes, or its path.
        board: name, path or `Board`, as `load_board` takes it.

    Returns:
        An `Estimate`.

    Raises:
        ModelFileError, UnsupportedOpError, FloatModelError: see `read_graph`.
        UnknownBoardError, BoardFileError: see `load_board`.
        NpuCompilerError, NpuOpError: see `tsnas.cost.npu.compile_for`.

    Example:
        >>> estimate_tflite("model.tflite", "nicla_sense_me").latency_ms
    """
    board = load_board(board)
    content = read_model_bytes(model)
    graph = read_graph(content)
    if board.npu is not None:
        return _estimate_on_npu(graph, board, content)
    return estimate_graph(graph, board, flash_bytes=len(content))


def _kb(n_bytes: int) -> str:
    return f"{n_bytes / BYTES_PER_KB:.1f} KB"

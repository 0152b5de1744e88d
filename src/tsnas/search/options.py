"""Options of all cells with their exact costs, as flat arrays for dynamic programming."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tsnas.space.architecture import Architecture
from tsnas.space.cell import SearchCell
from tsnas.space.supernet import Supernet

COSTS = ("latency_ms", "live_bytes", "tail_bytes", "planning_bytes", "flash_bytes")


@dataclasses.dataclass(frozen=True)
class CellOptions:
    """All options of one cell, for all widths of its input; row i of each array is one option.

    Args:
        cell: the `SearchCell`.
        choices: list of dicts, as from `SearchCell.enumerate`.
        choice: int array, index into `choices`.
        in_width, out_width: int arrays, indices into the cell's `in_widths` and `out_widths`.
        costs: dict of cost name to float array; see `CellCosts`.
    """

    cell: SearchCell
    choices: list[dict[str, int]]
    choice: np.ndarray
    in_width: np.ndarray
    out_width: np.ndarray
    costs: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.choice)

    @functools.cached_property
    def numbers(self) -> tuple[list[Any], ...]:
        """Lists of `COSTS`, in their order, and of `out_width`: of single numbers, they are quicker than arrays."""
        return (*(self.costs[name].tolist() for name in COSTS), self.out_width.tolist())

    def regret(self) -> np.ndarray:
        """Returns how far each option is from what the alphas prefer; see `choice_regret`."""
        return self.choice_regret()[self.choice]

    def choice_regret(self) -> np.ndarray:
        """Returns the regret of each of `choices`: the sum of log(p_best / p_taken) over its decisions."""
        regret = np.zeros(len(self.choices))
        for name, group in self.cell.groups.items():
            log_p = group.log_probabilities()
            loss = log_p.max() - log_p
            regret += [loss[choice[name]] if name in choice else 0.0 for choice in self.choices]
        return regret


def cell_options(cell: SearchCell) -> CellOptions:
    """Enumerates the options of a cell; their costs are the cell's expected costs for one-hot decisions."""
    choices = cell.enumerate()
    n_in = len(cell.in_widths)
    in_width, choice = (index.ravel() for index in np.indices((n_in, len(choices))))
    in_probs = np.eye(n_in, dtype=np.float32)[in_width]
    probs = {}
    for name, group in cell.groups.items():
        # A decision that does not affect a choice is taken as its first option.
        taken = np.array([row.get(name, 0) for row in choices])
        probs[name] = np.eye(len(group.options), dtype=np.float32)[taken][choice]
    expected = cell.expected_costs(probs, in_probs)
    costs = {name: np.broadcast_to(np.asarray(getattr(expected, name), np.float64), choice.shape) for name in COSTS}
    out_width = np.argmax(np.asarray(cell.output_probs(probs, in_probs)), axis=-1)
    return CellOptions(cell, choices, choice, in_width, out_width, costs)


def costs_to_go(options: list[CellOptions]) -> list[dict[str, np.ndarray]]:
    """Returns, for each position, the least of each cost from there to the end, by width.

    Each cost is minimised on its own, so these are lower bounds.
    """
    to_go = [{name: np.zeros(len(options[-1].cell.out_widths)) for name in options[-1].costs}]
    for option in reversed(options):
        now = {}
        for name, cost in option.costs.items():
            after = to_go[0][name][option.out_width]
            total = np.maximum(cost, after) if name == "live_bytes" else cost + after
            now[name] = np.full(len(option.cell.in_widths), np.inf)
            np.minimum.at(now[name], option.in_width, total)
        to_go.insert(0, now)
    return to_go


def architecture_of(supernet: Supernet, options: list[CellOptions], rows: Sequence[int]) -> Architecture:
    """Returns the architecture that takes row `rows[i]` of the options of cell i."""
    return supernet.architecture(
        [option.choices[option.choice[row]] for option, row in zip(options, rows, strict=True)]
    )

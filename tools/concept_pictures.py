"""Draws the pictures of docs/concepts.md from supernets, networks and searches as the package makes them.

    python tools/concept_pictures.py [space] [fits] [arena] [search]

Without names all four; `search` runs two searches on the shoulder exercises, which takes some minutes.
"""

from __future__ import annotations

import pathlib
import sys

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import tsnas
from tsnas.cost import estimate_graph
from tsnas.cost.memory import arena_buffers
from tsnas.cost.planner import greedy_offsets
from tsnas.plots import BLUE, GREEN, ORANGE, RED
from tsnas.search.options import architecture_of
from tsnas.search.paths import Part, Paths
from tsnas.space.spaces import space_configs
from tsnas.space.supernet import Supernet, build_cells
from tsnas.system.words import plural

IMAGES = pathlib.Path(__file__).resolve().parents[1] / "docs/images"
BOARD = "nucleo_f446re"
# Windows of the shoulder exercises: samples, channels, classes.
TIME, SENSORS, CLASSES = 128, 6, 7
LIMITS = tsnas.Limits(max_latency_ms=10, max_ram_kb=12)
# Below what the undecided supernet is expected to cost, so that the search has something to do.
SEARCH_MS = 6
GREY = "0.85"


def default_part() -> Part:
    """The first part of the default space, with a fresh supernet and all options of its cells."""
    board = tsnas.load_board(BOARD)
    space, *_ = space_configs("tsnas")
    return Part.of(Supernet(build_cells(board, TIME, SENSORS, CLASSES, space), board))


def example(part: Part) -> tuple[int, ...]:
    """A path that fits: which choice it takes in each cell."""
    return Paths(part, LIMITS.on(part.supernet.board)).draw(np.random.default_rng(3))


def draw_space() -> Figure:
    """Every cell of the default space with its decisions; what one network takes of them is filled."""
    part = default_part()
    supernet, options = part.supernet, part.options
    figure = Figure(figsize=(10, 5.2), layout="constrained")
    axis = figure.subplots()
    size = (TIME, SENSORS)
    rows = zip(supernet.cells, options, example(part), strict=True)
    for column, (cell, option, taken) in enumerate(rows):
        choice = option.choices[taken]
        name = type(cell).__name__.removesuffix("Cell")
        sizes = f"{size[0]}x{size[1]} to {cell.out_size[0]}x{cell.out_size[1]}"
        title = f"{name}\n{sizes}\n{plural(len(option.choices), 'choice')}"
        axis.text(column + 0.5, 0.1, title, ha="center", va="bottom", fontsize=9)
        size = cell.out_size
        y = 0.0
        for group_name, group in cell.groups.items():
            axis.text(column + 0.06, y - 0.34, group_name, fontsize=8, va="center")
            width = 0.88 / len(group.options)
            for index, label in enumerate(group.options):
                on = choice.get(group_name) == index
                box = (column + 0.06 + index * width, y - 0.95)
                axis.add_patch(Rectangle(box, width * 0.92, 0.42, color=BLUE if on else GREY))
                x = box[0] + width * 0.46
                axis.text(x, y - 0.74, label, fontsize=7, ha="center", va="center", color="white" if on else "black")
            y -= 1.0
        axis.add_patch(Rectangle((column + 0.02, y - 0.05), 0.94, 0.05 - y, fill=False, color="0.6"))
        if not cell.groups:
            axis.text(column + 0.5, -0.3, "nothing to choose", fontsize=8, ha="center", va="center")
    axis.set(xlim=(0, len(options)), ylim=(-7.2, 0.95))
    axis.set_axis_off()
    return figure


def draw_fits() -> Figure:
    """Latency and RAM of networks at random, and of those that a walk inside the limits comes to."""
    part = default_part()
    supernet, options = part.supernet, part.options
    rng = np.random.default_rng(0)
    paths = Paths(part, LIMITS.on(supernet.board))

    def costs(architecture):
        estimate = estimate_graph(architecture.graph(), supernet.board)
        return estimate.latency_ms, estimate.ram_bytes / 1024

    drawn = [costs(_random(supernet, options, rng)) for _ in range(600)]
    walked = [costs(_taken(supernet, options, paths.draw(rng))) for _ in range(150)]
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axis = figure.subplots()
    inside = Rectangle((0, 0), LIMITS.max_latency_ms, LIMITS.max_ram_kb, facecolor=GREEN, alpha=0.12, label="limits")
    axis.add_patch(inside)
    axis.scatter(*zip(*drawn, strict=True), s=10, color=ORANGE, alpha=0.6, linewidths=0, label="drawn at random")
    axis.scatter(*zip(*walked, strict=True), s=12, color=BLUE, linewidths=0, label="walks inside the limits")
    axis.set(xlabel=f"latency on {BOARD} (ms)", ylabel="RAM (KB)", xlim=(0, None), ylim=(0, None))
    axis.grid(color="0.9", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.legend(fontsize=9, loc="lower right")
    return figure


def draw_arena() -> Figure:
    """What lies where in the arena of a network while each of its operators runs."""
    part = default_part()
    supernet, options = part.supernet, part.options
    graph = _taken(supernet, options, example(part)).graph()
    buffers = arena_buffers(graph, supernet.board.runtime.alignment, scratch=True)
    offsets = greedy_offsets([buffer.lifetime for buffer in buffers], graph.offsets or ())
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    axis = figure.subplots()
    for buffer, offset in zip(buffers, offsets, strict=True):
        n_bytes, first, last = buffer.lifetime
        scratch = "/scratch" in buffer.name
        place = (first - 0.5, offset / 1024)
        colour = ORANGE if scratch else BLUE
        axis.add_patch(Rectangle(place, last - first + 1, n_bytes / 1024, color=colour, alpha=0.75, ec="white"))
        if n_bytes > 500 and last > first:
            axis.text(first - 0.42, (offset + n_bytes / 2) / 1024, buffer.name, fontsize=7, va="center", color="white")
    names = ["start", *(f"{node.name}" for node in graph.nodes)]
    axis.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=7)
    top = max(offset + buffer.size for buffer, offset in zip(buffers, offsets, strict=True)) / 1024
    axis.set(xlim=(-0.5, len(names) - 0.5), ylim=(0, 1.05 * top), ylabel="place in the arena (KB)")
    handles = [Rectangle((0, 0), 1, 1, color=colour, alpha=0.75) for colour in (BLUE, ORANGE)]
    axis.legend(handles, ["tensors", "scratch buffers of kernels"], fontsize=9, loc="upper right")
    return figure


def draw_search() -> Figure:
    """Expected latency, epoch by epoch, of the evolution and of the paper's search at the same limit."""
    (x, y, groups), _ = tsnas.datasets.shoulder.load_data()
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    for axis, strategy in zip(figure.subplots(1, 2, sharey=True), ("evolution", "micronas"), strict=True):
        # The search alone is of interest here, so that what comes after it is kept short.
        short = {"epochs": 1, "qat_epochs": 1, "finalists": 1, "verbose": 0, "seed": 0}
        classifier = tsnas.AutoClassifier(BOARD, SEARCH_MS, strategy=strategy, **short).fit(x, y, groups=groups)
        history = classifier.history_["search"]
        epochs = range(1, 1 + len(history["loss"]))
        axis.plot(epochs, history["expected_latency_ms"], color=BLUE, label="expected latency (ms)")
        axis.axhline(SEARCH_MS, color=RED, linestyle=":", label="limit (ms)")
        axis.set(title=f'strategy="{strategy}"', xlabel="epoch of the search", ylim=(0, 15))
        right = axis.twinx()
        right.plot(epochs, history["entropy"], color=GREEN, linestyle="--", label="entropy of the decisions")
        right.set(ylim=(0, 1.5), yticks=(0, 0.5, 1))
        axis.grid(color="0.9", linewidth=0.6)
        lines = [*axis.get_lines(), *right.get_lines()]
        axis.legend(lines, [line.get_label() for line in lines], fontsize=8, loc="upper right")
    return figure


def _random(supernet, options, rng):
    """A network of which every choice was drawn by itself."""
    rows, width = [], 0
    for option in options:
        candidates = np.flatnonzero(option.in_width == width)
        rows.append(int(rng.choice(candidates)))
        width = int(option.out_width[rows[-1]])
    return architecture_of(supernet, options, rows)


def _taken(supernet, options, path):
    """The network of a path."""
    return supernet.architecture([option.choices[taken] for option, taken in zip(options, path, strict=True)])


PICTURES = {"space": draw_space, "fits": draw_fits, "arena": draw_arena, "search": draw_search}

if __name__ == "__main__":
    for picture in sys.argv[1:] or PICTURES:
        path = IMAGES / f"concept_{picture}.png"
        PICTURES[picture]().savefig(path, dpi=110)
        print(f"Written: {path}")

"""Makes docs/paper.md, its pictures and the figures of the README from the results of the runs."""

from __future__ import annotations

import itertools
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import jinja2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmarks.engine import Result, Run, f1, mean_and_spread, results_of
from benchmarks.paper import figure2, plan, protocols
from tsnas.system.files import write_file

TEMPLATE = pathlib.Path(__file__).with_name("paper.md.j2")
NOT_RUN = "not run"

# Tables 1 and 2 of the paper: board, latency in ms, peak memory in bytes, then percent in float and int8.
PAPER_TABLE2 = {
    "MicroNAS 1": (plan.F446, 14.45, 11520, (90.21, 91.85), (92.66, 92.07)),
    "MicroNAS 2": (plan.F446, 123.84, 15360, (94.59, 93.93), (94.71, 94.13)),
    "MicroNAS 3": (plan.L552, 213.57, 15360, (94.63, 92.78), (94.67, 92.94)),
    "DARTS-Softmax": ("any", None, None, (94.08, 92.01), (94.28, 92.35)),
    "DARTS-Gumbel": ("any", None, None, (95.40, 92.97), (95.59, 93.24)),
}
PAPER_TABLE1 = {
    "MicroNAS 1": (plan.F446, 30.07, 21504, (92.47, 92.23), (91.40, 91.24)),
    "MicroNAS 2": (plan.L552, 150.09, 19392, (95.66, 94.58), (93.77, 92.33)),
    "MicroNAS 3": (plan.L552, 493.69, 34560, (97.35, 96.33), (96.46, 95.30)),
}
# Journal version (2025), accuracy in percent on the NUCLEO-L552ZE-Q.
JOURNAL = {25.0: 94.62, 50.0: 98.86}
COLORS = {plan.F446: "#0072B2", plan.L552: "#E69F00"}
README_START, README_END = "<!-- figures of the paper's evaluation -->", "<!-- end of the figures -->"

Rows = list[dict[str, Any]]


def percent(values: Sequence[float]) -> str:
    """Mean and spread over seeds, in percent."""
    mean, spread = mean_and_spread(values)
    return f"{mean * 100:.2f}" + ("" if spread is None else f" ± {spread * 100:.2f}")


def grouped(runs: Sequence[Run], results: dict[Run, Result]) -> dict[Run, list[Result]]:
    """Results by what their runs have in common but the seed; runs without any have an empty list."""
    found: dict[Run, list[Result]] = {run.without_seed(): [] for run in runs}
    for run in runs:
        if run in results:
            found[run.without_seed()].append(results[run])
    return found


def cells(own: Sequence[Result]) -> dict[str, str]:
    """What a table says of the results of several seeds."""
    if not own:
        names = ("seeds", "latency", "ram", "accuracy_float", "accuracy_int8", "f1_float", "f1_int8", "minutes")
        return dict.fromkeys(names, NOT_RUN)
    ram = [result["ram_bytes"] for result in own]
    latency = [result["latency_ms"] for result in own]
    minutes = [result["minutes"] for result in own]
    costs = {
        "seeds": str(len(own)),
        "latency": f"{min(latency):.2f} to {max(latency):.2f}" if len(own) > 1 else f"{latency[0]:.2f}",
        "ram": f"{min(ram):,} to {max(ram):,}" if len(own) > 1 else f"{ram[0]:,}",
        "minutes": f"{np.median(minutes):.1f}",
    }
    if own[0]["test"] is None:
        return costs | dict.fromkeys(("accuracy_float", "accuracy_int8", "f1_float", "f1_int8"), "")
    return costs | {
        f"{short}_{kind}": percent([f1(result, kind, metric) for result in own])
        for kind in ("float", "int8")
        for short, metric in (("accuracy", "accuracy"), ("f1", "macro_f1"))
    }


def paper_cells(board: str, latency: float | None, ram: int | None, accuracy: Any, macro_f1: Any) -> dict[str, str]:
    """What the paper says in the same columns."""
    return {
        "board": board,
        "latency": "" if latency is None else f"{latency:.2f}",
        "ram": "" if ram is None else f"{ram:,}",
        "accuracy_float": f"{accuracy[0]:.2f}",
        "accuracy_int8": f"{accuracy[1]:.2f}",
        "f1_float": f"{macro_f1[0]:.2f}",
        "f1_int8": f"{macro_f1[1]:.2f}",
        "seeds": "",
    }


def table2(results: dict[Run, Result]) -> Rows:
    """The paper's rows, each followed by ours at its limits, by an evolution's, and by the paper's search run again."""
    kinds = {
        "tsnas": plan.table2(),
        "tsnas, evolution": plan.evolution(),
        "paper's search and space, run again": plan.repeated(),
    }
    limited = {name: list(grouped(runs, results).values()) for name, runs in kinds.items()}
    unlimited = iter(grouped(plan.baselines(), results).values())
    rows = []
    for index, (name, values) in enumerate(PAPER_TABLE2.items()):
        rows.append({"name": f"{name}, paper"} | paper_cells(*values))
        if values[1] is None:
            rows.append({"name": f"{name}, tsnas", "board": plan.L552} | cells(next(unlimited)))
        else:
            rows += [{"name": kind, "board": values[0]} | cells(own[index]) for kind, own in limited.items()]
    return rows


def ahead(results: dict[Run, Result], runs: Sequence[Run]) -> Rows:
    """For each network of table 2 what the worst seed of our runs has beside the paper's int8 macro-F1."""
    rows = []
    for values, own in zip(PAPER_TABLE2.values(), grouped(runs, results).values(), strict=False):
        if own and values[1] is not None:
            scores = [f1(result) * 100 for result in own]
            inside = all(r["latency_ms"] <= values[1] and r["ram_bytes"] <= values[2] for r in own)
            rows.append({"paper": values[4][1], "worst": min(scores), "mean": np.mean(scores), "inside": inside})
    return rows


def series(runs: Sequence[Run], results: dict[Run, Result], limit: str) -> Rows:
    """A row for each board and limit."""
    return [
        {"board": run.board, "limit": getattr(run, limit), "own": own} | cells(own)
        for run, own in grouped(runs, results).items()
    ]


def drops(rows: Rows, unit: str) -> list[str]:
    """Limits at which the mean int8 macro-F1 is below that of a tighter limit by more than both spreads."""
    found = []
    for board in dict.fromkeys(row["board"] for row in rows):
        own = [row for row in rows if row["board"] == board and row["own"]]
        for tight, loose in itertools.pairwise(own):
            (before, one), (after, two) = (mean_and_spread([f1(r) for r in row["own"]]) for row in (tight, loose))
            if after < before - (one or 0) - (two or 0):
                found.append(f"{loose['limit']:g} {unit} on `{board}`")
    return found


def draw(path: pathlib.Path, rows: Rows, cost: str, label: str, paper: dict[str, list[tuple[float, float, float]]]):
    """Accuracy on the left and macro-F1 on the right over a cost, a line for each board, as in the paper."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    for axis, metric, column in zip(figure.subplots(1, 2), ("accuracy", "macro_f1"), (1, 2), strict=True):
        for board in dict.fromkeys(row["board"] for row in rows):
            own = [row["own"] for row in rows if row["board"] == board and row["own"]]
            if not own:
                continue
            at = [float(np.mean([result[cost] for result in results])) for results in own]
            scores = [mean_and_spread([f1(result, "int8", metric) for result in results]) for results in own]
            means, spreads = [mean for mean, _ in scores], [spread or 0.0 for _, spread in scores]
            order = np.argsort(at)
            axis.errorbar(
                np.array(at)[order],
                np.array(means)[order],
                np.array(spreads)[order],
                marker="o",
                capsize=3,
                color=COLORS[board],
                label=f"tsnas, {board}",
            )
        for board, points in paper.items():
            axis.plot(
                [p[0] for p in points],
                [p[column] / 100 for p in points],
                "D",
                color=COLORS[board],
                mfc="none",
                label=f"paper, {board}",
            )
        axis.set(xlabel=label, ylabel=f"int8 {metric.replace('macro_f1', 'macro-F1')}, test users")
        if cost == "latency_ms":
            axis.set_xscale("log")
            axis.set_xticks([6, 12, 25, 50, 100, 200], labels=["6", "12", "25", "50", "100", "200"])
            axis.minorticks_off()
        else:
            axis.xaxis.set_major_locator(MaxNLocator(6))
        axis.grid(color="0.9", linewidth=0.6)
        axis.legend(fontsize=8, loc="center right" if paper else "lower right")
    figure.savefig(path, dpi=120)


def random_windows(results: dict[Run, Result]) -> Rows:
    """Both protocols at the limits of the journal version."""
    names = {
        protocols.RANDOM_WINDOWS: "windows at random (optimistic), defaults",
        protocols.RANDOM_LONGER: "windows at random (optimistic), 90 passes, sensors not turned",
        protocols.USERS: "users kept apart, defaults",
    }
    return [
        {
            "protocol": names[run.protocol],
            "limit": run.max_latency_ms,
            "journal": f"{JOURNAL[run.max_latency_ms or 0]:.2f}" if run.protocol != protocols.USERS else "",
        }
        | cells(own)
        for run, own in grouped(plan.random_windows(), results).items()
    ]


def write(folder: pathlib.Path, docs: pathlib.Path) -> str:
    """Writes paper.md and its pictures, and the figures in the README beside the folder of documents.

    Args:
        folder: where runs.json and figure2.json are.
        docs: where paper.md and the folder of images go.

    Returns:
        What was written, as text.
    """
    runs_file = folder / "runs.json"
    every = [*plan.table2(), *plan.baselines(), *plan.evolution(), *plan.repeated()]
    every += [*plan.figure8(), *plan.figure10(), *plan.random_windows()]
    skoda_protocol = protocols.SKODA
    if not results_of(plan.table1(protocol=protocols.SKODA), runs_file):
        skoda_protocol = protocols.SKODA_SYNTHETIC
    skoda = [*plan.table1(protocol=skoda_protocol), *plan.figure9(protocol=skoda_protocol)]
    results = results_of([*every, *skoda], runs_file)
    images = docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    latency_rows = sorted(
        series(plan.figure8(), results, "max_latency_ms"), key=lambda row: (row["board"], row["limit"])
    )
    ram_rows = series(plan.figure10(), results, "max_ram_kb")
    written = ["paper.md"]
    points: dict[str, list[tuple[float, float, float]]] = {}
    for board, latency, _, accuracy, macro_f1 in PAPER_TABLE2.values():
        if latency is not None:
            points.setdefault(board, []).append((latency, accuracy[1], macro_f1[1]))
    if any(row["own"] for row in latency_rows):
        draw(images / "paper_figure8.png", latency_rows, "latency_ms", "latency (ms, predicted)", points)
        written.append("paper_figure8.png")
    if any(row["own"] for row in ram_rows):
        draw(images / "paper_figure10.png", ram_rows, "ram_bytes", "tensor arena (bytes)", {})
        written.append("paper_figure10.png")
    latency_file = folder / "figure2.json"
    networks = json.loads(latency_file.read_text())["results"] if latency_file.exists() else {}
    if networks:
        figure2.draw(networks, str(images / "paper_figure2.png"))
        written.append("paper_figure2.png")
    dates = sorted({result["date"] for result in results.values()})
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    values = {
        "dates": " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else NOT_RUN,
        "runs": len(results),
        "planned": len({*every, *skoda}),
        "hours": sum(result["minutes"] for result in results.values()) / 60,
        "table2": table2(results),
        "ahead": ahead(results, plan.table2()),
        "figure2": networks,
        "figure2_paper": figure2.PAPER,
        "figure8": latency_rows,
        "figure8_drops": drops(latency_rows, "ms"),
        "figure10": ram_rows,
        "figure10_drops": drops(ram_rows, "KB"),
        "random_windows": random_windows(results),
        "skoda_synthetic": skoda_protocol == protocols.SKODA_SYNTHETIC,
        "table1": [
            row
            for (name, paper), own in zip(
                PAPER_TABLE1.items(), grouped(plan.table1(protocol=skoda_protocol), results).values(), strict=True
            )
            for row in (
                {"name": f"{name}, paper"} | paper_cells(*paper),
                {"name": "tsnas", "board": paper[0]} | cells(own),
            )
        ],
        "figure9": series(plan.figure9(protocol=skoda_protocol), results, "max_latency_ms"),
    }
    page = environment.from_string(TEMPLATE.read_text()).render(values)
    write_file(docs / "paper.md", page)
    readme = docs.parent / "README.md"
    if readme.exists() and README_START in readme.read_text():
        write_file(readme, with_figures(readme.read_text(), results))
        written.append("README.md")
    return ", ".join(written)


def with_figures(readme: str, results: dict[Run, Result]) -> str:
    """The README with its headline figures as the results say, which are those of the package's defaults."""
    lines = ["| UCI-HAR, int8, unseen users | limits | paper's macro-F1 | tsnas |", "|---|---|---|---|"]
    for values, own in zip(PAPER_TABLE2.values(), grouped(plan.table2(), results).values(), strict=False):
        board, latency, ram, _, macro_f1 = values
        if latency is not None:
            limits = f"{latency:g} ms, {ram / 1024:g} KB"
            ours = f"{cells(own)['f1_int8']}%" if own else NOT_RUN
            lines.append(f"| `{board}` | {limits} | {macro_f1[1]:.2f}% | {ours} |")
    before, rest = readme.split(README_START)
    return before + README_START + "\n" + "\n".join(lines) + "\n" + README_END + rest.split(README_END)[1]

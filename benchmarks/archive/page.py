"""Makes docs/archive.md, and the sentence on it in docs/benchmarks.md, from the rows of results."""

from __future__ import annotations

import collections
import pathlib
from collections.abc import Sequence
from typing import Any

import jinja2
import numpy as np

from benchmarks.archive import tables
from benchmarks.archive.methods import METHODS
from benchmarks.archive.tables import DRAW_MARGIN, Row
from benchmarks.engine import mean_and_spread
from tsnas.system.files import write_file

TEMPLATE = pathlib.Path(__file__).with_name("archive.md.j2")
SUMMARY_PAGE = "benchmarks.md"
SUMMARY_START, SUMMARY_END = "<!-- summary of many sets -->", "<!-- end of the summary -->"
NOT_RUN = "Not run yet."
OURS, SEARCH, DRAWS = "tsnas", "tsnas_evolution", "tsnas_draws"

# Board, latency in ms and RAM in KB; None without rows of tsnas.
Limits = tuple[str, float, float] | None


def limits_of(rows: Sequence[Row]) -> list[Limits]:
    """Returns the pairs of limits, with their board, that rows were made for: the tightest first.

    Rows of methods that know of no limits are compared with each other if there are no others.
    """
    found = {(row["board"], row["max_latency_ms"], row["max_ram_kb"]) for row in rows if row["board"] is not None}
    return [*sorted(found)] or ([None] if rows else [])


def name_of(limits: Limits) -> str:
    """Returns a pair of limits as text."""
    return "Without limits" if limits is None else f"{limits[1]:g} ms, {limits[2]:g} KB"


def compared(rows: Sequence[Row], limits: Limits) -> list[Row]:
    """Returns the rows for these limits, and on the same sets those of methods that know of none."""
    names = ("board", "max_latency_ms", "max_ram_kb")
    if limits is None:
        return [row for row in rows if row["board"] is None]
    own = [row for row in rows if tuple(row[name] for name in names) == limits]
    sets = {row["set"] for row in own}
    return [*own, *(row for row in rows if row["board"] is None and row["set"] in sets)]


def mean_of(rows: Sequence[Row], name: str) -> float | None:
    """Returns the mean of a column; None if no row has it."""
    values = [row[name] for row in rows if row.get(name) is not None]
    return float(np.mean(values)) if values else None


def number(value: float | None, digits: int) -> str:
    """Returns a number as text; nothing for None."""
    return "" if value is None else f"{value:,.{digits}f}"


def score_cell(values: Sequence[float]) -> str:
    """Returns mean and standard deviation over seeds as text; nothing without any."""
    if not values:
        return ""
    mean, spread = mean_and_spread(values)
    return f"{mean:.3f}" + ("" if spread is None else f" ± {spread:.3f}")


def set_lines(rows: Sequence[Row], methods: Sequence[str]) -> list[list[str]]:
    """Returns a line for each set: its size, scores of the methods, and the costs of what tsnas found."""
    scores = tables.scores_by_set(rows)
    lines = []
    for name in sorted(scores, key=str.lower):
        of_set = [row for row in rows if row["set"] == name]
        ours = [row for row in of_set if row["method"] == OURS]
        first = of_set[0]
        size = (
            f"{first['windows']:,}, {first['length']:,} \N{MULTIPLICATION SIGN} {first['channels']}, {first['classes']}"
        )
        costs = [number(mean_of(ours, column), 1) for column in ("latency_ms", "ram_kb", "flash_kb")]
        used, seconds = number(mean_of(ours, "used"), 2), number(mean_of(ours, "cpu_seconds"), 0)
        cells = [score_cell(scores[name].get(method, [])) for method in methods]
        lines.append([name, size, *cells, *costs, used, seconds])
    return lines


def ranked(means: tables.Means, methods: Sequence[str]) -> list[str]:
    """Returns the methods with means and ranks: those that were run on every set, if tsnas is one of them, else all."""
    everywhere = [method for method in methods if all(method in of_set for of_set in means.values())]
    return everywhere if OURS in everywhere else list(methods)


def method_lines(rows: Sequence[Row], methods: Sequence[str]) -> list[list[str]]:
    """Returns a line for each method: means and ranks of those that have them, what tsnas wins and loses."""
    accuracy, macro_f1 = (tables.means_of(tables.scores_by_set(rows, metric)) for metric in ("accuracy", "macro_f1"))
    with_ranks = ranked(accuracy, methods)
    sets = tables.complete_sets(accuracy, with_ranks)
    ranks = tables.mean_ranks(accuracy, with_ranks)
    lines = []
    for method in methods:
        own = [row for row in rows if row["method"] == method and row["set"] in sets]
        ahead = tables.differences(accuracy, OURS, method) if method != OURS else {}
        means = [
            float(np.mean([of[name][method] for name in sets])) if sets and method in ranks else None
            for of in (accuracy, macro_f1)
        ]
        won = " / ".join(map(str, tables.win_draw_loss(ahead.values()))) if ahead else ""
        seeds = len({row["seed"] for row in rows if row["method"] == method})
        seconds = number(mean_of(own, "cpu_seconds"), 1)
        cells = [number(mean, 3) for mean in means]
        lines.append([METHODS[method].title, str(seeds), *cells, number(ranks.get(method), 2), won, seconds])
    return lines


def section(rows: Sequence[Row], limits: Limits) -> dict[str, Any]:
    """Returns what the page says of one pair of limits."""
    rows = compared(rows, limits)
    methods = [method for method in METHODS if any(row["method"] == method for row in rows)]
    means = tables.means_of(tables.scores_by_set(rows))
    return {
        "limits": name_of(limits),
        "board": limits and limits[0],
        "titles": [METHODS[method].title for method in methods],
        "sets": set_lines(rows, methods),
        "complete": len(tables.complete_sets(means, ranked(means, methods))),
        "methods": method_lines(rows, methods),
        "signed_rank": [signed_rank(means, *pair) for pair in ((SEARCH, DRAWS), (OURS, SEARCH))],
        "int8": int8_words(rows),
        "most_used": max((row["used"] for row in rows if row.get("used") is not None), default=None),
    }


def signed_rank(means: dict[str, dict[str, float]], one: str, other: str) -> str:
    """Returns a sentence on whether one method is ahead of another; nothing if no set has both."""
    ahead = tables.differences(means, one, other)
    return tables.signed_rank_words(ahead, METHODS[one].title, METHODS[other].title) if ahead else ""


def int8_words(rows: Sequence[Row]) -> str:
    """Returns a sentence on what int8 loses at most; nothing without int8 models."""
    found = tables.largest_int8_loss(row for row in rows if row["method"] == OURS)
    if found is None:
        return ""
    loss, row = found
    place = f"({row['set']}, seed {row['seed']})"
    if loss <= 0:
        return f"No int8 model of tsnas is less accurate than its float model; the least gain is {-loss:.4f} {place}."
    return f"The int8 model of tsnas loses at most {loss:.4f} of the accuracy of its float model {place}."


def made_with(rows: Sequence[Row]) -> list[str]:
    """Returns, for each commit of the sources and each version of aeon, how many rows were made with it."""
    counts: collections.Counter[str] = collections.Counter()
    for row in rows:
        if row["commit"] is not None:
            counts[f"tsnas {row['versions']['tsnas']} at {row['commit']}"] += 1
        elif "aeon" in row["versions"]:
            counts[f"aeon {row['versions']['aeon']}"] += 1
    return [f"{what} ({count} row{'s' * (count != 1)})" for what, count in sorted(counts.items())]


def page(rows: Sequence[Row]) -> str:
    """Returns the text of docs/archive.md."""
    dates = sorted({row["date"] for row in rows})
    epochs = sorted({row["settings"]["epochs"] for row in rows if row["method"] == "lite"})
    values = {
        "not_run": NOT_RUN,
        "rows": len(rows),
        "dates": " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "",
        "made_with": "; ".join(made_with(rows)),
        "lite_epochs": " or ".join(map(str, epochs)),
        "hours": sum(row["cpu_seconds"] for row in rows) / 3600,
        "margin": DRAW_MARGIN,
        "sections": [section(rows, limits) for limits in limits_of(rows)],
    }
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(values)


def summary(rows: Sequence[Row]) -> str:
    """Returns the sentence of docs/benchmarks.md, in one line."""
    sentences = []
    for limits in limits_of(rows):
        own = compared(rows, limits)
        methods = [method for method in METHODS if any(row["method"] == method for row in own)]
        means = tables.means_of(tables.scores_by_set(own))
        methods = ranked(means, methods)
        sets, ranks = tables.complete_sets(means, methods), tables.mean_ranks(means, methods)
        if not sets:
            continue
        each = [
            f"{METHODS[method].title} {np.mean([means[name][method] for name in sets]):.3f} (rank {ranks[method]:.2f})"
            for method in methods
        ]
        sentences.append(f"{name_of(limits)}, on {len(sets)} sets: {', '.join(each)}.")
    if not sentences:
        return NOT_RUN
    return f"Mean accuracy and mean rank. {' '.join(sentences)} (`archive.json`)"


def with_summary(text: str, rows: Sequence[Row]) -> str:
    """Returns a page with the sentence between its markers as the rows say."""
    before, _, rest = text.partition(SUMMARY_START)
    return f"{before}{SUMMARY_START}{summary(rows)}{SUMMARY_END}{rest.partition(SUMMARY_END)[2]}"


def write(rows: Sequence[Row], docs: pathlib.Path) -> list[str]:
    """Writes archive.md into a folder, and the sentence into its benchmarks.md if it has the markers.

    Returns:
        list of the names of the files that were written.
    """
    docs.mkdir(parents=True, exist_ok=True)
    write_file(docs / "archive.md", page(rows))
    summary_page = docs / SUMMARY_PAGE
    if not summary_page.exists() or SUMMARY_START not in summary_page.read_text(encoding="utf-8"):
        return ["archive.md"]
    write_file(summary_page, with_summary(summary_page.read_text(encoding="utf-8"), rows))
    return ["archive.md", SUMMARY_PAGE]

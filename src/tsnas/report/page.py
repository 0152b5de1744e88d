"""Renders the report as one self-contained web page, from its facts and charts."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jinja2

from tsnas.cost.estimate import SOURCE_MARKS
from tsnas.cost.limits import BYTES_PER_KB
from tsnas.report import charts, text, wording
from tsnas.report.memory_chart import memory_chart
from tsnas.report.network_chart import draw_network
from tsnas.report.plain_chart import draw_plain

# Lists of up to this many rows are shown; longer ones are collapsed, and left out in print.
SHORT = 12
KINDS = ("float", "int8")


@functools.cache
def make_environment() -> jinja2.Environment:
    """Returns the template environment of the report; templates of web pages escape all values."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("tsnas.report"),
        autoescape=jinja2.select_autoescape(("html",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (
        text.kb,
        text.percent,
        text.score,
        text.number,
        text.shape,
        text.size,
        text.plural,
        text.prose,
    )
    found.filters |= {function.__name__: function for function in filters}
    found.filters["markdown"] = text.markdown
    found.globals |= {"words": wording, "bar": charts.draw_bar, "marked": find_mark}
    return found


def render_page(facts: dict[str, Any]) -> str:
    """Renders the web page from a dict of facts."""
    model = facts["model"]
    test = facts["test"]
    layers = facts["layers"]
    return (
        make_environment()
        .get_template("report.html")
        .render(
            facts=facts,
            names=[text.name(str(label)) for label in model["classes"]],
            layers=layers,
            most={key: max(layer[key] for layer in layers) for key in ("latency_ms", "ram_bytes", "weight_bytes")},
            totals={
                key: sum(layer[key] for layer in layers) for key in ("params", "macs", "latency_ms", "weight_bytes")
            },
            matrices=[] if test is None else [(kind, _add_fractions(test[kind]["confusion"])) for kind in KINDS],
            memory_chart=memory_chart(facts["memory"]),
            cells=draw_network(model["time"], model["channels"], len(model["classes"]), model["cells"]),
            trace=_draw_trace(facts),
            contest_chart=None
            if facts["contest"] is None or wording.is_alone(facts)
            else charts.contest_chart(facts["contest"], _find_limit(facts, "latency")),
            plain_chart=None if facts["plain"] is None else draw_plain(facts["plain"]),
            settings=_list_settings(facts["settings"]),
            short=SHORT,
            size=_choose_layout(facts),
        )
    )


def find_mark(source: str) -> str:
    """Returns the mark of a latency's source, which is empty for the fitted model."""
    return SOURCE_MARKS[source]


def _add_fractions(confusion: list[list[int]]) -> list[list[tuple[int, float]]]:
    """Pairs each count with its fraction of the windows of the true class."""
    return [[(count, count / max(sum(row), 1)) for count in row] for row in confusion]


def _find_limit(facts: dict[str, Any], name: str) -> float | None:
    return next(row["limit"] for row in facts["limits"] if row["name"] == name)


def _draw_trace(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Draws charts of the search, if there was one, and of the training."""
    history = facts["history"]
    found = []
    search = history["search"]
    if search:
        ram = [None if value is None else value / BYTES_PER_KB for value in search["expected_ram_bytes"]]
        ram_limit = _find_limit(facts, "RAM")
        ram_limit = None if ram_limit is None else ram_limit / BYTES_PER_KB
        latency = search["expected_latency_ms"]
        decisions = [("entropy", "blue", search["entropy"]), ("settled", "orange", search["settled"])]
        best = "validation, best path so far" if facts["settings"]["strategy"] == "evolution" else "validation"
        accuracy = [("training", "orange", search["accuracy"]), (best, "blue", search["val_accuracy"])]
        parts = search.get("part", [])
        found = [
            _draw_chart(
                "Expected latency, ms", [("expected", "blue", latency)], _find_limit(facts, "latency"), parts=parts
            ),
            _draw_chart("Expected RAM, KB", [("expected", "blue", ram)], ram_limit, parts=parts),
            _draw_chart("Decisions", decisions, top=1.0, parts=parts),
            _draw_chart("Accuracy of the supernet", accuracy, top=1.0, parts=parts),
        ]
    training = [value for phase in ("train", "quantise") for value in (history[phase] or {}).get("accuracy", [])]
    if training:
        floats = len((history["train"] or {}).get("accuracy", []))
        series = [
            ("float", "blue", training[:floats]),
            ("quantisation-aware", "orange", [None] * floats + training[floats:]),
        ]
        found.append(_draw_chart("Final training: accuracy on training windows", series, top=1.0))
    return found


def _draw_chart(
    title: str, series: list, limit: float | None = None, top: float = 0.0, parts: Sequence[float] = ()
) -> dict[str, Any]:
    """Draws a chart over epochs; lines end with each part of the space, as the next part has its own supernet."""
    keys = [(name, class_) for name, class_, _ in series] if len(series) > 1 else []
    if limit is not None:
        title += f" (limit {text.number(limit)})"
    if parts:
        series = [
            (name, class_, [value if own == part else None for value, own in zip(values, parts, strict=True)])
            for part in dict.fromkeys(parts)
            for name, class_, values in series
        ]
    return {"title": title, "keys": keys, "svg": charts.epochs_chart(title, series, limit, top)}


def _list_settings(settings: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, value in settings.items():
        if isinstance(value, dict):
            rows += [(f"{name}.{key}", str(item)) for key, item in value.items()]
        elif name == "space" and isinstance(value, list):
            rows += [(f"{name}[{n}].{key}", str(item)) for n, part in enumerate(value) for key, item in part.items()]
        else:
            rows.append((name, "default" if value is None else str(value)))
    return rows


def _choose_layout(facts: dict[str, Any]) -> str:
    """Returns the layout class for print with which the page fits on two sheets."""
    rows = len(facts["layers"]) + (2 if facts["test"] else 1) * len(facts["model"]["classes"])
    return "small" if rows <= 40 else "medium" if rows <= 70 else "large" if rows <= 100 else "huge"

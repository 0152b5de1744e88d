"""Shows a model in a notebook: a small table with the verdict on each limit."""

from __future__ import annotations

import html
from typing import Any

from tsnas.model.model import Model
from tsnas.report import costs, origin, text

# Without its own colours, so that it is legible in light and dark notebooks.
TABLE = """<table>
<caption>{caption}</caption>
<thead><tr><th></th><th>model</th><th>limit</th><th>used</th><th></th></tr></thead>
<tbody>
{rows}
</tbody>
</table>"""


def verdict_html(model: Model) -> str:
    """Returns the HTML table that represents a fitted classifier in a notebook.

    Args:
        model: `Model`.

    Returns:
        str: the board, the architecture's macro-F1 on validation windows if there was a contest, and for each cost the
        model's value, its limit, the used percentage of it and the verdict.
    """
    shown = [f"{len(model.classes)} classes on {html.escape(model.board.name)} with {model.board.kernels} kernels"]
    contest = origin.contest_facts(model.history.get("contest"), model.estimate.latency_ms)
    if contest is not None and contest["winner_is_the_model"]:
        macro_f1 = contest["finalists"][contest["winner"]]["macro_f1"]
        shown.append(f"validation macro-F1 {text.score(macro_f1)} after brief training")
    rows = [_format_row(fact) for fact in costs.limit_facts(model.estimate, model.limits)]
    return TABLE.format(caption="AutoClassifier: " + ", ".join(shown), rows="\n".join(rows))


def _format_row(fact: dict[str, Any]) -> str:
    cells = (
        _format_amount(fact["value"], fact["unit"]),
        _format_amount(fact["limit"], fact["unit"]),
        text.percent(fact["used"]),
    )
    return (
        f"<tr><th>{fact['name']}</th>"
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + f"<td>{html.escape(fact['verdict'])}</td></tr>"
    )


def _format_amount(value: float | None, unit: str) -> str:
    if value is None:
        return text.DASH
    return text.size(value) if unit == "bytes" else f"{value:.4g} {unit}"

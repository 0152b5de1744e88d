"""Writes the model card: the model, its data, its scores and its limitations."""

from __future__ import annotations

from typing import Any

from tsnas.report import text, wording
from tsnas.report.page import make_environment


def render_card(facts: dict[str, Any]) -> str:
    """Renders the model card from a dict of facts, in Markdown."""
    return (
        make_environment()
        .get_template("model_card.md")
        .render(
            facts=facts,
            names=[text.markdown(str(label)) for label in facts["model"]["classes"]],
            limitations=list_limitations(facts),
        )
    )


def list_limitations(facts: dict[str, Any]) -> list[str]:
    """Lists the limitations that follow from the facts, one sentence each."""
    found = [wording.prediction(facts)]
    if facts["board"]["trust"]:
        found.append(facts["board"]["trust"])
    note = wording.margin_note(facts)
    if note:
        found.append(note)
    sources = facts["latency"]["sources"]
    for source in ("extrapolated", "emulated", "derived"):
        if source in sources:
            row = sources[source]
            found.append(
                f"{row['ms']:.2f} ms of the latency, in {text.plural(row['operators'], 'operator')}, are {source}: "
                f"{row['meaning']}."
            )
    if any(row["verdict"] == wording.NOT_JUDGED for row in facts["limits"]):
        found.append("The limit on energy was not judged: the power of the board is not known.")
    found.append("RAM is the tensor arena and flash is the model file; the rest of the firmware needs some of both.")
    if facts["test"] is None:
        found.append("No test windows were given, so the model's performance on unseen windows is not known.")
    data = facts["data"]
    if data is None:
        found.append("The classifier was saved by an earlier version, which stored no summary of its training data.")
    elif data["groups"] is None:
        found.append(
            "No groups were given for the training windows: it is not known whether windows of the same user or "
            "recording were in both training and validation."
        )
    else:
        found.append(
            f"The training windows come from {text.plural(data['groups'], 'group')}; other users, devices and mounting "
            "positions are unseen."
        )
    if data is not None and min(data["class_counts"]) * 3 < max(data["class_counts"]):
        found.append(
            f"The classes are imbalanced: the rarest has {text.plural(min(data['class_counts']), 'training window')}, "
            f"the most frequent {max(data['class_counts']):,}."
        )
    if facts["rejection"] is None:
        found.append("The model knows only its classes: it assigns one of them to a window of anything else, too.")
    else:
        found.append(wording.rejection_note(facts))
    smoothed = wording.smoothing_note(facts)
    if smoothed is not None:
        found.append(smoothed)
    found.append(
        "Input must be sampled, cut and standardised in the same way as the training windows; the model cannot tell if "
        "it is not."
    )
    return found

"""The model card: what the model is, what it was made from, how well it does, and what it is not good for."""

from __future__ import annotations

from typing import Any

from tsnas.report import text, wording
from tsnas.report.page import environment


def card(facts: dict[str, Any]) -> str:
    """The model card of a dict of facts, in Markdown."""
    return (
        environment()
        .get_template("model_card.md")
        .render(
            facts=facts,
            names=[text.markdown(str(label)) for label in facts["model"]["classes"]],
            limitations=limitations(facts),
        )
    )


def limitations(facts: dict[str, Any]) -> list[str]:
    """What to keep in mind, one sentence for each; only what follows from the facts."""
    found = [wording.prediction(facts)]
    note = wording.margin_note(facts)
    if note:
        found.append(note)
    sources = facts["latency"]["sources"]
    for source in ("extrapolated", "derived"):
        if source in sources:
            row = sources[source]
            found.append(
                f"{row['ms']:.2f} ms of the latency, in {text.plural(row['operators'], 'operator')}, are {source}: "
                f"{row['meaning']}."
            )
    if any(row["verdict"] == wording.NOT_JUDGED for row in facts["limits"]):
        found.append("The limit on energy was not judged: the power of the board is not known.")
    found.append("RAM is the tensor arena and flash the model file; the firmware around them needs some of both.")
    if facts["test"] is None:
        found.append("No test windows were given, so how well the model does on unseen windows is not known.")
    data = facts["data"]
    if data is None:
        found.append("The classifier was saved by an earlier version, which kept no summary of its training data.")
    elif data["groups"] is None:
        found.append(
            "No groups were given for the training windows: whether users or recordings were mixed over training and "
            "validation is not known."
        )
    else:
        found.append(
            f"The training windows come from {text.plural(data['groups'], 'group')}; users, devices and ways of "
            "mounting that are not among them are unseen."
        )
    if data is not None and min(data["class_counts"]) * 3 < max(data["class_counts"]):
        found.append(
            f"The classes are uneven: the rarest has {text.plural(min(data['class_counts']), 'training window')}, "
            f"the most frequent {max(data['class_counts']):,}."
        )
    found.append("The model knows its classes only: a window of anything else is given one of them as well.")
    found.append(
        "Input must be sampled, cut and standardised as the training windows were; the model cannot tell if it is not."
    )
    return found

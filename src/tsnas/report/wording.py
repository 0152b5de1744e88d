"""Sentences of a report that the page and the card share; each follows from the facts."""

from __future__ import annotations

from typing import Any

from tsnas.cost.estimate import with_margin
from tsnas.report.costs import KEPT, NOT_JUDGED, OVER
from tsnas.report.text import count, kb, listed, number, percent, plural, score, size
from tsnas.search.paths import WELL_USED

STRATEGIES = {
    "evolution": "evolution with the weights of a supernet",
    "micronas": "the search of the MicroNAS paper",
    "gumbel": "Gumbel-softmax without hardware losses",
    "darts": "DARTS without hardware losses",
    "random": "random draws that fit, without a supernet",
    "bayesian": "Bayesian optimisation over architectures by keras-tuner, without a supernet",
    "hyperband": "hyperband over architectures by keras-tuner, without a supernet",
}


def cost(row: dict[str, Any], key: str) -> str:
    """A cost or its limit with its unit, such as `21.72 ms (± 0.14)` or `10.6 KB`."""
    value = row[key]
    if value is None:
        return "not known" if key == "value" else "none"
    if row["unit"] == "bytes":
        return f"{kb(value)} KB"
    if key == "value" and row["margin"] is not None:
        return with_margin(value, row["margin"])
    return f"{number(value)} {row['unit']}"


def verdict(facts: dict[str, Any]) -> str:
    """The whole outcome in one sentence."""
    rows = {row["name"]: row for row in facts["limits"]}
    over = [row["name"] for row in facts["limits"] if row["verdict"] == OVER]
    given = any(row["limit_from"] == "given" and row["verdict"] == KEPT for row in facts["limits"])
    if over:
        start = f"This model is over its limit on {listed(over)}"
    elif given:
        start = "This model keeps every limit"
        if any(row["verdict"] == NOT_JUDGED for row in facts["limits"]):
            start += " that could be judged"
    else:
        start = "This model fits the board, and no other limit was given"
    costs = f"{cost(rows['latency'], 'value')}, {cost(rows['RAM'], 'value')} of RAM and {cost(rows['flash'], 'value')}"
    sentence = f"{start}: one inference takes {costs} of flash on {facts['board']['name']}"
    if facts["test"]:
        reached = score(facts["test"]["int8"]["macro_f1"])
        windows = plural(facts["test"]["windows"], "test window")
        return f"{sentence}, and the int8 model reaches a macro-F1 of {reached} on {windows}."
    return f"{sentence}; how well it does on windows that it has not seen was not tested."


def margin_note(facts: dict[str, Any]) -> str | None:
    """What to know where the margin of the latency reaches over its limit."""
    row = next(row for row in facts["limits"] if row["name"] == "latency")
    if row["limit"] is None or row["verdict"] != KEPT or row["value"] + row["margin"] <= row["limit"]:
        return None
    return "The limit on latency lies within the margin of the prediction: measure on the device before you rely on it."


def prediction(facts: dict[str, Any]) -> str:
    """What the latency is worth."""
    latency, board = facts["latency"], facts["board"]
    return (
        f"Latency is predicted for {board['name']} at {board['clock_hz'] / 1e6:g} MHz, not measured on your device. "
        f"The latency model's error per operator is {percent(latency['model_error_median'], 1)} in the median and "
        f"{percent(latency['model_error_p95'], 1)} at the 95th percentile, judged on "
        f"{plural(latency['model_error_operators'], 'operator')} ({latency['model_error_split']})."
    )


def validation(facts: dict[str, Any]) -> str:
    """How validation windows were found, as far as that is known."""
    data = facts["data"]
    if data is None:
        return "How validation windows were split off is not known: the classifier was saved by an earlier version."
    how = data["validation"]
    windows = listed([f"{count:,}" for count in dict.fromkeys(how["windows"])])
    if how["how"] == "given":
        return f"Architectures were judged on {windows} validation windows that the caller gave."
    if how["how"] == "by group":
        held_out = listed([f"{count:,}" for count in dict.fromkeys(how["groups"])])
        split = f"whole groups were kept on one side ({held_out} of {data['groups']:,} for validation)"
    else:
        split = "each class was split by itself, so windows that overlap may be on both sides"
    return (
        f"To judge architectures, {windows} validation windows were split off the training windows twice; {split}. "
        "The found network was then trained on all training windows."
    )


def signal(facts: dict[str, Any]) -> str | None:
    """How windows were taken from recordings; None if windows were given."""
    taken = facts["signal"]
    if taken is None:
        return None
    text = f"Windows of {taken['window']} samples, one every {taken['stride']}"
    if taken["decimation"] > 1:
        text += f", each sample the mean of {taken['decimation']} raw ones"
    if taken["channels"] is not None:
        text += f", of channels {listed([str(channel) for channel in taken['channels']])}"
    if taken["rate_hz"] is not None:
        due_ms = taken["stride"] * taken["decimation"] / taken["rate_hz"] * 1000.0
        text += f"; at {taken['rate_hz']:g} Hz the next window is due after {due_ms:g} ms"
    return f"{text}. The exported firmware takes raw samples and does the same."


def untested(facts: dict[str, Any]) -> str:
    """What to say in the place of test scores."""
    text = "No test windows were given: nothing was held out to score this model."
    if facts["contest"] is None:
        return f"{text} There was no contest either, so there are no validation scores."
    return (
        f"{text} Below are the contest's validation scores of its architecture: of the float network after a short "
        "training, on the windows by which it was chosen. They are not scores of the finished model."
    )


def pruned(facts: dict[str, Any]) -> str:
    """How far the limits cut the space down."""
    counts = facts["architectures"]
    if counts is None:
        return "How many architectures the limits left is not known."
    before, after = count(counts["before"]), count(counts["after"])
    parts = set((facts["history"]["search"] or {}).get("part", []))
    how = f" Its {len(parts)} parts were searched one after the other." if parts else ""
    if before == after:
        return f"The space has {before} architectures. The limits rule out no single choice in it.{how}"
    left = f"{after} were left once choices that no fitting one has were pruned."
    return f"The space has {before} architectures; {left}{how}"


def contest(facts: dict[str, Any]) -> str:
    """Who won the contest, and by what."""
    outcome = facts["contest"]
    if outcome is None:
        return "One architecture was taken as it was found: there was no contest."
    winner = outcome["finalists"][outcome["winner"]]
    second = winner["second_macro_f1"]
    text = (
        f"{plural(len(outcome['finalists']), 'finalist')} were trained for a short while and judged on validation "
        f"windows. Number {outcome['winner'] + 1} won, with a macro-F1 of {score(winner['macro_f1'])}"
    )
    text += "." if second is None else f" in the first round and {score(second)} in the second."
    if outcome["left_out"]:
        text += (
            f" {plural(len(outcome['left_out']), 'finalist')} that would use less than {percent(WELL_USED)} of the "
            "tightest limit came no further than the first."
        )
    if not outcome["winner_is_the_model"]:
        text += " Its file was over a limit, so a smaller architecture was derived in its place."
    return text


def stream(facts: dict[str, Any]) -> str:
    """RAM of firmware that takes samples as they come."""
    model, row = facts["model"], facts["stream"]
    return (
        f"Firmware that takes samples one by one also needs a ring buffer of one window as int8: for {model['time']} "
        f"samples of {plural(model['channels'], 'channel')} it takes {row['buffer_bytes']:,} bytes, "
        f"{size(row['with_arena_bytes'])} together with the arena."
    )


def strategy(facts: dict[str, Any]) -> str:
    """How candidates were found, in words."""
    name = facts["settings"]["strategy"]
    return STRATEGIES.get(name, str(name))

"""The sentences that the page and the model card of a report share; each follows from the facts."""

from __future__ import annotations

from typing import Any

from tsnas.cost.estimate import MODELS
from tsnas.cost.verdicts import KEPT, NOT_CERTAIN, NOT_JUDGED, OVER, with_margin
from tsnas.model.plain_scores import CONTEST
from tsnas.plain.rivals import MOST_WINDOWS
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
# What ends the outcome of a contest whose winner did not fit.
REPLACED = " Its file exceeded a limit, so a smaller architecture was derived instead."


def cost(row: dict[str, Any], key: str) -> str:
    """Formats a cost or its limit with its unit, such as `21.72 ms (± 0.14)` or `10.6 KB`."""
    value = row[key]
    if value is None:
        return "not known" if key == "value" else "none"
    if row["unit"] == "bytes":
        return f"{kb(value)} KB"
    if key == "value" and row["margin"] is not None:
        return with_margin(value, row["margin"], row["unit"])
    return f"{number(value)} {row['unit']}"


def rejection_note(facts: dict[str, Any]) -> str:
    """States how many windows are rejected, and what this does not promise."""
    rejection, test = facts["rejection"], facts["test"] or {}
    shares = [f"{percent(rejection['rejected'])} of the validation windows"]
    if "rejected" in test:
        shares.append(f"{percent(test['rejected'])} of the test windows")
    if rejection["other"] is not None:
        shares.append(f"{percent(rejection['other'])} of the windows of no class that it was given")
    if "other_rejected" in test:
        shares.append(f"{percent(test['other_rejected'])} of those in the test")
    return (
        "Windows whose channels have means, spreads and speeds unlike those of every class are rejected: "
        f"{listed(shares)}. "
        "Something else that resembles a class in all of them still gets a class. The firmware's tables for it take "
        f"{rejection['table_bytes']:,} bytes, which are not in the model file."
    )


def verdict(facts: dict[str, Any]) -> str:
    """States the whole outcome in one sentence."""
    rows = {row["name"]: row for row in facts["limits"]}
    over = [row["name"] for row in facts["limits"] if row["verdict"] == OVER]
    doubtful = [row["name"] for row in facts["limits"] if row["verdict"] == NOT_CERTAIN]
    given = any(row["limit_from"] == "given" and row["verdict"] == KEPT for row in facts["limits"])
    if over:
        start = f"This model is over its limit on {listed(over)}"
    elif doubtful:
        start = f"It is not certain that this model keeps its limit on {listed(doubtful)}"
    elif given:
        start = "This model keeps every limit, even at the upper end of its margin"
        if any(row["verdict"] == NOT_JUDGED for row in facts["limits"]):
            start += " that could be judged"
    else:
        start = "This model fits the board, and no other limit was given"
    costs = f"{cost(rows['latency'], 'value')}, {cost(rows['RAM'], 'value')} of RAM and {cost(rows['flash'], 'value')}"
    place = f"{facts['board']['name']} with {facts['board']['kernels']} kernels"
    sentence = f"{start}: one inference takes {costs} of flash on {place}"
    if facts["test"]:
        reached = score(facts["test"]["int8"]["macro_f1"])
        windows = plural(facts["test"]["windows"], "test window")
        return f"{sentence}, and the int8 model reaches a macro-F1 of {reached} on {windows}."
    return f"{sentence}; it was not tested on unseen windows."


def margin_note(facts: dict[str, Any]) -> str | None:
    """Warns if only the predicted value of a cost keeps its limit; else returns None."""
    doubtful = [row for row in facts["limits"] if row["verdict"] == NOT_CERTAIN]
    if not doubtful:
        return None
    parts = [
        f"{row['name']} may be up to {number(row['value'] + row['margin'])} {row['unit']}, and only the predicted "
        f"value is within the limit of {number(row['limit'])} {row['unit']}"
        for row in doubtful
    ]
    return f"Not certain: {listed(parts)}. Measure on the device before you rely on it."


def prediction(facts: dict[str, Any]) -> str:
    """States how reliable the latency is."""
    latency, board = facts["latency"], facts["board"]
    return (
        f"Latency is predicted for {board['name']} at {board['clock_hz'] / 1e6:g} MHz with {board['kernels']} kernels "
        f"({board['kernel_library']}), not measured on your device; other kernels take other times. {_error(latency)}"
    )


def _error(latency: dict[str, Any]) -> str:
    n = latency["model_error_operators"]
    if not n:
        return "The error of the latency model was not measured."
    median, last = percent(latency["model_error_median"], 1), percent(latency["model_error_p95"], 1)
    if latency["model_error_of"] == MODELS:
        return (
            f"The latency model's error is {median} in the median and {last} at most, judged on "
            f"{plural(n, 'whole model')} ({latency['model_error_split']})."
        )
    return (
        f"The latency model's error per operator is {median} in the median and {last} at the 95th percentile, "
        f"judged on {plural(n, 'operator')} ({latency['model_error_split']})."
    )


def validation(facts: dict[str, Any]) -> str:
    """States how validation windows were chosen, if that is known."""
    data = facts["data"]
    if data is None:
        return "It is not known how validation windows were chosen: the classifier was saved by an earlier version."
    how = data["validation"]
    windows = listed([f"{count:,}" for count in dict.fromkeys(how["windows"])])
    if how["how"] == "given":
        return f"Architectures were judged on {windows} validation windows given by the caller."
    if how["how"] == "by group":
        held_out = listed([f"{count:,}" for count in dict.fromkeys(how["groups"])])
        split = f"whole groups were kept on one side ({held_out} of {data['groups']:,} for validation)"
    else:
        split = "each class was split separately, so overlapping windows may be on both sides"
    splits = len(how["windows"])
    times = {1: "once", 2: "twice"}.get(splits, f"{splits} times")
    return (
        f"To judge architectures, {windows} validation windows were split off the training windows {times}; {split}. "
        "The chosen network was then trained on all training windows."
    )


def signal(facts: dict[str, Any]) -> str | None:
    """States how windows were cut from recordings; None if windows were given."""
    taken = facts["signal"]
    if taken is None:
        return None
    text = f"Windows of {taken['window']} samples, one every {taken['stride']}"
    if taken["decimation"] > 1:
        text += f", with {taken['decimation']} raw samples averaged into one"
    if taken["channels"] is not None:
        text += f", of channels {listed([str(channel) for channel in taken['channels']])}"
    if taken["rate_hz"] is not None:
        due_ms = taken["stride"] * taken["decimation"] / taken["rate_hz"] * 1000.0
        text += f"; at {taken['rate_hz']:g} Hz the next window is due after {due_ms:g} ms"
    return f"{text}. The exported firmware takes raw samples and does the same."


def smoothing_note(facts: dict[str, Any]) -> str | None:
    """States how a stream is smoothed and what that costs; None if it is not."""
    smoothing = facts["smoothing"]
    if smoothing is None:
        return None
    note = smoothing["note"]
    text = f"In a stream, {note}. The exported firmware does this, with {smoothing['ram_bytes']:,} bytes of RAM"
    scores = smoothing["macro_f1"]
    if scores is None:
        return f"{text}."
    windows = smoothing["windows"]
    # Keys of JSON are text.
    own, single = (scores[str(k)] for k in (windows, 1))
    return (
        f"{text}. On validation windows, one recording after the other, the macro-F1 was {score(own)} with it and "
        f"{score(single)} without. All other scores are without it."
    )


def untested(facts: dict[str, Any]) -> str:
    """States what there is instead of test scores."""
    text = "No test windows were given, so this model has no test scores."
    if facts["contest"] is None:
        return f"{text} There was no contest either, so there are no validation scores."
    if is_alone(facts):
        return (
            f"{text} Below is the validation score of its architecture: that of the float network after brief "
            "training, on windows that it was not trained on. It is not a score of the finished model."
        )
    return (
        f"{text} Below are the validation scores of its architecture in the contest: those of the float network after "
        "brief training, on the windows by which it was chosen. They are not scores of the finished model."
    )


def plain_note(facts: dict[str, Any]) -> str:
    """States how plain models were compared with the network."""
    plain = facts["plain"]
    units = "windows" if plain["groups"] is None else "windows and groups, whichever is larger"
    text = (
        "Plain models run on a PC and keep no limits. They were fitted to the training windows of the same split, at "
        f"most {MOST_WINDOWS:,} of them. The spread is half of the 95 % interval of the difference in macro-F1, by a "
        f"bootstrap over {units}."
    )
    if plain["judged"] == CONTEST:
        text += " The network was trained only briefly here, as in the contest; the model was trained for longer."
    return text


def pruned(facts: dict[str, Any]) -> str:
    """States how far the limits reduced the space."""
    counts = facts["architectures"]
    if counts is None:
        return "It is not known how many architectures the limits left."
    before, after = count(counts["before"]), count(counts["after"])
    parts = set((facts["history"]["search"] or {}).get("part", []))
    how = f" Its {len(parts)} parts were searched one after the other." if parts else ""
    if before == after:
        return f"The space has {before} architectures, and the limits exclude none of its options.{how}"
    left = f"{after} remained after pruning the options that no architecture within the limits has."
    return f"The space has {before} architectures; {left}{how}"


def is_alone(facts: dict[str, Any]) -> bool:
    """Returns whether the contest has judged a single finalist."""
    return facts["contest"] is not None and len(facts["contest"]["finalists"]) == 1


def first_round(facts: dict[str, Any]) -> str:
    """Returns the heading of the score that each finalist has."""
    return "left-out windows" if is_alone(facts) else "first round"


def contest(facts: dict[str, Any]) -> str:
    """States the winner of the contest and its scores."""
    outcome = facts["contest"]
    if outcome is None:
        return "There was no contest: the search proposed a single architecture."
    winner = outcome["finalists"][outcome["winner"]]
    if is_alone(facts):
        text = (
            "One finalist was trained briefly and judged on validation windows, with a macro-F1 of "
            f"{score(winner['macro_f1'])}."
        )
        return text if outcome["winner_is_the_model"] else f"{text}{REPLACED}"
    second = winner["second_macro_f1"]
    text = (
        f"{plural(len(outcome['finalists']), 'finalist')} were trained briefly and judged on validation windows. "
        f"Number {outcome['winner'] + 1} won, with a macro-F1 of {score(winner['macro_f1'])}"
    )
    text += "." if second is None else f" in the first round and {score(second)} in the second."
    if outcome["left_out"]:
        text += (
            f" {plural(len(outcome['left_out']), 'finalist')} that would use less than {percent(WELL_USED)} of the "
            "tightest limit did not advance to the second round."
        )
    return text if outcome["winner_is_the_model"] else f"{text}{REPLACED}"


def stream(facts: dict[str, Any]) -> str:
    """States the RAM that firmware needs to take samples one by one."""
    model, row = facts["model"], facts["stream"]
    further = " and the answers that are averaged" if facts["smoothing"] else ""
    return (
        f"Firmware that takes samples one by one also needs a ring buffer of one int8 window{further}: "
        f"{row['buffer_bytes']:,} bytes for {model['time']} samples and {plural(model['channels'], 'channel')}, "
        f"{size(row['with_arena_bytes'])} together with the arena."
    )


def strategy(facts: dict[str, Any]) -> str:
    """Describes how candidates were found."""
    name = facts["settings"]["strategy"]
    return STRATEGIES.get(name, str(name))


def repeatable(facts: dict[str, Any]) -> str:
    """States whether the code of the report makes the same model again."""
    if facts["settings"]["max_minutes"] is not None:
        return "The time was limited, so the same call may give a different model on another machine."
    return "On the same machine and with the same versions, the same arrays and seed give the same model."

"""Contest of the finalists: all are trained briefly, then the best again, with other validation users."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tsnas.search.derive import Candidate
from tsnas.search.paths import WELL_USED
from tsnas.search.rounds import LONE_STEPS, OnScore, Rounds, Score
from tsnas.system import clock
from tsnas.system.bars import progress_bar
from tsnas.system.terminal import say

# One in this many finalists enters the second round, but at least two. Of few windows a single split tells as little of
# two networks as the others would, so there the best of the first round is as good as any.
SECOND_ROUND = 4
# Two scores of the first round may differ by this much by chance, which is more than a larger network gains on average:
# so only those that use the limits well are considered, unless the best of them is worse by more than this.
LEVEL = 0.03

History = dict[str, list[float]]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Outcome of a contest.

    Args:
        winner: `Candidate`.
        place: int, place of the winner among the finalists. Defaults to 0.
        latency_ms: list of float, latencies of the finalists that were trained.
        use: list of float, fractions of the tightest limit that they use.
        macro_f1: list of float, their scores in the first round.
        second_macro_f1: dict of the place of a finalist to its score, for those in the second round.
        left_out: list of int, places of those that were not considered, because others use the limits better.
        seconds_per_epoch: float, duration of a pass over the training windows for the slowest finalist; 0 if none was
            trained.
        predicted: dict of the index of a split to an int array (windows,), class codes that the winner predicted for
            its validation windows. Defaults to {}, not known.
        levels: dict of the same to a uint8 array (windows, classes), its probabilities, as in `Score`. Defaults to {}.
    """

    winner: Candidate
    place: int = 0
    latency_ms: list[float] = dataclasses.field(default_factory=list)
    use: list[float] = dataclasses.field(default_factory=list)
    macro_f1: list[float] = dataclasses.field(default_factory=list)
    second_macro_f1: dict[int, float] = dataclasses.field(default_factory=dict)
    left_out: list[int] = dataclasses.field(default_factory=list)
    seconds_per_epoch: float = 0.0
    predicted: dict[int, np.ndarray] = dataclasses.field(default_factory=dict, compare=False)
    levels: dict[int, np.ndarray] = dataclasses.field(default_factory=dict, compare=False)

    def history(self) -> History:
        """Returns the outcome as a phase of `AutoClassifier.history_`."""
        return {
            "latency_ms": self.latency_ms,
            "use": self.use,
            "macro_f1": self.macro_f1,
            "second_round": [float(index) for index in self.second_macro_f1],
            "second_macro_f1": list(self.second_macro_f1.values()),
            "left_out": [float(index) for index in self.left_out],
            "winner": [float(self.place)] if self.macro_f1 else [],
        }


def contest(
    finalists: Sequence[Candidate],
    rounds: Rounds,
    use: Sequence[float] | None = None,
    verbose: int = 0,
    max_seconds: float = math.inf,
) -> Outcome:
    """Finds the finalist with the best macro-F1 on validation windows, in two rounds.

    After the first round only finalists that use the limits well are considered, unless others were much better. The
    score of a finalist is the mean over its rounds; of equal ones, the smaller loss decides. With few windows, and so
    with several splits for the second round, only the best of the first one enters it.

    Args:
        finalists: sequence of `Candidate`; the first wins if all is equal.
        rounds: `Rounds` that judge them.
        use: sequence of float, the fraction of the tightest limit that each finalist uses. Defaults to None: all are
            considered.
        verbose: 0 for silence, 1 for a progress bar, 2 for a line for each finalist. Defaults to 0.
        max_seconds: float, time after which no further finalist is trained, except the first. Defaults to no bound.

    Returns:
        An `Outcome`. A single finalist wins without being trained, but with few windows it is judged on all splits.
    """
    use = [1.0] * len(finalists) if use is None else list(use)
    deadline = clock.monotonic() + max_seconds
    several = len(rounds.second_splits) > 1
    if len(finalists) == 1:
        return _alone(finalists[0], use[0], rounds, verbose, deadline) if several else Outcome(finalists[0])
    count = 1 if several else max(2, len(finalists) // SECOND_ROUND)
    bar = progress_bar("contest", len(finalists) + count, "net", silent=verbose != 1)

    def heard(places: Sequence[int], steps: str) -> OnScore:
        def note(at: int, score: Score) -> None:
            bar.update()
            if verbose == 2:
                cost = f"{finalists[places[at]].estimate.latency_ms:.1f} ms"
                name = f"contest {places[at] + 1}/{len(finalists)}"
                say(f"{name}, {steps} steps: macro-F1 {score.macro_f1:.3f}, {cost}")

        return note

    nets = [finalist.architecture for finalist in finalists]
    everyone = range(len(finalists))
    second: dict[int, Score] = {}
    with bar:
        first = rounds.first(nets, deadline=deadline, on_score=heard(everyone, f"{rounds.first_steps}"))
        left = considered(_macro_f1(first), use[: len(first)], [score.loss for score in first])
        entrants = left[:count] if several or len(left) > 1 else []
        bar.total = len(finalists) + len(entrants)
        if entrants and clock.monotonic() < deadline:
            times = f"{len(rounds.second_splits)} x " if several else ""
            on_score = heard(entrants, f"{times}{rounds.second_steps}")
            judged = rounds.second([nets[place] for place in entrants], deadline, on_score)
            second = dict(zip(entrants, judged, strict=False))
    if verbose and (len(first) < len(finalists) or len(second) < len(entrants)):
        again = f", and {len(second)} of {len(entrants)} a second time" if entrants else ""
        say(f"contest: max_minutes left time to train {len(first)} of {len(finalists)} finalists{again}")
    second_macro_f1 = dict(zip(second, _macro_f1(second.values()), strict=True))
    losses = [score.loss + (second[place].loss if place in second else 0.0) for place, score in enumerate(first)]
    place = best(left, _macro_f1(first), second_macro_f1, losses)
    return Outcome(
        winner=finalists[place],
        place=place,
        latency_ms=[finalist.estimate.latency_ms for finalist in finalists[: len(first)]],
        use=use[: len(first)],
        macro_f1=_macro_f1(first),
        second_macro_f1=second_macro_f1,
        left_out=sorted(set(range(len(first))) - set(left)),
        seconds_per_epoch=max(score.seconds_per_epoch for score in [*first, *second.values()]),
        predicted=rounds.divided(first[place].predicted, second[place].predicted if place in second else None),
        levels=rounds.divided(first[place].levels, second[place].levels if place in second else None),
    )


def _alone(finalist: Candidate, use: float, rounds: Rounds, verbose: int, deadline: float) -> Outcome:
    """Returns the outcome of a contest of one, with its score on the windows of all splits."""
    splits = range(len(rounds.splits))
    with progress_bar("contest", 1, "net", silent=verbose != 1) as bar:
        (score,) = rounds.second([finalist.architecture], deadline, splits=splits, steps=LONE_STEPS)
        bar.update()
    cost = f"{finalist.estimate.latency_ms:.1f} ms"
    if verbose == 2:
        say(f"contest 1/1, {len(splits)} x {LONE_STEPS} steps: macro-F1 {score.macro_f1:.3f}, {cost}")
    predicted = rounds.divided(None, score.predicted, splits)
    if verbose and len(predicted) < len(splits):
        say(f"contest: max_minutes left time to judge it on {len(predicted)} of {len(splits)} splits")
    return Outcome(
        winner=finalist,
        latency_ms=[finalist.estimate.latency_ms],
        use=[use],
        macro_f1=[score.macro_f1],
        seconds_per_epoch=score.seconds_per_epoch,
        predicted=predicted,
        levels=rounds.divided(None, score.levels, splits),
    )


def _macro_f1(scores: Iterable[Score]) -> list[float]:
    return [score.macro_f1 for score in scores]


def best(
    places: Sequence[int], first: Sequence[float], second: Mapping[int, float], losses: Sequence[float] | None = None
) -> int:
    """Returns the place of the winner; finalists of the second round rank before all others.

    Args:
        places: sequence of int, places of the finalists that may win.
        first: sequence of float, scores of the first round.
        second: dict of place to score of the second round.
        losses: sequence of float, sum of the losses of each finalist. Defaults to None, not known.

    Returns:
        int; of equal scores, the place with the smaller loss, then the first one.
    """
    losses = [0.0] * len(first) if losses is None else losses
    return max(places, key=lambda at: (at in second, first[at] + second.get(at, 0.0), -losses[at], -at))


def considered(first: Sequence[float], use: Sequence[float], losses: Sequence[float] | None = None) -> list[int]:
    """Returns the places of the finalists that may win, the best first.

    Args:
        first: sequence of float, scores of the first round.
        use: sequence of float, the fraction of the tightest limit that each finalist uses.
        losses: sequence of float, losses of the first round. Defaults to None, not known.

    Returns:
        list of int: those that use the limits well, if the best of them is about as good as the best of all; else all.
    """
    everyone = range(len(first))
    well = [place for place in everyone if use[place] >= WELL_USED]
    level = any(first[place] >= max(first) - LEVEL for place in well)
    losses = [0.0] * len(first) if losses is None else losses
    return sorted(well if level else everyone, key=lambda place: (-first[place], losses[place]))


def completed(history: History) -> History:
    """Completes the history of a contest that was stored by an earlier version to the form of `Outcome.history`.

    Args:
        history: phase `"contest"` of `AutoClassifier.history_`; the earliest versions had no `"use"`, no second round
            and no `"winner"`, and considered all finalists.

    Returns:
        A dict with all keys of `Outcome.history`, except `"use"` if that is unknown.
    """
    first, use = history["macro_f1"], history.get("use", [])
    second = dict(zip(map(int, history.get("second_round", [])), history.get("second_macro_f1", []), strict=True))
    everyone = range(len(first))
    may_win = considered(first, use) if use else list(everyone)
    found = {
        "second_round": [],
        "second_macro_f1": [],
        "left_out": [float(place) for place in everyone if place not in may_win],
        "winner": [float(best(everyone, first, second))] if first else [],
    }
    return found | history

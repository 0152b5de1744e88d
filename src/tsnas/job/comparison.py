"""Comparison of a job's network with plain models on its validation windows."""

from __future__ import annotations

import dataclasses
import functools
import textwrap
from collections.abc import Callable, Sequence

import numpy as np

from tsnas.data import unpacked
from tsnas.job.budget import Budget
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.inputs import Job
from tsnas.job.preparation import Prepared
from tsnas.model.model import Model
from tsnas.model.plain_scores import CONTEST, INT8, advice, compare, outcome
from tsnas.plain.rivals import draw_evenly, expected_seconds, plain_predictions, series_of
from tsnas.search.rounds import Split
from tsnas.workers.pool import HERE, Postponed, Workers

# Validation windows of a split that are compared at most.
MOST_WINDOWS = 5_000
LINE = 80  # characters


@dataclasses.dataclass(frozen=True)
class Rivals:
    """Predictions to compare for validation windows.

    Args:
        codes: int array (windows,), class codes of the windows.
        network: int array (windows,), class codes that the network predicted in the contest; None where the caller gave
            validation windows, on which the finished model is judged.
        fit: function without arguments that fits the plain models, or waits for them, and returns a dict of the name of
            each to the class codes that it predicts.
        groups: array (windows,), the group of each window; None where there are none.
        rows: int array (windows,), places of the windows in the validation windows of their split.
        weights: float array (windows,), weights of the windows; None where there are none.
    """

    codes: np.ndarray
    network: np.ndarray | None
    fit: Callable[[], dict[str, np.ndarray]]
    groups: np.ndarray | None
    rows: np.ndarray
    weights: np.ndarray | None = None

    @functools.cached_property
    def predicted(self) -> dict[str, np.ndarray]:
        """Dict of the name of a plain model to the class codes that it predicts."""
        return self.fit()


def fit_rivals(
    job: Job,
    data: Prepared,
    judged: dict[int, np.ndarray],
    checkpoints: Checkpoints,
    budget: Budget,
    workers: Workers = HERE,
) -> Rivals | None:
    """Fits plain models to the training windows of the splits that the network was judged on, beside its training.

    Of two splits without groups this is the one of the last round, where the network was trained for longer. With
    groups, or with few windows and more splits, it is all of them: one alone would say little.

    Args:
        job: `Job` whose settings have a seed.
        data: `Prepared` windows of the job.
        judged: as in `Selected`.
        checkpoints: `Checkpoints` that keep the predictions.
        budget: `Budget` of the job.
        workers: `Workers` that fit them, beside what they run next. Defaults to this process.

    Returns:
        `Rivals`; None if the job wants none, has no time for them, or there is no network to compare them with.
    """
    settings = job.settings
    splits = [0] if job.validation_data is not None else list(judged)
    if not settings.plain_rivals or not splits:
        return None
    if job.groups is None and len(splits) == 2:
        splits = splits[-1:]
    kept = checkpoints.load("plain")
    if kept is None and sum(_seconds(job, data, split) for split in splits) > budget.seconds_for("plain"):
        settings.say("plain models: left out, since max_minutes leaves too little time")
        return None
    seed: int = settings.seed  # type: ignore[assignment]
    codes = {split: _validation_codes(job, data, split) for split in splits}
    rows = [draw_evenly(codes[split], MOST_WINDOWS, seed) for split in splits]
    fit: Callable[[], dict[str, np.ndarray]]
    if kept is None:
        calls = [
            functools.partial(_fit_split, data.splits, split, own, seed)
            for split, own in zip(splits, rows, strict=True)
        ]
        fit = functools.partial(_fitted, workers.postpone(calls), checkpoints)
    else:
        fit = functools.partial(dict, list(zip(kept[0]["names"], kept[1], strict=True)))

    def joined(values_of: Callable[[int], np.ndarray]) -> np.ndarray:
        return np.concatenate([values_of(split)[own] for split, own in zip(splits, rows, strict=True)])

    of_job = data.rows
    weighted = unpacked(data.splits[splits[0]][1])[2]
    return Rivals(
        codes=joined(codes.__getitem__),
        network=None if of_job is None else joined(judged.__getitem__),
        fit=fit,
        groups=None if of_job is None or job.groups is None else job.groups[joined(lambda split: of_job[split][1])],
        rows=np.concatenate(rows),
        weights=None if weighted is None else joined(lambda split: data.splits[split][1][2]),  # type: ignore[misc]
    )


def _fitted(postponed: Postponed, checkpoints: Checkpoints) -> dict[str, np.ndarray]:
    found = postponed.results()
    predicted = {name: np.concatenate([one[name] for one in found]) for name in found[0]}
    checkpoints.save("plain", {"names": list(predicted)}, list(predicted.values()))
    return predicted


def _validation_codes(job: Job, data: Prepared, split: int) -> np.ndarray:
    return data.splits[split][1][1] if data.rows is None else job.y[data.rows[split][1]]


def _seconds(job: Job, data: Prepared, split: int) -> float:
    """Returns the rough time that the plain models take for a split."""
    if data.rows is None:
        assert job.validation_data is not None
        train, val = len(job.x), len(job.validation_data[0])
    else:
        train, val = map(len, data.rows[split])
    return expected_seconds(train, min(val, MOST_WINDOWS), *job.x.shape[1:])


def _fit_split(splits: Sequence[Split], split: int, rows: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    (x, codes, weights), (x_val, *_) = unpacked(splits[split][0]), splits[split][1]
    return plain_predictions(x, codes, series_of(x_val, rows), seed, weights)


def compared(model: Model, rivals: Rivals, job: Job) -> Model:
    """Returns a finished model with its `plain_scores`, and prints them.

    Args:
        model: `Model`.
        rivals: `Rivals`.
        job: `Job` of the model.
    """
    settings = job.settings
    network, kind = rivals.network, CONTEST
    if network is None:
        assert job.validation_data is not None
        network, kind = model.predict_proba(job.validation_data[0][rivals.rows]).argmax(axis=1), INT8
    plain = compare(rivals.codes, network, rivals.predicted, rivals.groups, kind, model.seed, rivals.weights)
    sentences = [outcome(plain), advice(plain, settings.bounds, model.estimate, model.data_summary)]
    text = "plain models: " + " ".join(sentence for sentence in sentences if sentence)
    settings.say(textwrap.fill(text, LINE, subsequent_indent="  ", break_long_words=False))
    return dataclasses.replace(model, plain_scores=plain)

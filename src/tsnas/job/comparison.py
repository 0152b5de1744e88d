"""Comparison of a job's network with plain models on its validation windows."""

from __future__ import annotations

import dataclasses
import textwrap

import numpy as np

from tsnas.job.budget import Budget
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.inputs import Job
from tsnas.job.preparation import Prepared
from tsnas.model.model import Model
from tsnas.model.plain_scores import CONTEST, INT8, advice, compare, outcome
from tsnas.plain.rivals import draw_evenly, expected_seconds, plain_predictions

# Validation windows that are compared at most.
MOST_WINDOWS = 5_000
LINE = 80  # characters


@dataclasses.dataclass(frozen=True)
class Rivals:
    """Predictions to compare for the validation windows of a split.

    Args:
        rows: int array (windows,), the validation windows that are compared.
        codes: int array (windows,), their class codes.
        groups: array (windows,), their groups, or None.
        predicted: dict of the name of a plain model to the class codes that it predicts.
        network: int array (windows,), class codes that the network predicted in the contest; None where the caller gave
            validation windows, on which the finished model is judged.
    """

    rows: np.ndarray
    codes: np.ndarray
    groups: np.ndarray | None
    predicted: dict[str, np.ndarray]
    network: np.ndarray | None


def fit_rivals(
    job: Job, data: Prepared, judged: tuple[int, np.ndarray] | None, checkpoints: Checkpoints, budget: Budget
) -> Rivals | None:
    """Fits plain models to the training windows of the split that the network was judged on.

    Args:
        job: `Job` whose settings have a seed.
        data: `Prepared` windows of the job.
        judged: as in `Selected`.
        checkpoints: `Checkpoints` that keep the predictions.
        budget: `Budget` of the job.

    Returns:
        `Rivals`; None if the job wants none, has no time for them, or there is no network to compare them with.
    """
    settings = job.settings
    given = job.validation_data is not None
    if not settings.plain_rivals or (judged is None and not given):
        return None
    seed: int = settings.seed  # type: ignore[assignment]
    split = 0 if judged is None else judged[0]
    (x, codes), (x_val, val_codes) = data.splits[split]
    rows = draw_evenly(val_codes, MOST_WINDOWS, seed)
    found = checkpoints.load("plain")
    if found is None:
        if expected_seconds(len(x), len(rows), *x.shape[1:3]) > budget.seconds_for("plain"):
            settings.say("plain models: left out, since max_minutes leaves too little time")
            return None
        predicted = plain_predictions(x[..., 0], codes, x_val[rows, ..., 0], seed)
        checkpoints.save("plain", {"names": list(predicted)}, list(predicted.values()))
    else:
        predicted = dict(zip(found[0]["names"], found[1], strict=True))
    groups = None if job.groups is None or data.rows is None else job.groups[data.rows[split][1][rows]]
    network = None if given or judged is None else judged[1][rows]
    return Rivals(rows, val_codes[rows], groups, predicted, network)


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
    plain = compare(rivals.codes, network, rivals.predicted, rivals.groups, kind, model.seed)
    sentences = [outcome(plain), advice(plain, settings.bounds, model.estimate, model.data_summary)]
    text = "plain models: " + " ".join(sentence for sentence in sentences if sentence)
    settings.say(textwrap.fill(text, LINE, subsequent_indent="  ", break_long_words=False))
    return dataclasses.replace(model, plain_scores=plain)

"""Makes trainings and measurements short, so that what a page says can be run as it stands.

What is changed are numbers of the package (steps, epochs, trials, sizes of the default space) and how many windows the
data set that comes with it has; no code of it is replaced but for `pipeline.run`, which remembers the models that it
has made, since pages search the same thing again and again, and, unless they are wanted, the trainings after a search.
"""

import contextlib
import hashlib
import inspect
import json

import numpy as np
import tensorflow as tf
from stand_ins import guessed, untrained

from tsnas import classifier
from tsnas.classifier import AutoClassifier
from tsnas.datasets import shoulder
from tsnas.job import pipeline, selection, settings
from tsnas.outer import score
from tsnas.outer import signal_search as search
from tsnas.pareto import work
from tsnas.pareto.pareto_search import ParetoSearch
from tsnas.search import rounds
from tsnas.search.evolution import EvolutionConfig
from tsnas.space import spaces as named
from tsnas.space.config import SpaceConfig
from tsnas.training import epochs

# Windows of each class of each user of the data set that comes with tsnas.
KEPT = 3
OPERATORS = 4


@contextlib.contextmanager
def make_quick(monkeypatch, trained):
    """Makes everything short until the context is left and `monkeypatch` undone; what is found is `trained`, or not."""
    for module, changes in {
        settings: {
            "SEARCH_STEPS": 2,
            "SEARCH_EPOCHS": (1, 1),
            "PATH_STEPS": 2,
            "TRAIN_STEPS": 2,
            "TRAIN_EPOCHS": (1, 1),
        },
        epochs: {"LEAST_STEPS_PER_EPOCH": 1},
        rounds: {"FIRST_STEPS": 1, "SECOND_STEPS": 1, "LONE_STEPS": 1, "LEAST_EPOCHS": 1},
        selection: {"FIRST_STEPS": 1, "FINALISTS": 1, "RANDOM_FINALISTS": 2, "TUNED_FINALISTS": 1},
        score: {"DRAWN": 1},
        search: {"SPLITS": 1},
        work: {"ENTRANTS": 1, "SECOND_ROUND": 1, "SERVES": 0.1},
    }.items():
        for name, value in changes.items():
            monkeypatch.setattr(module, name, value)
    _defaults(monkeypatch, EvolutionConfig, population=4, generations=1, last_generations=1, val_windows=64)
    _defaults(monkeypatch, search.SignalSearch, trials=2, batch_size=64)
    _defaults(monkeypatch, ParetoSearch, batch_size=64)
    _defaults(monkeypatch, AutoClassifier, batch_size=64)
    small = {"time_reduce_filters": 8, "fusion_filters": 24, "kernel_sizes": (3, 5), "extra_fusion_cells": 1}
    spaces = {
        "tsnas": (SpaceConfig(first_stride=4, collapse=True, **small),),
        "micronas": (SpaceConfig(**small),),
    }
    for name, space in spaces.items():
        monkeypatch.setitem(named.SPACES, name, space)
    load = shoulder.load_data
    monkeypatch.setattr(shoulder, "load_data", lambda *args, **kwargs: _thinned(load(*args, **kwargs)))
    _few_operators(monkeypatch)
    _remembered(monkeypatch)
    if not trained:
        monkeypatch.setattr(pipeline, "train", untrained)
        monkeypatch.setattr(rounds, "short_scores", guessed)
    # For so few steps a graph takes longer to build than it saves.
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def _defaults(monkeypatch, cls, **values):
    """Other defaults of a class's settings."""
    function = cls.__init__
    for kind in ("POSITIONAL_OR_KEYWORD", "KEYWORD_ONLY"):
        names = [name for name, p in inspect.signature(function).parameters.items() if p.kind.name == kind]
        if kind == "KEYWORD_ONLY" and function.__kwdefaults__:
            changed = {name: values[name] for name in names if name in values}
            monkeypatch.setattr(function, "__kwdefaults__", function.__kwdefaults__ | changed)
        elif kind == "POSITIONAL_OR_KEYWORD" and function.__defaults__:
            own = dict(zip(names[-len(function.__defaults__) :], function.__defaults__, strict=True))
            changed = tuple(values.get(name, default) for name, default in own.items())
            monkeypatch.setattr(function, "__defaults__", changed)
    assert all(inspect.signature(cls).parameters[name].default == value for name, value in values.items())


def _thinned(parts):
    """The first windows of each class of each user."""
    return tuple(tuple(array[_first(y, users)] for array in (x, y, users)) for x, y, users in parts)


def _first(y, users):
    pairs = [(label, user) for label in np.unique(y) for user in np.unique(users)]
    return np.concatenate([np.flatnonzero((y == label) & (users == user))[:KEPT] for label, user in pairs])


def _few_operators(monkeypatch):
    """A board is characterised by a handful of operators, one of each kind."""
    from tsnas.space import operators

    every = operators.space_ops

    def few(*args, **kwargs):
        first = {op.kind: op for op in reversed(every(*args, **kwargs))}
        return [*first.values()][:OPERATORS]

    monkeypatch.setattr(operators, "space_ops", few)


def _remembered(monkeypatch):
    """The same job is run once, whatever its seed and its folder."""
    made, run = {}, pipeline.run

    def remembered(job, callbacks):
        if callbacks:
            return run(job, callbacks)
        identity = job.settings.identity(job.classes) | {"seed": None}
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode())
        for array in (job.x, job.y, job.groups, *(job.validation_data or ())):
            digest.update(b"" if array is None else np.ascontiguousarray(array[:]).tobytes())
        key = digest.hexdigest()
        if key not in made:
            made[key] = run(job, callbacks)
        return made[key]

    monkeypatch.setattr(pipeline, "run", remembered)
    assert classifier.pipeline is pipeline  # It asks the module for `run` each time.

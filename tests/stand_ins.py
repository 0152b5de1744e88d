"""Stand-ins for trainings and engines, for tests of what is done before, after and around them."""

from joblib._parallel_backends import ThreadingBackend

from tsnas.deploy.convert import untrained_int8
from tsnas.job.training import Trained
from tsnas.search.rounds import Score

HISTORY = {"loss": [1.0], "accuracy": [0.5]}


def untrained(architecture, data, settings, seed, *_) -> Trained:
    """Stands in for `training.train`: the network keeps its random weights, and its file is as real as any."""
    model = architecture.build(seed=seed)
    return Trained(model, untrained_int8(model), {"train": HISTORY, "quantise": HISTORY})


def all_untrained(architectures, data, settings, seed, checkpoints, workers, on_trained) -> None:
    """Stands in for `training.train_all` likewise."""
    for place, architecture in enumerate(architectures):
        on_trained(place, untrained(architecture, data, settings, seed))


def guessed(architecture, splits, indices, *_) -> list[Score]:
    """Stands in for `rounds.short_scores`: the more multiplications, the better."""
    return [Score(1 - 1 / sum(node.op.macs for node in architecture.graph().nodes), 0.1) for _ in indices]


def one_by_one(score):
    """Returns a stand-in for `rounds.short_scores` from a function for an architecture and one split."""
    return lambda architecture, splits, indices, *args: [score(architecture, splits[index], *args) for index in indices]


class Engine(ThreadingBackend):
    """Stands in for an engine of joblib that gives all results at once, as ray does."""

    supports_return_generator = False

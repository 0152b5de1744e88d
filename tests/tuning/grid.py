"""A small space whose best values are in a corner, and the trials that an oracle makes in it."""

import keras_tuner

from tsnas.tuning.trials import run_trials

SIDE = 6


def tried(kind, trials, seed=0, score=lambda row, column: (row + column) / 10):
    """Rows and columns in the order in which they were tried."""
    space = keras_tuner.HyperParameters()
    for name in ("row", "column"):
        space.Choice(name, list(range(SIDE)))
    found = []

    def run(values):
        found.append((values["row"], values["column"]))
        return score(**values)

    run_trials(kind(max_trials=trials, hyperparameters=space, tune_new_entries=False, seed=seed), run)
    return found

"""The final trainings of a job: what a budget of minutes cut is said."""

import pytest
from toy_data import sines

import tsnas
from tsnas.callbacks import ProgressBar
from tsnas.job.budget import Budget
from tsnas.job.checkpoints import Checkpoints
from tsnas.job.inputs import checked
from tsnas.job.preparation import prepare
from tsnas.job.training import train
from tsnas.space.architecture import Architecture, TimeReduce

X, Y = sines(40)
SMALL = Architecture(X.shape[1], X.shape[2], 3, (TimeReduce(3, 4),))


@pytest.mark.parametrize(
    ("minutes", "pace", "said"),
    [
        (None, 0.0, []),
        (10.0, 0.0, []),
        # Float epochs of 36 s, and quantisation-aware ones of twice that: 0.6 of what is left.
        (
            3.0,
            36.0,
            ["train: max_minutes left time for 3 of 5 epochs", "quantise: max_minutes left time for 1 of 3 epochs"],
        ),
    ],
)
def test_what_the_minutes_cut_is_said(minutes, pace, said, turned, capsys):
    job = checked(tsnas.AutoClassifier(verbose=1, epochs=5, batch_size=20), X, Y, None)
    data = prepare(job, seed=0)
    capsys.readouterr()
    train(SMALL, data, job.settings, 0, Checkpoints(None), Budget(minutes), pace)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "max_minutes" in line] == said


def test_a_training_that_the_clock_ends_is_said(turned, capsys, monkeypatch):
    """No pace is known, and each epoch takes a minute of ten, of which a training has 0.6."""
    monkeypatch.setattr(ProgressBar, "on_epoch_end", lambda self, epoch, logs=None: turned.turn(60.0))
    job = checked(tsnas.AutoClassifier(verbose=1, epochs=20, batch_size=20), X, Y, None)
    data = prepare(job, seed=0)
    train(SMALL, data, job.settings, 0, Checkpoints(None), Budget(10.0), 0.0)
    lines = [line for line in capsys.readouterr().out.splitlines() if "max_minutes" in line]
    assert lines[0] == "train: max_minutes left time for 7 of 20 epochs"
    assert lines[1].startswith("quantise: max_minutes left time for ")

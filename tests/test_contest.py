"""The contest keeps the network that can learn the task, not the one that stands first."""

from toy_data import sines

from tsnas.contest import contest
from tsnas.cost.estimate import estimate_graph
from tsnas.search.derive import Derived
from tsnas.space.architecture import Architecture, SensorFusion, TimeReduce


def finalist(*cells):
    net = Architecture(32, 3, 3, cells)
    return Derived(net, estimate_graph(net.graph(), "nucleo_f446re"), 0.0)


def test_the_best_on_validation_windows_wins(capsys):
    # Frequencies cannot be told apart by single samples: without a filter in time a network is near chance.
    blind = finalist(SensorFusion(8, (), 0, True, 2))
    able = finalist(TimeReduce(7, 8), SensorFusion(16, (5,), 16, False, 1))
    x, y = sines(120)
    data = (x[:90, ..., None], y[:90]), (x[90:, ..., None], y[90:])
    winner, scores, pace = contest([blind, able], *data, batch_size=16, seed=0, verbose=2)
    assert winner == able
    assert scores[1] > 0.9 > scores[0] + 0.2
    assert 0 < pace < 60
    assert "contest 2/2: macro-F1" in capsys.readouterr().out


def test_a_single_finalist_is_not_trained():
    alone = finalist(TimeReduce(3, 4))
    assert contest([alone], (None, None), (None, None), 16, 0) == (alone, [], 0.0)


def test_no_further_finalist_is_trained_when_time_is_over():
    able = finalist(TimeReduce(7, 8), SensorFusion(8, (5,), 8, False, 1))
    other = finalist(TimeReduce(5, 8), SensorFusion(8, (5,), 8, False, 1))
    x, y = sines(60)
    data = (x[:45, ..., None], y[:45]), (x[45:, ..., None], y[45:])
    winner, scores, _ = contest([able, other], *data, batch_size=16, seed=0, max_seconds=0.0)
    assert winner == able
    assert len(scores) == 1

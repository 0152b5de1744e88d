"""Strategies by name, and what each asks of the supernet."""

import pytest

from tsnas.errors import SettingError
from tsnas.search.strategies import STRATEGIES, check_callbacks, strategy_named


def test_the_paper_and_its_baselines():
    assert (strategy_named("micronas").pseudo_prob, strategy_named("micronas").hardware_loss) == ("gumbel", True)
    assert (strategy_named("gumbel").pseudo_prob, strategy_named("gumbel").hardware_loss) == ("gumbel", False)
    assert (strategy_named("darts").pseudo_prob, strategy_named("darts").hardware_loss) == ("softmax", False)
    assert strategy_named("random").kind == "random"


def test_unknown_strategies_are_named():
    with pytest.raises(SettingError, match="strategy='best' must be one of 'random', 'evolution', 'micronas'"):
        strategy_named("best")
    assert set(STRATEGIES) == {"evolution", "micronas", "gumbel", "darts", "random", "bayesian", "hyperband"}


@pytest.mark.parametrize("name", STRATEGIES)
def test_callbacks_that_would_not_be_called_are_refused(name):
    check_callbacks(name, [])
    if name in ("random", "bayesian", "hyperband"):
        with pytest.raises(SettingError, match=rf"2 callback.*strategy='{name}' trains no .* 'gumbel' or 'darts'"):
            check_callbacks(name, [object(), object()])
    else:
        check_callbacks(name, [object()])

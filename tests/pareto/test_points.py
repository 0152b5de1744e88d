"""Which points make a front, which is best within limits, and how they are shown."""

import dataclasses

import hypothesis.strategies as st
import pytest
from hypothesis import given

import tsnas
from tsnas.cost.limits import Limits
from tsnas.errors import InfeasibleError, SettingError
from tsnas.pareto.plot import plot_points
from tsnas.pareto.points import Point, best_of, front_of, table_of

FAST = Point("nucleo_f446re", "aaaa", 5.0, 4.0, 4096, 8192, None, 0.90, "fast")
GOOD = dataclasses.replace(FAST, model="bbbb", max_latency_ms=20.0, latency_ms=18.0, macro_f1=0.96, folder="good")
BEATEN = dataclasses.replace(FAST, model="cccc", max_latency_ms=30.0, latency_ms=25.0, macro_f1=0.95, folder="beaten")
OTHER = dataclasses.replace(BEATEN, board="nucleo_l552ze_q", latency_ms=60.0, energy_mj=1.2, folder="other")

values = st.builds(
    Point,
    board=st.sampled_from("ab"),
    model=st.text("xyz", min_size=1, max_size=3),
    max_latency_ms=st.just(10.0),
    latency_ms=st.integers(1, 4).map(float),
    ram_bytes=st.integers(1, 3),
    flash_bytes=st.integers(1, 3),
    energy_mj=st.none(),
    macro_f1=st.integers(0, 3).map(lambda n: n / 3),
    folder=st.just("f"),
)


def slow_front(points):
    """By the definition: nobody on the same board is as good in everything and better in something."""
    kept = []
    for point in points:
        beaten = False
        for other in points:
            if other.board == point.board:
                gains = [
                    point.latency_ms - other.latency_ms,
                    point.ram_bytes - other.ram_bytes,
                    point.flash_bytes - other.flash_bytes,
                    other.macro_f1 - point.macro_f1,
                ]
                beaten |= min(gains) >= 0 and max(gains) > 0
        if not beaten:
            kept.append(point)
    return kept


@given(st.lists(values, max_size=8))
def test_front_by_definition(points):
    assert front_of(points) == slow_front(points)


def test_best_within_limits():
    assert best_of([FAST, GOOD, BEATEN], Limits()) == GOOD
    assert best_of([FAST, GOOD, BEATEN], Limits(max_latency_ms=10)) == FAST
    slower = dataclasses.replace(GOOD, latency_ms=19.0)
    assert best_of([slower, GOOD], Limits()) == GOOD


def test_nothing_within_limits():
    with pytest.raises(InfeasibleError, match=r"None of the 2 points.*4.00 ms, 4.00 KB of RAM and 8.00 KB") as error:
        best_of([FAST, GOOD], Limits(max_latency_ms=1))
    assert error.value.smallest["latency_ms"] == 4.0


def test_energy_of_a_board_whose_power_is_not_known_keeps_no_limit():
    assert not FAST.keeps(Limits(max_energy_mj=100))
    assert OTHER.keeps(Limits(max_energy_mj=2))
    assert not OTHER.keeps(Limits(max_energy_mj=1))


def test_table():
    assert table_of([FAST, GOOD, BEATEN]).splitlines() == [
        "board                limit ms     ms    up to    RAM KB    flash KB    macro-F1  folder",
        "-------------  --  ----------  -----  -------  --------  ----------  ----------  --------",
        "nucleo_f446re  *            5   4.00     4.00       4.0         8.0       0.900  fast",
        "nucleo_f446re  *           20  18.00    18.00       4.0         8.0       0.960  good",
        "nucleo_f446re              30  25.00    25.00       4.0         8.0       0.950  beaten",
    ]
    assert "mJ" in table_of([FAST, OTHER])


def test_picture(tmp_path):
    figure = plot_points([FAST, GOOD, BEATEN, OTHER], tmp_path / "front.png")
    lines = [line.get_xdata().tolist() for line in figure.axes[0].lines if line.get_linestyle() == "-"]
    assert lines == [[4.0, 18.0], [60.0]]
    assert (tmp_path / "front.png").stat().st_size > 5000


def test_a_front_draws_its_points(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    front = tsnas.ParetoSearch()
    front.points_ = [FAST, GOOD]
    front.plot(tmp_path / "front.png")
    assert (tmp_path / "front.png").read_bytes()[1:4] == b"PNG"


def test_a_front_for_no_board_is_refused():
    with pytest.raises(SettingError, match="boards is empty"):
        tsnas.ParetoSearch(boards=[]).fit([[[0.0]]], [0])

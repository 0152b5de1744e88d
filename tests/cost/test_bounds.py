"""Bounds against a slow version that judges every limit on its own, on boards with and without a known power."""

import dataclasses
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsnas.cost.board import load_board
from tsnas.cost.bounds import Bounds, Costs, Limit
from tsnas.cost.limits import Limits
from tsnas.errors import LimitError, UnknownBoardError

BOARD = load_board("nucleo_f446re")
POWERED = dataclasses.replace(BOARD, active_power_mw=100.0)

# Some are round, so that limits on energy and on latency are at times the same.
NUMBERS = st.one_of(st.integers(1, 60), st.floats(0.01, 2000))
MAYBE = st.one_of(st.none(), NUMBERS)
LIMITS = st.builds(Limits, MAYBE, MAYBE, MAYBE)
WITH_ENERGY = st.builds(Limits, MAYBE, MAYBE, MAYBE, MAYBE)
BOARDS = st.builds(
    dataclasses.replace,
    st.just(BOARD),
    active_power_mw=st.one_of(st.just(1000.0), st.floats(0.1, 3000)),
    ram_bytes=st.integers(1, 2**21),
    flash_bytes=st.integers(1, 2**21),
)
# Drawing many numbers takes long on a busy machine.
busy = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
COSTS = st.builds(Costs, st.floats(0, 4000), st.integers(0, 2**22), st.integers(0, 2**22))


def slow_uppers(limits, board):
    """All bounds that hold, one cost after the other, in ms and bytes."""
    latencies = [] if limits.max_latency_ms is None else [limits.max_latency_ms]
    if limits.max_energy_mj is not None:
        latencies.append(limits.max_energy_mj / board.active_power_mw * 1000.0)
    rams, flashes = [board.ram_bytes], [board.flash_bytes]
    rams += [] if limits.max_ram_kb is None else [math.floor(limits.max_ram_kb * 1024)]
    flashes += [] if limits.max_flash_kb is None else [math.floor(limits.max_flash_kb * 1024)]
    return latencies, rams, flashes


def slow_short(limits, board, costs):
    """Which costs are over a limit."""
    latencies, rams, flashes = slow_uppers(dataclasses.replace(limits, max_energy_mj=None), board)
    over = [any(cost > most for most in mosts) for cost, mosts in zip(costs, (latencies, rams, flashes), strict=True)]
    if limits.max_energy_mj is not None:
        energy_mj = costs.latency_ms * board.active_power_mw / 1000.0
        over.append(energy_mj > limits.max_energy_mj * (1 + 1e-9))
    return [name for name, is_over in zip(("latency", "RAM", "flash", "energy"), over, strict=False) if is_over]


def names_of(sentences):
    return [sentence.split()[0] for sentence in sentences]


@busy
@given(WITH_ENERGY, BOARDS)
def test_each_bound_is_the_least_of_all_that_is_asked(limits, board):
    latencies, rams, flashes = slow_uppers(limits, board)
    assert limits.on(board).upper == (min(latencies, default=math.inf), min(rams), min(flashes))


@busy
@given(WITH_ENERGY, BOARDS, COSTS)
def test_share_is_the_largest_and_above_one_exactly_where_a_bound_is_broken(limits, board, costs):
    pairs = [(cost, most) for cost, mosts in zip(costs, slow_uppers(limits, board), strict=True) for most in mosts]
    share = limits.on(board).share(costs)
    assert share == max(cost / most for cost, most in pairs)
    assert (share > 1.0) == any(cost > most for cost, most in pairs)


@busy
@given(NUMBERS, st.floats(0.01, 4000))
def test_a_share_is_never_rounded_to_one(max_latency_ms, latency_ms):
    bounds = Limits(max_latency_ms).on(BOARD)
    for used in (latency_ms, *(math.nextafter(max_latency_ms, to) for to in (0, math.inf)), max_latency_ms):
        assert (bounds.share(Costs(used, 0, 0)) > 1.0) == (used > max_latency_ms)


@busy
@given(LIMITS, BOARDS, COSTS)
def test_every_limit_that_is_broken_is_named(limits, board, costs):
    assert names_of(limits.on(board).exceeded(costs)) == slow_short(limits, board, costs)


@busy
@given(WITH_ENERGY, BOARDS, COSTS)
def test_with_energy_the_tighter_of_the_two_is_named(limits, board, costs):
    over = slow_short(limits, board, costs)
    if limits.max_energy_mj is not None and limits.max_latency_ms is not None and "latency" in over:
        by_energy = limits.max_energy_mj / board.active_power_mw * 1000.0
        if by_energy < limits.max_latency_ms:
            over.remove("latency")
    assert names_of(limits.on(board).exceeded(costs)) == over


@busy
@given(WITH_ENERGY, BOARDS)
def test_who_asked(limits, board):
    """A limit of the user, unless the board has less; the one on energy beside that on latency, unless it is idle."""
    asked = limits.on(board).asked
    given_kb = {"ram_bytes": limits.max_ram_kb, "flash_bytes": limits.max_flash_kb}
    for cost, has in (("ram_bytes", board.ram_bytes), ("flash_bytes", board.flash_bytes)):
        given = given_kb[cost]
        by_board = given is None or given > has / 1024
        assert asked[cost] == Limit(cost, has / 1024 if by_board else given, by_board)
    assert asked.get("energy_mj", Limit("energy_mj", None)).value == limits.max_energy_mj
    idle = limits.max_energy_mj is not None and limits.max_energy_mj / board.active_power_mw * 1000.0 < (
        limits.max_latency_ms or 0
    )
    assert asked.get("latency_ms", Limit("latency_ms", None)).value == (None if idle else limits.max_latency_ms)
    assert list(asked) == [cost for cost in ("latency_ms", "ram_bytes", "flash_bytes", "energy_mj") if cost in asked]


def test_the_board_bounds_the_limits():
    board = load_board("nicla_sense_me")
    assert Limits().on(board).upper == (math.inf, 64 * 1024, 512 * 1024)
    assert Limits(5, 20, 1000).on(board).upper == (5, 20 * 1024, 512 * 1024)
    assert Limits(5, 20, 1000).on("nicla_sense_me") == Limits(5, 20, 1000).on(board)
    with pytest.raises(UnknownBoardError, match="nicla"):
        Limits().on("nicla")


def test_the_tightest_limit_says_how_much_is_used():
    bounds = Limits(max_latency_ms=30, max_ram_kb=20, max_flash_kb=100).on(BOARD)
    assert bounds.share(Costs(15.0, 4096, 25600)) == 0.5
    assert bounds.share(Costs(15.0, 20480, 25600)) == 1.0
    assert bounds.share(Costs(15.0, 4096, 153600)) == 1.5
    assert Bounds().share(Costs(15.0, 4096, 25600)) == 0.0
    assert Limits(max_energy_mj=2.0).on(POWERED).share(Costs(15.0, 4096, 25600)) == pytest.approx(0.75)


def test_energy_bounds_the_latency():
    # 2 mJ at 100 mW last 20 ms.
    assert Limits(max_energy_mj=2).on(POWERED).upper.latency_ms == pytest.approx(20)
    assert Limits(max_latency_ms=15, max_energy_mj=2).on(POWERED).upper.latency_ms == 15
    assert Limits(max_latency_ms=25, max_energy_mj=2).on(POWERED).upper.latency_ms == pytest.approx(20)
    assert Limits(max_energy_mj=2).on(POWERED).asked["energy_mj"] == Limit("energy_mj", 2)


def test_energy_needs_the_power_of_the_board():
    with pytest.raises(LimitError, match=r"is 2, but board 'nucleo_f446re' has no active_power_mw.*boards new"):
        Limits(max_energy_mj=2).on(BOARD)
    assert Limits(max_latency_ms=5).on(POWERED).upper == Limits(max_latency_ms=5).on(BOARD).upper


@pytest.mark.parametrize(
    ("max_latency_ms", "named"),
    [
        (None, ["energy 3 mJ at the upper end of its margin is over the limit of 2 mJ"]),
        (
            15,
            [
                "latency 30 ms at the upper end of its margin is over the limit of 15 ms",
                "energy 3 mJ at the upper end of its margin is over the limit of 2 mJ",
            ],
        ),
        (25, ["energy 3 mJ at the upper end of its margin is over the limit of 2 mJ"]),
        # What was asked for is named, though the limit on energy comes to the same.
        (
            20.0,
            [
                "latency 30 ms at the upper end of its margin is over the limit of 20 ms",
                "energy 3 mJ at the upper end of its margin is over the limit of 2 mJ",
            ],
        ),
    ],
)
def test_sentences_name_what_was_asked_for(max_latency_ms, named):
    bounds = Limits(max_latency_ms, max_energy_mj=2).on(POWERED)
    assert list(bounds.exceeded(Costs(30.0, 0, 0))) == named
    assert bounds.exceeded(Costs(bounds.upper.latency_ms, 0, 0)) == ()


def test_the_last_digit_of_an_energy_is_no_excess_but_that_of_a_latency_is_one():
    costs = Costs(20.0 * (1 + 1e-12), 0, 0)
    assert Limits(max_energy_mj=2).on(POWERED).exceeded(costs) == ()
    (sentence,) = Limits(max_latency_ms=20, max_energy_mj=2).on(POWERED).exceeded(costs)
    assert sentence.startswith("latency 20.00000000002")


def test_the_text_is_what_was_asked_for():
    assert str(Limits(15, 20.5).on(BOARD)) == "15 ms, 20.5 KB of RAM, 512 KB of flash"
    assert str(Limits(max_energy_mj=1e-5).on(POWERED)) == "128 KB of RAM, 512 KB of flash, 1e-05 mJ"
    assert str(Limits(max_latency_ms=15, max_energy_mj=2).on(POWERED)).startswith("15 ms, ")


def test_another_limit_takes_the_place_of_the_one_on_the_same_cost():
    bounds = Limits(15, 20, 100).on(BOARD)
    less = bounds.with_limit(Limit("flash_bytes", 50.5))
    assert less.upper == (15, 20480, 51712)
    assert str(less) == "15 ms, 20 KB of RAM, 50.5 KB of flash"
    assert bounds.upper == (15, 20480, 102400)


def test_nan_is_never_within_bounds():
    with pytest.raises(LimitError, match="latency_ms is NaN"):
        Limits(max_latency_ms=30).on(BOARD).exceeded(Costs(math.nan, 0, 0))

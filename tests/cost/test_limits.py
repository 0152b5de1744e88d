"""Limits: what is no limit is refused by name, and what is over one is said with its numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.cost.limits import Limits
from tsnas.errors import LimitError

NAMES = ("max_latency_ms", "max_ram_kb", "max_flash_kb", "max_energy_mj")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0, -1, -0.5, math.nan, math.inf, "30", True, [3], 3j])
def test_what_is_no_limit_is_refused_by_name(name, value):
    with pytest.raises(LimitError) as caught:
        Limits(**{name: value})
    assert f"{name} is {value!r}" in str(caught.value)
    assert "a finite number above 0, or None" in str(caught.value)


@pytest.mark.parametrize("value", [30, 0.5, np.float32(2.5), np.int64(7)])
def test_numbers_of_any_kind_are_limits(value):
    assert Limits(max_latency_ms=value).max_latency_ms == value


def test_bytes_are_whole_kb_of_1024():
    limits = Limits(max_ram_kb=20, max_flash_kb=10.0001)
    assert (limits.max_ram_bytes, limits.max_flash_bytes) == (20480, 10240)
    assert Limits().max_ram_bytes is None
    assert Limits().max_flash_bytes is None


def test_each_excess_is_one_sentence():
    limits = Limits(max_latency_ms=30, max_ram_kb=20, max_flash_kb=100)
    assert limits.exceeded(latency_ms=31.2, ram_bytes=20481, flash_bytes=102400) == (
        "latency 31.2 ms is over the limit of 30 ms",
        "RAM 20.00 KB (20481 bytes) is over the limit of 20.00 KB (20480 bytes)",
    )
    assert limits.exceeded(flash_bytes=110000) == (
        "flash 107.42 KB (110000 bytes) is over the limit of 100.00 KB (102400 bytes)",
    )


@settings(max_examples=scaled(60), deadline=None, derandomize=True)
@given(st.floats(0.1, 1000), st.floats(0.1, 1000))
def test_excess_is_strict(limit, used):
    assert bool(Limits(max_latency_ms=limit).exceeded(latency_ms=used)) == (used > limit)
    assert bool(Limits(max_ram_kb=limit).exceeded(ram_bytes=used * 1024)) == (used * 1024 > math.floor(limit * 1024))


def test_a_slight_excess_does_not_read_like_none():
    (message,) = Limits(max_latency_ms=30).exceeded(latency_ms=30.0000001)
    assert message != "latency 30 ms is over the limit of 30 ms"


def test_costs_that_are_not_given_are_not_judged():
    assert Limits(1, 1, 1).exceeded() == ()
    assert Limits().exceeded(latency_ms=1e9, ram_bytes=1e9, flash_bytes=1e9) == ()


def test_nan_is_never_within_limits():
    with pytest.raises(LimitError, match="latency_ms is NaN"):
        Limits(max_latency_ms=30).exceeded(latency_ms=math.nan)


def test_energy_is_a_limit_like_the_others():
    assert Limits(max_energy_mj=2).exceeded(energy_mj=2.5) == ("energy 2.5 mJ is over the limit of 2 mJ",)
    assert Limits(max_energy_mj=2).exceeded(energy_mj=2.0) == ()

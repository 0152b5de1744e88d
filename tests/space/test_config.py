"""The numbers of cells and options of the search space, from the paper's formulas."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsnas.errors import SettingError
from tsnas.space.config import SpaceConfig
from tsnas.space.spaces import SPACES, distinct_spaces, space_configs, space_from_json, space_to_json


def test_paper_spaces():
    config = SpaceConfig()
    assert config.time_strides(128) == (2, 2, 2)
    assert config.time_strides(64) == (2, 2)
    # UCI-HAR has 9 channels: one halving to 5; SkodaR has 30: to 15 and 8.
    assert config.fusion_strides(9) == (2, 1, 1)
    assert config.fusion_strides(30) == (2, 1, 1, 2, 1, 1)
    assert config.time_reduce_widths == (4, 8, 12, 16)
    assert config.fusion_widths == (8, 16, 24, 32, 40, 48, 56, 64)


@given(time=st.integers(8, 5000))
def test_time_reduce_cells_follow_the_formula_but_never_vanish(time):
    strides = SpaceConfig().time_strides(time)
    assert len(strides) == max(1, math.floor(math.log2(time / 16)))
    assert set(strides) == {2}
    assert time / 2 ** len(strides) >= 4


@given(time=st.integers(8, 5000))
def test_a_first_stride_of_4_takes_the_place_of_two_cells(time):
    halving, quartering = SpaceConfig().time_strides(time), SpaceConfig(first_stride=4).time_strides(time)
    assert math.prod(halving) == math.prod(quartering)
    assert len(quartering) == max(1, len(halving) - 1)


@given(channels=st.integers(1, 200), extra=st.integers(0, 3))
def test_collapse_takes_all_channels_in_one_step(channels, extra):
    assert SpaceConfig(collapse=True, extra_fusion_cells=extra).fusion_strides(channels) == (channels,) + (1,) * extra


@given(channels=st.integers(1, 200), extra=st.integers(0, 3))
def test_fusion_cells_halve_while_the_half_stays_large_enough(channels, extra):
    strides = SpaceConfig(extra_fusion_cells=extra).fusion_strides(channels)
    halvings = [stride for stride in strides if stride == 2]
    width = channels
    for _ in halvings:
        width = -(-width // 2)
    assert len(strides) == max(1, len(halvings)) * (1 + extra)
    if channels == 1:
        assert not halvings
    else:
        assert len(halvings) == 1 or width >= 5
        assert -(-width // 2) < 5


def test_kernels_longer_than_any_window_can_fill_are_left_out():
    config = SpaceConfig()
    assert config.kernels_for(16) == (3, 5, 7)
    assert config.kernels_for(3) == (3, 5)
    assert config.kernels_for(1) == (3,)


def test_time_reduce_cells_may_have_kernels_of_their_own():
    config = SpaceConfig(kernel_sizes=(7, 3), time_reduce_kernel_sizes=(7, 5, 5))
    assert (config.kernels_for(64), config.time_reduce_kernels_for(64)) == ((3, 7), (5, 7))
    assert config.time_reduce_kernels_for(3) == config.time_reduce_kernels_for(2) == (5,)
    assert SpaceConfig(kernel_sizes=(3, 9)).time_reduce_kernels_for(64) == (3, 9)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fusion_filters": 60}, ["fusion_filters=60", "fusion_granularity=8", "64"]),
        ({"time_reduce_granularity": 0}, ["time_reduce_granularity=0"]),
        ({"kernel_sizes": (4,)}, ["kernel_sizes=(4,)", "odd"]),
        ({"kernel_sizes": ()}, ["kernel_sizes=()"]),
        ({"kernel_sizes": 3}, ["kernel_sizes=3", "such as (3, 5, 7)"]),
        ({"time_reduce_kernel_sizes": (5, 6)}, ["time_reduce_kernel_sizes=(5, 6)", "odd"]),
        ({"time_reduce_kernel_sizes": ()}, ["time_reduce_kernel_sizes=()"]),
        ({"minimum_time": 0}, ["minimum_time=0"]),
        ({"first_stride": 3}, ["first_stride=3 must be 1, 2 or 4"]),
        ({"collapse": 1}, ["collapse=1 must be True or False"]),
        ({"min_slack": -1}, ["min_slack=-1 must be a number of at least 0"]),
        ({"min_slack": float("inf")}, ["min_slack=inf"]),
        ({"min_slack": None}, ["min_slack=None"]),
        ({"extra_fusion_cells": -1}, ["extra_fusion_cells=-1"]),
        ({"dropout": 1.0}, ["dropout=1.0"]),
    ],
)
def test_bad_settings_are_named(settings, words):
    with pytest.raises(SettingError) as error:
        SpaceConfig(**settings)
    assert all(word in str(error.value) for word in words)


def test_json_round_trip():
    config = SpaceConfig(fusion_filters=32, kernel_sizes=(3, 9), time_reduce_kernel_sizes=(5, 7))
    assert SpaceConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    # Models that were saved before there was such a setting still load.
    earlier = SpaceConfig(kernel_sizes=(3, 9)).to_json()
    del earlier["time_reduce_kernel_sizes"]
    assert SpaceConfig.from_json(earlier) == SpaceConfig(kernel_sizes=(3, 9))


def test_spaces_that_were_saved_under_the_former_name_of_the_slack_still_load():
    """As `classifier.json` of earlier versions has it under "params"."""
    saved = """[
      {"time_reduce_filters": 16, "time_reduce_granularity": 4, "fusion_filters": 64, "fusion_granularity": 8,
       "kernel_sizes": [3, 5, 7], "time_reduce_kernel_sizes": [5, 7], "minimum_time": 16, "minimum_sensors": 5,
       "extra_fusion_cells": 2, "first_stride": 4, "collapse": true, "least_room": 1.5, "dropout": 0.1},
      {"time_reduce_filters": 16, "time_reduce_granularity": 4, "fusion_filters": 64, "fusion_granularity": 8,
       "kernel_sizes": [3, 5, 7], "time_reduce_kernel_sizes": null, "minimum_time": 16, "minimum_sensors": 5,
       "extra_fusion_cells": 2, "first_stride": 4, "collapse": true, "least_room": 0.0, "dropout": 0.1}
    ]"""
    assert space_from_json(json.loads(saved)) == list(SPACES["tsnas"][:2])
    assert [part.min_slack for part in space_from_json(json.loads(saved))] == [1.5, 0.0]
    assert SpaceConfig.from_json({"least_room": 2}).to_json()["min_slack"] == 2


def test_a_space_is_one_part_or_several():
    assert space_configs("micronas") == (SpaceConfig(),)
    own = SpaceConfig(fusion_filters=8)
    assert space_configs(own) == space_configs([own, own]) == (own,)
    assert space_configs([own, SpaceConfig()]) == (own, SpaceConfig())


@pytest.mark.parametrize("space", ["best", [], [SpaceConfig(), "micronas"], None, {"first_stride": 4}])
def test_what_is_no_space_is_named(space):
    with pytest.raises(SettingError) as raised:
        space_configs(space)
    assert f"space={space!r} must be one of 'tsnas', 'micronas', a tsnas.SpaceConfig, or a list" in str(raised.value)


@given(time=st.integers(8, 600), channels=st.integers(1, 70))
def test_parts_that_make_no_difference_to_windows_are_searched_once(time, channels):
    parts = [SpaceConfig(first_stride=s, collapse=c) for s in (4, 2) for c in (True, False)]
    found = distinct_spaces(parts, time, channels)
    strides = [(part.time_strides(time), part.fusion_strides(channels)) for part in parts]
    assert [(part.time_strides(time), part.fusion_strides(channels)) for part in found] == list(dict.fromkeys(strides))
    # Other filters are another part, whatever the strides, and the first of equal parts keeps its place.
    wide, narrow = SpaceConfig(), SpaceConfig(fusion_filters=8)
    found = distinct_spaces([wide, narrow, SpaceConfig(), SpaceConfig(collapse=True)], time, channels)
    assert found[:2] == [wide, narrow]
    assert len(found) == 2 + (wide.fusion_strides(channels) != (channels, 1, 1))


@pytest.mark.parametrize("space", ["tsnas", SpaceConfig(first_stride=4), [SpaceConfig(), SpaceConfig(collapse=True)]])
def test_every_space_survives_json(space):
    assert space_from_json(json.loads(json.dumps(space_to_json(space)))) == space

"""Places of buffers: those of a slow planner, and never one over another that lives at the same time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import scaled

from tsnas.cost.planner import greedy_offsets

buffers = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 6), st.integers(0, 4)).map(lambda b: (16 * b[0], b[1], b[1] + b[2])),
    min_size=1,
    max_size=12,
)


def slow_offsets(requests):
    """First fit by trying every multiple of 16, the largest buffer first, of equal ones the last."""
    order = sorted(enumerate(requests), key=lambda item: (item[1][0], item[0]))[::-1]
    placed = {}
    for index, (size, first, last) in order:
        taken = np.zeros(10_000, dtype=bool)
        for other, start in placed.items():
            other_size, other_first, other_last = requests[other]
            if set(range(first, last + 1)) & set(range(other_first, other_last + 1)):
                taken[start : start + other_size] = True
        placed[index] = next(at for at in range(0, 10_000, 16) if not taken[at : at + size].any())
    return [placed[index] for index in range(len(requests))]


@settings(max_examples=scaled(100), deadline=None, derandomize=True)
@given(buffers)
def test_offsets_are_those_of_a_slow_first_fit(requests):
    assert greedy_offsets(requests) == slow_offsets(requests)


@settings(max_examples=scaled(100), deadline=None, derandomize=True)
@given(buffers)
def test_live_buffers_never_overlap(requests):
    offsets = greedy_offsets(requests)
    for step in range(12):
        owner = np.full(10_000, -1)
        for index, (size, first, last) in enumerate(requests):
            if first <= step <= last:
                place = slice(offsets[index], offsets[index] + size)
                assert (owner[place] == -1).all()
                owner[place] = index

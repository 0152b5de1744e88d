"""What the fuzz tests share: how many examples run, values of odd types, and damaged bytes."""

import os
import struct

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# The examples of each test are multiplied by this.
FACTOR = int(os.environ.get("TSNAS_FUZZ", "1"))


def many(examples: int) -> int:
    """So many examples times the factor; a fifth of them where long tests are left out."""
    share = settings.get_current_profile_name() == "few"
    # The first one of Hypothesis is always the plainest there is; so few still have others beside it.
    return max(3, examples // 5) if share and FACTOR == 1 else examples * FACTOR


def fuzzed(examples: int):
    """Settings of a fuzz test of so many examples in `make test-long`: the same each time, or others with a factor."""
    return settings(
        max_examples=many(examples),
        derandomize=FACTOR == 1,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


class Odd:
    """An object of which nothing is known."""

    def __repr__(self):
        return "<odd>"


class Unprintable(str):
    """A str by name only."""


NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, 1, -1, 2, 10**400, 2**31, 2**63, True, False]),
    st.floats(),
    st.sampled_from([np.float32("nan"), np.int64(3), np.uint8(0), np.bool_(True), np.float16(0.5), np.float64("-inf")]),
    st.complex_numbers(),
)
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from(["", "nan", "1", "auto", "\0", "\ud800", "a" * 5000]))
ODD_OBJECTS = st.sampled_from(
    [None, Odd, Odd(), print, Ellipsis, np.datetime64("NaT"), np.array([1, 2]), np.array(3), np.array([]), range(3)]
)
# Values of any type, nested ones among them.
ODD_VALUES = st.recursive(
    st.one_of(NUMBERS, TEXTS, ODD_OBJECTS, st.binary(max_size=9), st.sampled_from([Unprintable("tsnas")])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    max_leaves=6,
)

# What JSON can say, with numbers that it should not.
JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(max_size=12),
        st.sampled_from([10**400, -1, 0, 1, 2**31, 2**63, 1e308, 5e-324, -0.0, ""]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=8,
)

WORDS = [struct.pack("<I", value) for value in (0, 1, 4, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)]


DAMAGE = ("bits", "words", "cut", "removed", "longer", "noise")


@st.composite
def damaged(draw, content: bytes, kind: str | None = None) -> bytes:
    """`content` with some bits or words changed, cut short, lengthened, or replaced by noise: a kind of `DAMAGE`."""
    data = bytearray(content)
    kind = kind or draw(st.sampled_from(["bits", "bits", *DAMAGE, "words"]))
    places = st.integers(0, max(0, len(data) - 1))
    if kind == "bits":
        for place in draw(st.lists(places, min_size=1, max_size=8)):
            data[place] ^= 1 << draw(st.integers(0, 7))
    elif kind == "words":
        for place in draw(st.lists(places, min_size=1, max_size=4)):
            start = place // 4 * 4
            data[start : start + 4] = draw(st.one_of(st.sampled_from(WORDS), st.binary(min_size=4, max_size=4)))
    elif kind == "cut":
        del data[draw(places) :]
    elif kind == "removed":
        start = draw(places)
        del data[start : start + draw(st.integers(1, 64))]
    elif kind == "longer":
        data += draw(st.binary(min_size=1, max_size=64))
    else:
        noise = draw(st.binary(max_size=200))
        data = data[: draw(st.sampled_from([0, 8]))] + bytearray(noise)
    return bytes(data)


@st.composite
def altered(draw, values, changes: int = 2):
    """A copy of nested dicts and lists with some fields missing, added, or of an odd value."""
    values = _copied(values)
    for _ in range(draw(st.integers(1, changes))):
        holder = values
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = holder[key]
            if isinstance(inner, dict | list) and inner and draw(st.booleans()):
                holder = inner
                continue
            action = draw(st.sampled_from(["odd", "odd", "missing", "added", "near"]))
            if action == "odd":
                holder[key] = draw(JSON_VALUES)
            elif action == "missing":
                del holder[key]
            elif action == "added" and isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = draw(JSON_VALUES)
            elif action == "added":
                holder.append(draw(JSON_VALUES))
            elif isinstance(inner, int | float):
                holder[key] = draw(st.sampled_from([-inner, 0, inner * 10**9, float(inner), str(inner), [inner]]))
            break
    return values


def _copied(values):
    if isinstance(values, dict):
        return {key: _copied(value) for key, value in values.items()}
    return [_copied(value) for value in values] if isinstance(values, list) else values

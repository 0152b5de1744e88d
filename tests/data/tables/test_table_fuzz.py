"""Whatever bytes a file holds: from_csv reads it, or says in an error of tsnas what is wrong."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, example, given, settings
from scale import scaled

from tsnas.data import RecordingSet, check, from_csv
from tsnas.errors import TsnasError

FUZZ = {"deadline": None, "suppress_health_check": list(HealthCheck)}
GOOD = "time_ms,ax,ay,label\n" + "".join(f"{20 * k},{np.sin(k):.3f},{k % 5},{'ab'[k % 2]}\n" for k in range(40))
CELLS = st.sampled_from(
    [
        "0",
        "1",
        "20",
        "-3.5",
        "1,5",
        "1e308",
        "-1e400",
        "nan",
        "inf",
        "",
        "abc",
        "9" * 400,
        "1_0",
        "٣",
        "²",
        "2024-01-01",
    ]
    + ["2024-05-01T09:30:00Z", "a\nb", '"', "\ufeff", "\x1c", "0x10", "1.2.3", "+", "e", " ", "time_ms", "1" * 5000]
)
# Columns by index, so that most files have them.
ARGUMENTS = st.fixed_dictionaries(
    {"rate_hz": st.sampled_from([50, 50, 25, 33.3, 1e-3, 1e6])},
    optional={
        "time": st.just(0),
        "label": st.just(3),
        "group": st.sampled_from([3, 2]),
        "channels": st.sampled_from([[1], [1, 2], ["ax", 2]]),
        "time_unit": st.sampled_from(["ms", "ms", "s", "us", "ns", "iso"]),
        "max_gap_s": st.sampled_from([0.1, 1e9, 1e-9]),
        "decimal": st.sampled_from([".", ","]),
        "delimiter": st.sampled_from([",", ";", "\t", " "]),
        "header": st.booleans(),
    },
)


def read(tmp_path, content, arguments):
    path = tmp_path / "fuzz.csv"
    path.write_bytes(content)
    try:
        data = from_csv(path, **arguments)
    except TsnasError:
        return
    assert isinstance(data, RecordingSet)
    for index, array in enumerate(data.arrays):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
        assert np.ndim(data.labels[index] if data.labels else 0) == 0 or len(data.labels[index]) == len(array)
    str(check(data))


@settings(max_examples=scaled(150), **FUZZ)
@given(st.binary(max_size=300), ARGUMENTS)
@example(b"\xff\xfe\x00", {"rate_hz": 50})
@example(b"\xef\xbb\xbf", {"rate_hz": 50})
def test_any_bytes(tmp_path, content, arguments):
    read(tmp_path, content, arguments)


@settings(max_examples=scaled(150), **FUZZ)
@given(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.binary(max_size=12), ARGUMENTS)
def test_truncated_and_damaged_files(tmp_path, length, place, damage, arguments):
    content = GOOD.encode()[:length]
    read(tmp_path, content[:place] + damage + content[place + len(damage) :], arguments)


@settings(max_examples=scaled(200), **FUZZ)
@given(
    st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=12),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
    ARGUMENTS,
)
def test_odd_cells(tmp_path, rows, delimiter, encoding, arguments):
    read(tmp_path, "\n".join(delimiter.join(row) for row in rows).encode(encoding, "replace"), arguments)


@settings(max_examples=scaled(60), **FUZZ)
@given(st.lists(CELLS, min_size=1, max_size=3), st.integers(0, 39), ARGUMENTS)
def test_odd_cells_among_good_ones(tmp_path, cells, row, arguments):
    lines = GOOD.splitlines()
    kept = lines[row].split(",")
    lines[row] = ",".join([*cells, *kept][: len(kept)])
    read(tmp_path, "\n".join(lines).encode(), arguments)


def test_huge_fields_and_mixed_encodings(tmp_path):
    huge = "t_ms,x\n0,1\n20," + "7" * 200_000 + "\n40,2\n"
    mixed = "t_ms,Größe\n".encode("latin-1") + "0,1\n20,2\n40,ü\n".encode()
    wide = ",".join(map(str, range(5000))) + "\n" + ",".join(["1"] * 5000)
    for content in (huge.encode(), mixed, wide.encode(), b"\n" * 100_000, b'"' * 10_000, b"," * 10_000):
        read(tmp_path, content, {"time": 0, "time_unit": "ms"})
        read(tmp_path, content, {"rate_hz": 50})

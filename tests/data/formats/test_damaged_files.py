"""Damaged files of every layout: cut anywhere or with bytes overwritten, they are read or refused by an own error."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_layouts_of_files import ALL

from tsnas.data import read
from tsnas.errors import TsnasError

# One of each reader; those of CSV dialects share theirs.
READERS = (
    "millis", "table_with_label_and_user", "edge_impulse_json", "edge_impulse_csv", "sensiml_dai", "sensor_logger_zip",
    "empatica_e4", "wisdm", "pamap2_with_an_empty_sensor", "opportunity", "uea_ts", "ucr_tsv", "arff", "nanoedge",
    "tsnas_record", "axivity", "actigraph", "edf_plus", "physionet", "parquet", "mcap_json", "edge_impulse_cbor",
)  # fmt: skip
SHARES = st.floats(0, 1, exclude_max=True)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Returns a function that writes a layout once, and returns its folder."""
    folders = {}

    def write(name):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp(name)
            ALL[name][0](folders[name])
        return folders[name]

    return write


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(cut=st.none() | SHARES, damage=st.lists(st.tuples(SHARES, st.binary(min_size=1, max_size=4)), max_size=4))
def test_is_read_or_refused(name, written, tmp_path_factory, cut, damage):
    if ALL[name][4]:
        pytest.importorskip(ALL[name][4])
    source, target = written(name), tmp_path_factory.mktemp("damaged")
    for file in (file for file in sorted(source.rglob("*")) if file.is_file()):
        content = bytearray(file.read_bytes())
        # What is in the first lines matters most.
        places = [int(share**2 * len(content)) for share, _ in damage]
        for place, (_, new) in zip(places, damage, strict=True):
            content[place : place + len(new)] = new[: len(content) - place]
        if cut is not None:
            del content[int(cut * len(content)) :]
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            data = read(target)
        except TsnasError:
            return
    assert len(data) > 0
    assert all(array.ndim == 2 and array.dtype == np.float32 for array in data.arrays)

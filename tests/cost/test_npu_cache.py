"""The operators of an NPU are kept on disk; a file that is damaged or cannot be written does no harm."""

import json

import pytest

from tsnas.cost.npu_cache import OpCache, OpOnNpu
from tsnas.graph.ops import Softmax

COSTS = OpOnNpu(1048.0, 320, 1500)


def test_costs_and_refusals_come_back(tmp_path):
    path = tmp_path / "new" / "kept.json"
    cache = OpCache(path)
    assert cache.get(Softmax(4)) is None
    assert cache.put(Softmax(4), COSTS) == COSTS
    cache.put(Softmax(5), "it cannot run")
    assert not path.exists()
    cache.write()
    again = OpCache(path)
    assert (again.get(Softmax(4)), again.get(Softmax(5)), again.get(Softmax(6))) == (COSTS, "it cannot run", None)


def test_two_processes_keep_what_both_found(tmp_path):
    one, other = OpCache(tmp_path / "kept.json"), OpCache(tmp_path / "kept.json")
    one.put(Softmax(4), COSTS)
    one.write()
    other.put(Softmax(5), COSTS)
    other.write()
    assert sorted(json.loads((tmp_path / "kept.json").read_text())) == ["Softmax(c=4)", "Softmax(c=5)"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff{",
        b"[1]",
        b'{"Softmax(c=4)": {"cycles": NaN, "scratch_bytes": 1, "file_bytes": 1}}',
        b'{"Softmax(c=4)": {"cycles": -1, "scratch_bytes": 1, "file_bytes": 1}}',
        b'{"Softmax(c=4)": {"cycles": 1}}',
        b'{"Softmax(c=4)": 3}',
    ],
)
def test_damaged_files_are_as_good_as_none(tmp_path, content):
    (tmp_path / "kept.json").write_bytes(content)
    assert OpCache(tmp_path / "kept.json").get(Softmax(4)) is None


def test_a_folder_that_cannot_be_made_does_no_harm(tmp_path):
    (tmp_path / "file").write_text("")
    cache = OpCache(tmp_path / "file" / "kept.json")
    cache.put(Softmax(4), COSTS)
    cache.write()
    assert cache.get(Softmax(4)) == COSTS

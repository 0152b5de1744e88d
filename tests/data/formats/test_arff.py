"""ARFF files of the UCR and UEA archives: series of one channel, and relations with a channel in each line."""

import pytest

from tsnas.data import read
from tsnas.data.formats.arff import split_fields
from tsnas.errors import FormatError

ONE = """% made here
@relation Toy

@attribute att0 numeric
@attribute att1 REAL
@ATTRIBUTE 'att 2' numeric
@attribute target {Run,'Walk, slow'}

@data
0.5,1,-2e-1,Run
1,?,3, 'Walk, slow'
"""
SEVERAL = """@relation Motions
@attribute Motions relational
\t@attribute t1 numeric
\t@attribute t2 numeric
\t@attribute t3 numeric
\t@end Motions
@attribute activity {Standing,running}
@data
"1,2,3\\n4,5,6",Standing
'7,8,9\\n0,?,0','running'
"""


def test_series_of_one_channel(tmp_path):
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"Toy_{part}.arff").write_text(ONE)
    data = read(tmp_path)
    assert data.notes[0].startswith(
        "Taken for UCR and UEA archives (.arff), because Toy_TEST.arff has a line @relation"
    )
    assert any("say no rate" in note for note in data.notes)
    assert (data.labels, data.groups) == (["Run", "Walk, slow"] * 2, ["TEST"] * 2 + ["TRAIN"] * 2)
    assert [array[:, 0].tolist() for array in data.arrays[:2]] == [[0.5, 1, pytest.approx(-0.2)], [1, 2, 3]]
    assert data.channels == ("0",)


def test_relations_have_a_channel_in_each_line(tmp_path):
    (tmp_path / "Motions_TRAIN.arff").write_text(SEVERAL)
    data = read(tmp_path / "Motions_TRAIN.arff")
    assert data.labels == ["Standing", "running"]
    assert [array.tolist() for array in data.arrays] == [[[1, 4], [2, 5], [3, 6]], [[7, 0], [8, 0], [9, 0]]]
    assert data.groups == ["TRAIN", "TRAIN"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,Run", "line 12, has 3 fields, but there are 4 attributes"),
        ("1,2,x,Run", "line 12, is no series of numbers"),
        ("{0 1, 3 Run}", "line 12, is sparse"),
    ],
)
def test_lines_that_are_not_whole_are_named(tmp_path, line, message):
    (tmp_path / "a.arff").write_text(ONE + line + "\n")
    with pytest.raises(FormatError, match=message):
        read(tmp_path)


def test_heads_that_are_not_whole_are_named(tmp_path):
    (tmp_path / "a.arff").write_text("@relation a\n@data\n1,2,a\n")
    with pytest.raises(FormatError, match="no @attribute before it"):
        read(tmp_path)
    (tmp_path / "a.arff").write_text("@relation a\n@attribute b\n@data\n1,2,a\n")
    with pytest.raises(FormatError, match="line 2, is no attribute with a name and a type"):
        read(tmp_path)


def test_quotes_hold_commas_and_quotes():
    assert split_fields("""'a,b', "c\\"d" ,e f,,g""") == ["a,b", 'c"d', "e f", "", "g"]

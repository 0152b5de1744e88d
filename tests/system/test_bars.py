"""Progress bars keep name, share and time left on a terminal of 80 columns, whatever stands after them."""

import io

import pytest

from tsnas.system.bars import progress_bar


@pytest.mark.parametrize("width", [80, 50])
def test_name_share_and_time_left_are_never_cut(width):
    stream = io.StringIO()
    with progress_bar("quantise", 288, "step", file=stream, mininterval=0) as bar:
        bar.dynamic_ncols, bar.ncols = False, width
        bar.update(96)
        bar.set_postfix_str("loss 0.210, accuracy 1.000, and more than there is room for")
    line = stream.getvalue().split("\r")[-1].rstrip("\n")
    assert line.startswith("quantise:  33%, ")
    assert " left |" in line
    assert len(line.rstrip()) <= width


def test_an_unknown_total_shows_the_count():
    stream = io.StringIO()
    with progress_bar("download", None, "B", file=stream) as bar:
        bar.update(5)
    assert "5B" in stream.getvalue()


def test_a_silent_bar_writes_nothing():
    stream = io.StringIO()
    with progress_bar("train", 3, "step", silent=True, file=stream) as bar:
        bar.update(3)
    assert stream.getvalue() == ""

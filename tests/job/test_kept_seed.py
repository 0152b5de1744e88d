"""A seed that is drawn is drawn once for each folder."""

from tsnas.job.kept_seed import kept_seed


def test_a_drawn_seed_stays(tmp_path):
    drawn = kept_seed(None, tmp_path / "work")
    assert kept_seed(None, tmp_path / "work") == drawn
    assert kept_seed(7, tmp_path / "work") == 7
    assert kept_seed(None, tmp_path / "other") != drawn


def test_without_a_folder_nothing_stays():
    assert kept_seed(0, None) == 0
    assert kept_seed(None, None) != kept_seed(None, None)

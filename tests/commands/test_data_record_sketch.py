"""tsnas data record --sketch: writes a sketch instead of recording, and says what to do with it."""

from tsnas.commands.main import run


def test_a_sketch_is_written(tmp_path, capsys):
    assert run(["data", "record", f"--sketch={tmp_path}", "--channels=ax,ay", "--rate_hz=50"]) == 0
    source = (tmp_path / "tsnas_record/tsnas_record.ino").read_text()
    assert '"ax,ay"' in source
    assert "#define PERIOD_US 20000UL" in source
    assert "@" not in source
    assert "tsnas data record --port=PORT --label=NAME --rate_hz=50 " in capsys.readouterr().out


def test_a_sketch_excludes_a_recording(tmp_path, capsys):
    assert run(["data", "record", f"--sketch={tmp_path}", "--port=loop://"]) == 2
    assert "--port and --sketch exclude each other" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

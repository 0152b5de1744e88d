"""listen: classes of what a port sends, with lost and damaged bytes, names in another order, and an unplugged board."""

import dataclasses
import json
import os
import pty
import re
import socket
import threading
import types

import numpy as np
import pytest
from models import firmware

from tsnas.commands.main import run
from tsnas.data import Channels, Signal
from tsnas.data.recorder import listener
from tsnas.data.recorder.frames import encode, encode_names
from tsnas.data.smoothing import smooth_answers, smooth_rejections
from tsnas.errors import NoAnswerError, PortError, SettingError, StreamError
from tsnas.export import listen as module
from tsnas.export.listen import Windower, listen
from tsnas.system import serial_port

VALUES = np.round(np.random.default_rng(0).normal(size=(200, 3)), 3).astype(np.float32)


class Model:
    """What `listen` needs of a Firmware: the class is the channel with the largest mean."""

    classes = ("x", "y", "z")
    decimation, taken, signal, channels, smooth = 1, (0, 1, 2), None, None, 1
    model = types.SimpleNamespace(window_shape=(16, 3, 1))

    def __init__(self, **changes):
        self.__dict__.update(changes)
        self.seen = []

    def predict(self, windows):
        self.seen.append(windows[0])
        means = windows.mean(axis=1)
        return means - means.min() + 0.01

    def rejects(self, windows):
        return np.zeros(len(windows), bool)


@pytest.fixture
def board(monkeypatch):
    """Returns a function that makes a port of a kind, which sends bytes once it is open; a socket is closed then."""
    ends = []
    sends = []

    def opened(url, baud):
        port = serial_port.open_port(url, baud)
        # What came before would be thrown away.
        threading.Thread(target=sends.pop(), daemon=True).start()
        return port

    monkeypatch.setattr(module, "open_port", opened)

    def at_socket(data):
        server = socket.create_server(("127.0.0.1", 0))
        ends.append(server.close)

        def send():
            connection, _ = server.accept()
            connection.sendall(data)
            connection.close()

        sends.append(send)
        return f"socket://127.0.0.1:{server.getsockname()[1]}"

    def at_pty(data):
        main, other = pty.openpty()
        ends.extend([lambda: os.close(other), lambda: os.close(main)])

        def send():
            view = memoryview(data)
            while view:
                view = view[os.write(main, view[:512]) :]

        sends.append(send)
        return os.ttyname(other)

    yield lambda kind, data: {"socket": at_socket, "pty": at_pty}[kind](data)
    for end in ends:
        end()


def text(values=VALUES, head="x,y,z\n"):
    return (head + "".join(",".join(f"{v:.3f}" for v in row) + "\n" for row in values)).encode()


def frames(values=VALUES):
    return encode_names(["x", "y", "z"]) + b"".join(encode(row.tolist(), n) for n, row in enumerate(values))


def heard_until_unplugged(model, url, **given):
    heard = []
    with pytest.raises(PortError, match=r"has closed.* windows? had been classified\.$"):
        listen(model, url, heard.append, **given)
    return heard


@pytest.mark.parametrize("content", [text(), frames()], ids=["lines", "frames"])
def test_windows_are_those_of_a_recording(board, content):
    model = Model()
    heard = heard_until_unplugged(model, board("socket", content), stride=8)
    np.testing.assert_array_equal(np.stack(model.seen), np.stack([VALUES[s : s + 16] for s in range(0, 185, 8)]))
    assert [one.windows for one in heard] == list(range(1, 25))
    assert heard[0].label == "xyz"[VALUES[:16].mean(axis=0).argmax()]
    assert heard[-1].bad == 0


def test_over_a_pty_until_nothing_comes_any_more(board, monkeypatch):
    received, now = [0], [0.0]

    def read(port, wait_s):
        data = serial_port.read_available(port, 0.01)
        received[0] += len(data)
        # Only once all has come does the time pass.
        now[0] += 1.0 * (received[0] == len(frames()))
        return data

    monkeypatch.setattr(listener, "read_available", read)
    model, heard = Model(), []
    with pytest.raises(NoAnswerError, match=r"Nothing has arrived .* for 5 s\. 24 windows had been classified"):
        listen(model, board("pty", frames()), heard.append, stride=8, clock=lambda: now[0])
    assert len(heard) == 24


def test_lost_samples_are_filled_and_many_begin_anew(board):
    sent = [encode(row.tolist(), n) for n, row in enumerate(VALUES)]
    damaged = bytearray(b"".join(sent[:20] + sent[22:60] + sent[70:]))
    damaged[10 * 18 + 8] ^= 1
    model = Model()
    heard = heard_until_unplugged(model, board("socket", bytes(damaged)), stride=16)
    assert heard[-1].bad == 13
    filled = VALUES.copy()
    # Of the ten lost ones the first five are filled, of which a window needs four; then it begins anew.
    filled[10], filled[20:22], filled[60:64] = VALUES[9], VALUES[19], VALUES[59]
    starts = [0, 16, 32, 48, *range(70, 185, 16)]
    np.testing.assert_array_equal(np.stack(model.seen), np.stack([filled[s : s + 16] for s in starts]))


def test_columns_are_found_by_their_names(board):
    model = Model(channels=Channels(("x", "y", "z"), rate_hz=50))
    swapped = text(np.hstack([VALUES[:, :1], VALUES[:, ::-1]]), "t,z,y,x\n")
    heard_until_unplugged(model, board("socket", swapped), stride=16)
    np.testing.assert_array_equal(model.seen[0], VALUES[:16])


def test_names_are_given_where_the_board_says_none(board):
    model = Model(channels=Channels(("x", "y", "z"), rate_hz=50))
    content = text(np.hstack([VALUES[:, :1], VALUES[:, ::-1]]), "")
    heard_until_unplugged(model, board("socket", content), stride=16, channels=["t", "z", "y", "x"])
    # The first line may have been cut.
    np.testing.assert_array_equal(model.seen[0], VALUES[1:17])


def test_names_that_come_after_the_first_samples_change_the_places(board):
    sent = [encode(row[::-1].tolist(), n) for n, row in enumerate(VALUES)]
    model = Model(channels=Channels(("x", "y", "z"), rate_hz=50))
    content = b"".join(sent[:32]) + encode_names(["z", "y", "x"]) + b"".join(sent[32:])
    heard_until_unplugged(model, board("socket", content), stride=16)
    np.testing.assert_array_equal(model.seen[-1], VALUES[176:192])


def test_samples_that_lack_a_channel(board):
    with pytest.raises(StreamError, match=r"Samples have 2 numbers, but the model takes 3 channels \(x, y, z\)"):
        listen(Model(channels=Channels(("x", "y", "z"))), board("socket", text(VALUES[:, :2], "")), print)


def test_decimation_and_choice_of_channels_are_those_of_a_signal():
    signal = Signal(16, 4, decimation=3, channels=(2, 0))
    model = Model(signal=signal, decimation=3, taken=(2, 0), model=types.SimpleNamespace(window_shape=(16, 2, 1)))
    windower = Windower(model, 4)
    windows = [window for row in VALUES if (window := windower.push(row.tolist())) is not None]
    whole = signal.of(VALUES)
    np.testing.assert_array_equal(
        np.stack(windows), np.stack([whole[s : s + 16] for s in range(0, len(whole) - 15, 4)])
    )


@pytest.mark.parametrize(("trained_hz", "note"), [(50, "Hz, but trained at 50 Hz"), (100, "")])
def test_another_rate_than_that_of_the_training_is_told(monkeypatch, trained_hz, note):
    rows = iter([encode(row.tolist(), n) for n, row in enumerate(np.tile(VALUES, (2, 1)))])
    now = [0.0]

    def read(port, wait_s):
        now[0] += 0.01
        return next(rows, b"")

    monkeypatch.setattr(listener, "read_available", read)
    heard = []
    model = Model(channels=Channels(("x", "y", "z"), rate_hz=trained_hz))
    count = listen(model, "loop://", heard.append, stride=16, seconds=3, clock=lambda: now[0])
    assert count == len(heard) == 18
    assert heard[0].note == ""
    assert heard[-1].note.endswith(note)
    assert bool(heard[-1].note) == bool(note)


def test_a_stride_longer_than_a_window():
    with pytest.raises(SettingError, match="from 1 to the window's 16"):
        listen(Model(), "loop://", print, stride=17)


def test_the_command_shows_a_line_for_each_window(board, tmp_path, capsys):
    found = firmware()
    (tmp_path / "model.tflite").write_bytes(found.tflite)
    assert run(["live", f"--port={board('socket', text())}", str(tmp_path), "--stride=16"]) == 2
    printed = capsys.readouterr()
    expected = found.predict(np.stack([VALUES[start : start + 32] for start in range(0, 169, 16)]))
    shown = [re.fullmatch(r" +\d+\.\d s  (class \d) +(\d\.\d\d)", line).groups() for line in printed.out.splitlines()]
    assert [label for label, _ in shown] == [found.classes[index] for index in expected.argmax(axis=1)]
    assert [probability for _, probability in shown] == [f"{value:.2f}" for value in expected.max(axis=1)]
    assert "has closed" in printed.err
    assert "11 windows had been classified." in printed.err


@pytest.mark.parametrize("smooth", [1, 3])
def test_answers_are_smoothed_and_rejected_as_the_firmwares(board, smooth):
    class Rejecting(Model):
        def rejects(self, windows):
            return windows[:, 0, 0] > 0.3

    model = Rejecting(smooth=smooth)
    heard = heard_until_unplugged(model, board("socket", text()), stride=8)
    seen = np.stack(model.seen)
    rejected = model.rejects(seen)
    assert 0 < rejected.sum() < len(rejected)
    means = smooth_answers(np.concatenate([model.predict(one[np.newaxis]) for one in seen]), smooth, rejected)
    assert [one.rejected for one in heard] == smooth_rejections(rejected, smooth).tolist()
    assert [one.label for one in heard] == ["xyz"[index] for index in means.argmax(axis=1)]
    np.testing.assert_allclose([one.probability for one in heard], means.max(axis=1), rtol=1e-5)


def test_the_command_smooths_as_the_folder_says(board, tmp_path, capsys):
    found = firmware()
    (tmp_path / "model.tflite").write_bytes(found.tflite)
    (tmp_path / "model.json").write_text(json.dumps({"smooth": 3}))
    run(["live", f"--port={board('socket', text())}", str(tmp_path), "--stride=16"])
    x = np.stack([VALUES[start : start + 32] for start in range(0, 169, 16)])
    codes, _ = dataclasses.replace(found, smooth=3).answers(x)
    shown = re.findall(r"class \d", capsys.readouterr().out)
    assert shown == [found.classes[code] for code in codes]


def test_the_command_needs_a_port_and_a_model(tmp_path, capsys):
    assert run(["live", str(tmp_path)]) == 2
    assert "--port is required" in capsys.readouterr().err
    assert run(["live", "--port=loop://"]) == 2
    assert "expected the folder of one search" in capsys.readouterr().err

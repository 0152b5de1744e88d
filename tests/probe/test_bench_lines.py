"""Lines of a kit's sketch over pseudo terminals: whole ones are found among all that a board and its resets leave."""

import contextlib
import hashlib
import os
import pty
import threading
import time

import pytest

from tsnas.errors import NoAnswerError, PortError, TimingsError
from tsnas.probe import bench_lines
from tsnas.probe.bench_lines import read_lines

NAMES = ("model_1.tflite", "model_2.tflite", "model_3.tflite")


@pytest.fixture
def kit(tmp_path):
    for name in NAMES:
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def line(name, latency="4100.25"):
    digits = hashlib.sha256(name.encode()).hexdigest()[:8]
    return (
        f"tsnas-bench 1 board=mine clock_hz=64000000 kernels=portable latency_us={latency} repeats=244 differing=0 "
        f"model={digits} tsnas=0.1.0"
    )


LINES = [line(name) for name in NAMES]


class Board:
    """Plays pieces of bytes on a pseudo terminal, again and again, as a sketch does; None takes the port away."""

    def __init__(self, path):
        self.url = str(path)
        self._stop = threading.Event()

    def play(self, *pieces):
        self._plug_in()
        self._thread = threading.Thread(target=self._run, args=(pieces,), daemon=True)
        self._thread.start()
        return self.url

    def _plug_in(self):
        self._main, other = pty.openpty()
        os.set_blocking(self._main, False)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.url)
        os.symlink(os.ttyname(other), self.url)
        self._other = other

    def _unplug(self):
        os.close(self._other)
        os.close(self._main)

    def _run(self, pieces):
        while not self._stop.is_set():
            for piece in pieces:
                if piece is None:
                    self._unplug()
                    time.sleep(0.3)
                    self._plug_in()
                else:
                    # What nobody reads is lost, as on a real line.
                    with contextlib.suppress(BlockingIOError):
                        os.write(self._main, piece)
                # Each piece arrives by itself.
                time.sleep(0.02)

    def end(self):
        self._stop.set()
        self._thread.join(5)
        self._unplug()


@pytest.fixture
def board(tmp_path):
    found = Board(tmp_path / "port")
    yield found
    found.end()


def played(text):
    return text.encode("latin-1")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_noise_before_the_first_line_and_lines_in_two_parts(board, kit, end):
    url = board.play(
        played("\xff\x00ets Jul 29 2019" + end + "rst:0x1 (POWERON)" + LINES[0] + end + LINES[1][:40]),
        played(LINES[1][40:] + end + "Kernels: portable" + end + LINES[2] + end[:1]),
        played(end[1:]),
    )
    assert set(read_lines(url, kit, 5)) == set(LINES)


@pytest.mark.parametrize("cut", [20, 75, len(LINES[1]) - 15, len(LINES[1]) - 2])
def test_a_reset_in_the_middle_of_a_line(board, kit, cut):
    """What is left of the line, whether a boot loader speaks after it or the next line begins, is no timing."""
    other = line(NAMES[1], "9.99")[:cut]
    first = f"{LINES[0]}\r\n{other}"
    url = board.play(played(first + "ets Jul 29 2019\r\n"), *(played(f"{one}\r\n") for one in LINES))
    found = read_lines(url, kit, 5)
    assert set(LINES) <= set(found)
    assert all(one in LINES for one in found) or cut == len(LINES[1]) - 2  # Only its version was cut.


def test_the_next_line_begins_in_one_that_was_cut(board, kit):
    url = board.play(*(played(f"tsnas-bench 1 board=mine clock_hz=64000{one}\r\n") for one in LINES))
    assert set(read_lines(url, kit, 5)) == set(LINES)


def test_a_port_that_goes_away_at_a_reset(board, kit):
    before, after = [played(LINES[0] + "\r\n")] * 30, [played(f"{one}\r\n") for one in LINES[1:]] * 15
    url = board.play(*before, played(LINES[1][:30]), None, *after)
    assert set(read_lines(url, kit, 5)) == set(LINES)


def test_a_port_that_does_not_come_back(board, kit, monkeypatch):
    url = board.play(played(LINES[0] + "\n"))
    real = bench_lines.read_available

    def unplugged(link, wait_s):
        found = real(link, wait_s)
        monkeypatch.setattr(bench_lines, "open_port", lambda *_: (_ for _ in ()).throw(PortError("gone")))
        if not found:
            return found
        raise PortError("closed")

    monkeypatch.setattr(bench_lines, "read_available", unplugged)
    with pytest.raises(PortError, match="gone"):
        read_lines(url, kit, 0.3)


def test_a_model_that_never_comes_is_named(board, kit):
    url = board.play(*(played(one + "\r\n") for one in (LINES[0], "The model 12345678 failed to run.", LINES[2])))
    said = (
        r"2 of 3 models were timed, but no further line came from .*: model_2.tflite is missing. The board said: "
        r'"The model 12345678 failed to run."'
    )
    with pytest.raises(NoAnswerError, match=said):
        read_lines(url, kit, 0.5)


@pytest.mark.parametrize(("piece", "came"), [(b"", "but nothing at all"), (b"hello\r\n", "bytes of something else")])
def test_a_board_that_says_nothing_of_it(board, kit, piece, came):
    with pytest.raises(NoAnswerError, match=rf"No line of timings .*{came}. Flash the sketch"):
        read_lines(board.play(piece), kit, 0.5)


def test_a_model_of_another_kit_ends_it_at_once(board, kit):
    other = line("other")
    assert read_lines(board.play(played(f"{other}\r\n")), kit, 5) == [other]


def test_a_folder_without_models_is_named_before_the_port_is_opened(tmp_path):
    with pytest.raises(TimingsError, match=r"There is no \.tflite file"):
        read_lines("/dev/nowhere", tmp_path)
    (tmp_path / "model_1.tflite").write_bytes(b"1")
    with pytest.raises(PortError, match="there is no such device"):
        read_lines("/dev/nowhere", tmp_path)

"""record: over a pty and a socket, with dropped and corrupted bytes, unplugged boards and wrong rates.

Time is counted in lines that were read, so that no test waits or depends on the speed of the machine.
"""

import itertools
import os
import pty
import socket
import threading

import numpy as np
import pytest

import tsnas
from tsnas.data.recorder import listener, session
from tsnas.errors import NoAnswerError, PortError, SettingError, StreamError
from tsnas.system import serial_port

LINES = [f"{n},{-n},{n % 7}" for n in range(400)]
HEADER = b"ax,ay,az\r\n"


def text(lines):
    return "".join(f"{line}\r\n" for line in lines).encode()


@pytest.fixture
def sent():
    """How many bytes are sent in all, once that is known."""
    return []


@pytest.fixture
def paced(sent, monkeypatch):
    """Lets `record` read a line at a time, and returns a clock that counts them at 100 Hz, then idle reads."""
    rest = []
    now = [0.0]
    received = [0]
    idle = [0]

    def read(port, _):
        if not rest:
            data = serial_port.read_available(port, 0.01)
            received[0] += len(data)
            idle[0] += not data
            assert idle[0] < 2000, "bytes were lost on their way"
            if not data and sent == received:
                now[0] += 0.5
            rest.extend(data.splitlines(keepends=True))
        if not rest:
            return b""
        now[0] += 0.01 * rest[0].endswith(b"\n")
        return rest.pop(0)

    monkeypatch.setattr(listener, "read_available", read)
    return lambda: now[0]


@pytest.fixture
def sending(sent, monkeypatch):
    """Returns a function that makes a port of a kind, which sends bytes once it is opened, and then closes or not."""
    ends = []

    def at_pty(data, close):
        main, other = pty.openpty()
        url = os.ttyname(other)

        def send():
            view = memoryview(data)
            while view:
                view = view[os.write(main, view) :]
            sent.append(len(data))

        def opened(url, baud):
            port = serial_port.open_port(url, baud)
            os.close(other)
            threading.Thread(target=send, daemon=True).start()
            return port

        monkeypatch.setattr(session, "open_port", opened)
        ends.append(lambda: os.close(main))
        return url

    def at_socket(data, close):
        server = socket.create_server(("127.0.0.1", 0))
        opened_port = threading.Event()

        def opened(url, baud):
            port = serial_port.open_port(url, baud)
            opened_port.set()
            return port

        monkeypatch.setattr(session, "open_port", opened)

        def serve():
            connection, _ = server.accept()
            # pyserial throws away what comes before a port is open.
            opened_port.wait()
            connection.sendall(data)
            sent.append(len(data))
            if close:
                connection.close()
            else:
                ends.append(connection.close)

        threading.Thread(target=serve, daemon=True).start()
        ends.append(server.close)
        return f"socket://127.0.0.1:{server.getsockname()[1]}"

    yield lambda kind, data, close=False: {"pty": at_pty, "socket": at_socket}[kind](data, close)
    for end in ends:
        end()


@pytest.mark.parametrize("kind", ["pty", "socket"])
def test_all_lines_are_recorded_and_read(kind, sending, paced, tmp_path):
    url = sending(kind, HEADER + text(LINES))
    shown = []
    found = tsnas.data.record(url, "walk", 100, 3, tmp_path / "r", group="Ann", show=shown.append, clock=paced)
    assert found.samples == pytest.approx(300, abs=2)
    assert (found.bad_lines, found.gaps) == (0, 0)
    assert found.rate_hz == pytest.approx(100, rel=0.01)
    assert len(shown) > 5
    data = tsnas.data.read(tmp_path / "r")
    assert data.notes[0].startswith("Taken for recordings of tsnas, because walk_01.csv begins with")
    assert (data.labels, data.groups, data.rate_hz) == (["walk"], ["Ann"], 100)
    assert data.channels == ("ax", "ay", "az")
    expected = np.array([[float(cell) for cell in line.split(",")] for line in LINES[: found.samples]])
    np.testing.assert_array_equal(data.arrays[0], expected)


@pytest.mark.parametrize("kind", ["pty", "socket"])
def test_dropped_and_corrupted_bytes_cost_their_lines_alone(kind, sending, paced, tmp_path):
    rng = np.random.default_rng(0)
    lines = text(LINES).splitlines(keepends=True)
    hurt = rng.choice(np.arange(5, 390), 20, replace=False)
    for k, index in enumerate(hurt):
        # A byte becomes noise, or a comma is lost.
        lines[index] = lines[index].replace(b",", b"\xfe" if k % 2 else b"", 1)
    url = sending(kind, HEADER + b"".join(lines))
    found = tsnas.data.record(url, "run", 100, 3.8, tmp_path, clock=paced)
    assert found.bad_lines == np.count_nonzero(hurt < found.samples + found.bad_lines)
    assert found.bad_lines > 10
    rows = np.loadtxt(found.path, delimiter=",", skiprows=2, usecols=(0, 1, 2, 3))
    np.testing.assert_array_equal(rows[:, 1], np.setdiff1d(np.arange(found.samples + found.bad_lines), hurt))
    # The places of bad lines in time stay empty.
    np.testing.assert_allclose(rows[:, 0], rows[:, 1] / 100, atol=0.011)
    data = tsnas.data.read(tmp_path)
    assert (data.rate_hz, data.groups_given) == (100, False)
    assert len(data.arrays) == 1
    np.testing.assert_allclose(np.diff(data.arrays[0][:, 0]), 1, atol=0.01)


def test_what_came_before_an_unplug_is_kept(sending, paced, tmp_path):
    url = sending("socket", HEADER + text(LINES[:250]) + b"250,-2", close=True)
    with pytest.raises(PortError, match=r"has closed.* 250 samples are kept in .*walk_01\.csv") as caught:
        tsnas.data.record(url, "walk", 100, 20, tmp_path, clock=paced)
    assert "Traceback" not in str(caught.value)
    assert len(tsnas.data.read(tmp_path).arrays[0]) == 250


def test_what_came_before_an_interruption_is_kept(sending, paced, tmp_path):
    def show(state):
        if state.samples > 220:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tsnas.data.record(sending("socket", HEADER + text(LINES)), "walk", 100, 20, tmp_path, show=show, clock=paced)
    assert len(tsnas.data.read(tmp_path).arrays[0]) > 220


def test_each_flush_is_whole(sending, paced, tmp_path, monkeypatch):
    whole = []

    def write(path, content):
        whole.append(content)
        path.write_text(content)

    monkeypatch.setattr(session, "write_file", write)
    tsnas.data.record(sending("socket", HEADER + text(LINES)), "walk", 100, 3.9, tmp_path, clock=paced)
    assert len(whole) > 2
    for before, after in itertools.pairwise(whole):
        assert len(after) > len(before)
        assert before.endswith(",walk\n")


def test_names_of_files_go_on(sending, paced, tmp_path):
    (tmp_path / "go_up_01.csv").write_text("")
    found = tsnas.data.record(sending("socket", text(LINES)), "go up", 100, 2.5, tmp_path, clock=paced)
    assert found.path.name == "go_up_02.csv"
    assert found.channels == ("ch0", "ch1", "ch2")
    assert found.bad_lines == 1


def test_nothing_arrives(sending, paced, tmp_path):
    with pytest.raises(NoAnswerError, match=r"Nothing has arrived at port .* in 5 s; check that the program"):
        tsnas.data.record(sending("pty", b""), "walk", 100, 20, tmp_path, clock=paced)
    assert list(tmp_path.iterdir()) == []


def test_a_board_that_falls_silent(sending, paced, tmp_path):
    with pytest.raises(NoAnswerError, match=r"for 5 s\. 400 samples are kept"):
        tsnas.data.record(sending("socket", HEADER + text(LINES)), "walk", 100, 20, tmp_path, clock=paced)


def test_no_lines_of_numbers(sending, paced, tmp_path):
    with pytest.raises(StreamError, match=r"bytes have arrived .* but no line of numbers, but such as .*--baud"):
        tsnas.data.record(sending("pty", b"\xfe\x80\xff!\n" * 50), "walk", 100, 20, tmp_path, clock=paced)


@pytest.mark.parametrize("rate_hz", [50, 200, 1000])
def test_another_rate_is_an_error(rate_hz, sending, paced, tmp_path):
    with pytest.raises(StreamError, match=rf"Lines come at 100\.?\d* Hz, not at rate_hz={rate_hz}; give the rate"):
        tsnas.data.record(sending("socket", HEADER + text(LINES)), "walk", rate_hz, 20, tmp_path, clock=paced)
    assert list(tmp_path.iterdir()) == []


def test_ports_that_are_not_there(tmp_path):
    with pytest.raises(PortError, match="there is no such device"):
        tsnas.data.record("/dev/none", "walk", 100, 20, tmp_path)
    with pytest.raises(PortError, match="neither a device nor a URL"):
        tsnas.data.record("none://x", "walk", 100, 20, tmp_path)


@pytest.mark.parametrize(
    "change", [{"label": "a,b"}, {"label": " "}, {"group": "a/b"}, {"rate_hz": 0}, {"seconds": float("nan")}]
)
def test_arguments_are_checked_before_the_port_is_opened(change, tmp_path):
    with pytest.raises(SettingError):
        tsnas.data.record(**{"port": "none://", "label": "a", "rate_hz": 1, "seconds": 1, "out": tmp_path, **change})


def test_ports_without_a_descriptor(paced, tmp_path):
    import serial

    port = serial.serial_for_url("loop://")
    port.write(b"1,2\n")
    assert serial_port.read_available(port, 0.1)
    port.close()
    with pytest.raises(PortError, match="has closed"):
        serial_port.read_available(port, 0.1)


def test_names_are_given_where_the_board_says_none(sending, paced, tmp_path):
    url = sending("pty", text(LINES))
    found = tsnas.data.record(url, "walk", 100, 3, tmp_path, channels=["ms", "ax", "ay"], clock=paced)
    assert found.channels == ("ms", "ax", "ay")
    assert found.path.read_text().splitlines()[1] == "time_s,ms,ax,ay,label"
    # The line number counts as a clock does.
    assert tsnas.data.read(tmp_path).channels == ("ax", "ay")


def test_as_many_names_as_numbers(sending, paced, tmp_path):
    url = sending("pty", text(LINES))
    with pytest.raises(StreamError, match=r"have 3 numbers, but channels names 2 \(ax, ay\); give a name for each"):
        tsnas.data.record(url, "walk", 100, 3, tmp_path, channels=["ax", "ay"], clock=paced)
    for bad in (["ax", "ax"], ["label"], [], ["a,b"]):
        with pytest.raises(SettingError, match="channels="):
            tsnas.data.record(url, "walk", 100, 3, tmp_path, channels=bad)

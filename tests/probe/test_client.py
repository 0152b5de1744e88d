"""The client says what is wrong with a port, and a board that is there answers, counts and keeps its memory."""

import contextlib
import os
import pty
import socket
import struct
import threading

import pytest

from tsnas import errors
from tsnas.graph.ops import Conv2D, Reshape, Softmax
from tsnas.probe import client as client_module
from tsnas.probe import protocol
from tsnas.probe.client import ProbeClient
from tsnas.probe.emulator import Emulator
from tsnas.probe.op_encoding import op_words
from tsnas.probe.protocol import Frame, FrameReader

OP = op_words(Conv2D(32, 3, 2, 5, 3, 1))


@contextlib.contextmanager
def listening(answer):
    """A TCP port whose peer answers each frame by what `answer` makes of it."""
    with contextlib.closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)

        def serve():
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                reader = FrameReader()
                with connection:
                    while received := connection.recv(4096):
                        for frame in reader.feed(received):
                            connection.sendall(answer(frame))

        threading.Thread(target=serve, daemon=True).start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def impatient(monkeypatch):
    """For boards that never answer; one that does has all the time it needs."""
    monkeypatch.setattr(client_module, "HELLO_TIMEOUT_S", 0.05)


@pytest.fixture
def impatient_later(monkeypatch):
    """The same once a session has begun."""
    monkeypatch.setattr(client_module, "TIMEOUT_S", 0.05)


def hello(frame, version=protocol.VERSION):
    payload = bytes([protocol.OK, version, protocol.CYCLES]) + struct.pack("<II", 180_000_000, 1024)
    return Frame(frame.type | protocol.ANSWER, frame.number, payload + b"board\0core\0kernels\0gcc\0-O3\0").pack()


def test_firmware_older_than_dilated_operators_is_named():
    """It runs all others, whose requests are those of before, and refuses longer ones."""

    def old(frame):
        if frame.type == protocol.HELLO:
            return hello(frame)
        status = protocol.UNSUPPORTED if len(frame.payload) == 6 + 4 * 25 else protocol.BAD_REQUEST
        return Frame(frame.type | protocol.ANSWER, frame.number, bytes([status])).pack()

    with listening(old) as url, ProbeClient(url) as probe:
        with pytest.raises(errors.UnsupportedProbeOpError, match=r"with status 4\.$"):
            probe.run(OP)
        with pytest.raises(
            errors.UnsupportedProbeOpError, match=r"with status 1\. If its firmware is older than dilated"
        ):
            probe.run(op_words(Conv2D(32, 3, 2, 5, 3, 1, dilation_h=4)))


def test_a_port_that_is_not_there():
    with pytest.raises(errors.PortError, match=r"'/dev/ttyNONE' cannot be opened: there is no such device.*list_ports"):
        ProbeClient("/dev/ttyNONE")


def test_a_url_that_is_none():
    with pytest.raises(errors.PortError, match="neither a device nor a URL that pyserial knows"):
        ProbeClient("nonsense://x")


def test_a_port_without_permission(monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("serial.serial_for_url", denied)
    with pytest.raises(errors.PortError, match=r"permission denied.*dialout"):
        ProbeClient("/dev/ttyACM0")


def test_a_port_with_nothing_behind_it(impatient):
    with listening(lambda frame: b"") as url, pytest.raises(errors.NoAnswerError, match="Is the probe firmware"):
        ProbeClient(url)


def test_a_port_with_something_else_behind_it(impatient):
    with listening(lambda frame: b"login: ") as url, pytest.raises(errors.NoAnswerError, match="Nothing answers"):
        ProbeClient(url)


def test_an_old_firmware():
    with (
        listening(lambda frame: hello(frame, version=0)) as url,
        pytest.raises(errors.FirmwareVersionError, match=r"version 0 of the protocol, this tsnas version 1. Flash"),
    ):
        ProbeClient(url)


def test_who_answers():
    with listening(hello) as url, ProbeClient(url) as probe:
        assert probe.hello == protocol.Hello(1, "cycles", 180_000_000, 1024, "board", "core", "kernels", "gcc", "-O3")


def test_a_board_that_stops_answering(impatient_later):
    def answer(frame):
        return hello(frame) if frame.type == protocol.HELLO else b""

    with listening(answer) as url, ProbeClient(url) as probe, pytest.raises(errors.NoAnswerError, match="unplugged"):
        probe.run(OP)


def test_a_pty_is_a_port_too():
    main, other = pty.openpty()

    def serve():
        reader = FrameReader()
        with contextlib.suppress(OSError):
            while True:
                for frame in reader.feed(os.read(main, 4096)):
                    os.write(main, hello(frame))

    threading.Thread(target=serve, daemon=True).start()
    with ProbeClient(os.ttyname(other)) as probe:
        assert probe.hello.board == "board"
    os.close(main)


def test_reshapes_are_not_for_the_probe():
    with pytest.raises(errors.UnsupportedProbeOpError, match="Reshape"):
        op_words(Reshape((2, 2, 2), (1, 1, 8)))


@pytest.mark.emulated
class TestOnAnEmulatedBoard:
    @pytest.fixture(scope="class")
    def probe(self, board):
        with ProbeClient(board.url) as client:
            yield client

    def test_it_says_who_it_is(self, probe):
        assert (probe.hello.board, probe.hello.core, probe.hello.counter) == ("emulated", "cortex-m4", "instructions")
        assert "CMSIS-NN 4.0" in probe.hello.kernel_library
        assert probe.hello.flags == "-O3"

    def test_counts_repeat_exactly(self, probe):
        counts = {(m.least, m.most, m.output_crc) for m in (probe.run(OP, repeats=4) for _ in range(5))}
        assert len(counts) == 1
        ((least, most, _),) = counts
        assert least == most > 1000

    def test_it_says_how_it_is(self, probe):
        measured = probe.run(OP)
        status = probe.status()
        assert (status.in_session, status.placed) == (True, True)
        assert status.free_bytes == measured.free_bytes == 524288 - measured.used_bytes
        probe.restart()
        assert probe.status() == protocol.Status(True, False, 524288)

    def test_another_seed_other_outputs(self, probe):
        assert probe.run(OP, seed=1).output_crc != probe.run(OP, seed=2).output_crc

    def test_tensors_can_be_written_and_read(self, probe):
        placed = probe.run(OP, repeats=0, written=True)
        content = bytes(index % 251 for index in range(placed.tensor_bytes[protocol.INPUT]))
        assert len(content) == 32 * 3 * 2
        probe.write(protocol.INPUT, content)
        assert probe.read(protocol.INPUT, len(content)) == content
        with pytest.raises(errors.ProbeError, match="no such place"):
            probe.write(protocol.INPUT, content + b"x")

    def test_a_tensor_that_is_too_large(self, probe):
        with pytest.raises(errors.BoardMemoryError, match="has 524288 bytes for both"):
            probe.run(op_words(Conv2D(1000, 60, 10, 64, 7, 1)))
        assert probe.run(OP).least > 0, "and it goes on"

    def test_an_operator_that_it_does_not_know(self, probe):
        import dataclasses

        with pytest.raises(errors.UnsupportedProbeOpError, match="status 4"):
            probe.run(dataclasses.replace(OP, kind=99))
        with pytest.raises(errors.UnsupportedProbeOpError, match="status 1"):
            probe.run(dataclasses.replace(OP, stride_h=0))
        for dilation in (-1, 0, 2**14, 2**31 - 1):
            with pytest.raises(errors.UnsupportedProbeOpError, match="status 1"):
                probe.run(dataclasses.replace(OP, dilation_h=dilation))


@pytest.mark.emulated
@pytest.mark.long  # The firmware is built for each.
@pytest.mark.parametrize("core", ["cortex-m33", "cortex-m55", "netduinoplus2"])
def test_the_other_boards(core, firmware):
    with Emulator(core, firmware(core)) as board, ProbeClient(board.url) as probe:
        assert probe.hello.counter == "instructions"
        counts = {probe.run(op_words(Softmax(6)), repeats=3).most for _ in range(3)}
        assert len(counts) == 1

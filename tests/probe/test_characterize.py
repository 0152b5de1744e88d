"""A characterisation ends with one table, whatever happens on the way: noise, resets, a killed host, a lost board."""

import contextlib
import json
import random
import signal
import subprocess
import sys
import types

import pytest

from tsnas import errors
from tsnas.cost.board import load_board
from tsnas.cost.latency import op_latency
from tsnas.probe import characterize as module
from tsnas.probe import client as client_module
from tsnas.probe.board_file import characterized_board
from tsnas.probe.characterize import Characterization, Result, characterize
from tsnas.probe.client import ProbeClient
from tsnas.probe.emulator import Emulator
from tsnas.probe.protocol import Hello
from tsnas.space.operators import space_ops
from tsnas.space.spaces import SPACES

PLAN = space_ops(32, 3, 3, SPACES["tsnas"][0])[::5]
emulated = pytest.mark.emulated


@pytest.fixture(scope="module")
def undisturbed(firmware, tmp_path_factory):
    with Emulator("cortex-m4", firmware("cortex-m4")) as board:
        return characterize(
            lambda: ProbeClient(board.url), PLAN, tmp_path_factory.mktemp("quiet") / "journal", verbose=0
        )


class NoisyPort:
    """A port that drops, doubles, changes and cuts off what goes through it, each with a chance of `rate` a byte."""

    def __init__(self, port, rate, seed):
        self._port, self._rate, self._random = port, rate, random.Random(seed)
        self.disturbed = 0

    def _through(self, content):
        out = bytearray()
        for byte in content:
            if self._random.random() >= self._rate:
                out.append(byte)
                continue
            self.disturbed += 1
            fault = self._random.choice(("drop", "double", "change", "cut"))
            if fault == "cut":
                break
            if fault == "double":
                out += bytes([byte, byte])
            elif fault == "change":
                out.append(byte ^ (1 << self._random.randrange(8)))
        return bytes(out)

    def write(self, content):
        return self._port.write(self._through(content))

    def read(self, size):
        return self._through(self._port.read(size))

    def close(self):
        self._port.close()

    timeout = property(lambda self: self._port.timeout, lambda self, value: setattr(self._port, "timeout", value))


@emulated
def test_every_operator_is_counted_once(undisturbed):
    assert [result.op for result in undisturbed.results] == PLAN
    assert undisturbed.spread == 0
    assert not undisturbed.left_out


@emulated
@pytest.mark.long
def test_noise_of_one_byte_in_a_hundred_changes_nothing(undisturbed, board, tmp_path, monkeypatch):
    import serial

    # A frame of 110 bytes comes through one time in three, an exchange one time in six.
    monkeypatch.setattr(client_module, "TRIES", 200)
    monkeypatch.setattr(client_module, "GROWTH", 1.0)
    monkeypatch.setattr(client_module, "HELLO_TRIES", 200)
    monkeypatch.setattr(client_module, "TIMEOUT_S", 0.06)
    monkeypatch.setattr(client_module, "HELLO_TIMEOUT_S", 0.06)
    ports = []

    def connect():
        ports.append(NoisyPort(serial.serial_for_url(board.url), 0.01, seed=len(ports)))
        return ProbeClient(board.url, opened=lambda: ports[-1])

    found = characterize(connect, PLAN, tmp_path / "journal", verbose=0)
    assert sum(port.disturbed for port in ports) > 50
    assert found == undisturbed


@emulated
@pytest.mark.parametrize(("every", "of"), [(15, 6), pytest.param(50, 2, marks=pytest.mark.long)])
def test_a_board_that_resets_every_so_many_operators(board, firmware, tmp_path, every, of):
    plan = space_ops(32, 3, 3, SPACES["tsnas"][0])[::of]
    assert len(plan) > 3 * every
    undisturbed = characterize(lambda: ProbeClient(board.url), plan, tmp_path / "quiet", verbose=0)
    with Emulator("cortex-m4", firmware("cortex-m4", f"PROBE_RESET_AFTER={every}")) as resetting:
        found = characterize(lambda: ProbeClient(resetting.url), plan, tmp_path / "journal", verbose=0)
    assert found == undisturbed


@emulated
def test_an_unplugged_board_is_waited_for(undisturbed, firmware, tmp_path):
    elf = firmware("cortex-m4")
    with contextlib.ExitStack() as stack:
        boards = []

        def connect():
            boards.append(stack.enter_context(Emulator("cortex-m4", elf)))
            probe = ProbeClient(boards[-1].url)
            if len(boards) == 1:
                run, runs = probe.run, []

                def unplugged_after_ten(*args, **kwargs):
                    runs.append(1)
                    if len(runs) == 10:
                        boards[0].stop()
                    return run(*args, **kwargs)

                probe.run = unplugged_after_ten
            return probe

        found = characterize(connect, PLAN, tmp_path / "journal", verbose=0)
    assert len(boards) == 2
    assert found == undisturbed


@emulated
def test_a_board_that_stays_away_keeps_what_was_counted(firmware, tmp_path, monkeypatch, turned):
    waited = []
    # Of this module alone: others sleep as well.
    sleep = types.SimpleNamespace(sleep=lambda seconds: (waited.append(seconds), turned.turn(seconds)))
    monkeypatch.setattr(module, "time", sleep)
    with Emulator("cortex-m4", firmware("cortex-m4")) as board:
        probe = ProbeClient(board.url)
        journal = tmp_path / "journal"

        def connect(first=[probe]):  # noqa: B006
            if not first:
                raise errors.PortError("gone")
            return first.pop()

        run, runs = probe.run, []

        def stopped_after_five(*args, **kwargs):
            runs.append(1)
            if len(runs) == 6:
                board.stop()
                waited.clear()
            return run(*args, **kwargs)

        probe.run = stopped_after_five
        with pytest.raises(errors.NoAnswerError, match="5 operators are kept: run the same command again to continue"):
            characterize(connect, PLAN, journal, verbose=0)
    assert waited == [1.0] * round(module.RECONNECT_S)
    assert len(journal.read_text().splitlines()) == 1 + 5


@emulated
def test_a_killed_host_goes_on_and_measures_nothing_twice(undisturbed, board, firmware, tmp_path):
    journal, kept = tmp_path / "journal", 8
    code = (
        "import os, pathlib, signal, sys\n"
        "from tsnas.probe import characterize as c\n"
        "from tsnas.probe.client import ProbeClient\n"
        "from tsnas.probe.emulator import Emulator\n"
        "from tsnas.space.spaces import SPACES\n"
        "from tsnas.space.operators import space_ops\n"
        "plan = space_ops(32, 3, 3, SPACES['tsnas'][0])[::5]\n"
        "runs = []\n"
        "class Killed(ProbeClient):\n"
        "    def run(self, *a, **k):\n"
        "        runs.append(1)\n"
        f"        if len(runs) == {kept + 1}:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return super().run(*a, **k)\n"
        "with Emulator('cortex-m4', pathlib.Path(sys.argv[1])) as e:\n"
        "    c.characterize(lambda: Killed(e.url), plan, sys.argv[2], verbose=0)\n"
    )
    command = [sys.executable, "-c", code, str(firmware("cortex-m4")), str(journal)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert journal.read_text().count("\n") == 1 + kept < len(PLAN)
    with journal.open("a") as file:
        file.write('{"op": "half a li')  # what a kill in the middle of a line leaves
    runs = []

    def connect():
        probe = ProbeClient(board.url)
        run = probe.run
        probe.run = lambda *args, **kwargs: (runs.append(1), run(*args, **kwargs))[1]
        return probe

    found = characterize(connect, PLAN, journal, verbose=0)
    assert found == undisturbed
    assert len(runs) == len(PLAN) - kept


@emulated
def test_a_journal_of_another_firmware_is_not_gone_on_with(board, tmp_path):
    journal = tmp_path / "journal"
    characterize(lambda: ProbeClient(board.url), PLAN[:1], journal, verbose=0)
    with pytest.raises(errors.ProbeError, match=r"begun with another board or firmware.*Remove it"):
        characterize(lambda: ProbeClient(board.url), PLAN[:1], journal, repeats=5, verbose=0)
    journal.write_text("no journal\n")
    with pytest.raises(errors.ProbeError, match="is not a journal"):
        characterize(lambda: ProbeClient(board.url), PLAN[:1], journal, verbose=0)


HELLO = Hello(1, "cycles", 84_000_000, 65536, "mine", "cortex-m4", "CMSIS-NN 4.0", "gcc 12", "-O3")


def counted(factor, hello=HELLO):
    """What a board would count that is slower than a known one by a factor."""
    known = load_board("nucleo_f446re")
    ops = space_ops(64, 4, 3, *SPACES["tsnas"])
    cycles = [round(factor * op_latency(op, known).cycles) for op in ops]
    return Characterization(hello, [Result(op, c, c, float(c), 0, 0) for op, c in zip(ops, cycles, strict=True)], {})


def test_cycles_become_a_table_and_coefficients():
    import dataclasses

    origin = dataclasses.replace(load_board("nucleo_f446re"), name="mine", clock_hz=84e6)
    board = characterized_board(counted(1.25), origin)
    assert len(board.table) == len(space_ops(64, 4, 3, *SPACES["tsnas"]))
    op = board.table[0].op
    assert op_latency(op, board).source == "measured"
    unseen = next(op for op in space_ops(100, 5, 4, *SPACES["micronas"]) if board.measured(op) is None)
    assert op_latency(unseen, board).source == "model"
    expected = 1.25 * op_latency(unseen, load_board("nucleo_f446re")).cycles
    assert op_latency(unseen, board).cycles == pytest.approx(expected, rel=0.02)
    assert board.latency_error.p95_relative < 0.02
    assert "counter=cycles" in board.source
    assert (board.kernel_library, board.toolchain) == ("CMSIS-NN 4.0", "gcc 12 -O3")
    json.dumps(board.to_json())


def test_instructions_are_never_called_measured():
    import dataclasses

    emulated_board = dataclasses.replace(HELLO, counter="instructions", clock_hz=0)
    board = characterized_board(counted(0.65, emulated_board), load_board("nucleo_f446re"))
    assert board.table == ()
    assert "Estimated, not measured" in board.source
    assert "counter=instructions" in board.source
    assert 0.05 < board.latency_error.p95_relative < 0.2
    stranger = dataclasses.replace(load_board("nucleo_f446re"), name="stranger")
    assert characterized_board(counted(0.65, emulated_board), stranger).latency_error.p95_relative >= 0.1
    with pytest.raises(errors.SettingError, match=r"cortex-m7.*there are cortex-m33, cortex-m4"):
        characterized_board(counted(0.65, dataclasses.replace(emulated_board, core="cortex-m7")), stranger)

"""Ctrl-C in each phase: an end soon after it, no stack trace, and the same files when called again."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from toy_data import sines

from tsnas.system import interrupts

# Seconds of processor time after the signal: an idle machine has at least one of them for each of the clock.
SOON_S = 2.0
PATIENCE_S = 600

# How many phases a call begins that is interrupted in one of them, if the calls before were so in those before.
BEGUN = {"evolve": 1, "contest": 2, "train_float": 3, "train_quantised": 2, "convert_int8": 2, "verify": 3}

# What the program does, but each phase says when it begins, and is long enough to be hit.
PROGRAM = """
import functools
import sys
import time
from tsnas.search import contest
from tsnas.job import pipeline
from tsnas.job import selection
from tsnas.job import settings
from tsnas.commands.main import main
from tsnas.pareto import work
from tsnas.space import config

contest.FIRST_STEPS = contest.SECOND_STEPS = 4
small_space = {"time_reduce_filters": 4, "fusion_filters": 8, "kernel_sizes": (3,), "extra_fusion_cells": 0}
config.SPACES["tsnas"] = (config.SpaceConfig(first_stride=4, **small_space),)
small = functools.partial(selection.EvolutionConfig, population=8, generations=1, last_generations=1)
selection.EvolutionConfig = work.EvolutionConfig = small

def announced(module, name):
    real = getattr(module, name)
    def phase(*args, **kwargs):
        print("PHASE " + name, file=sys.stderr, flush=True)
        if name == "verify":
            time.sleep(2)
        return real(*args, **kwargs)
    setattr(module, name, phase)

for name in ("train_float", "train_quantised", "convert_int8", "verify"):
    announced(pipeline, name)
for name in ("evolve", "contest"):
    announced(selection, name)
announced(work, "evolve")
sys.exit(main())
"""
FIT = """
import os
import sys
import numpy as np
import tsnas
from test_interrupts import QUICK
with np.load(sys.argv[1]) as data:
    x, y = data["x_train"], data["y_train"]
try:
    print("PHASE fit", file=sys.stderr, flush=True)
    tsnas.AutoClassifier(seed=0, directory=sys.argv[2], **QUICK).fit(x, y)
except KeyboardInterrupt:
    os._exit(42)
"""
QUICK = {"search_epochs": 2, "epochs": 4, "qat_epochs": 2, "batch_size": 16, "finalists": 2}


@pytest.fixture(autouse=True)
def python_s_own_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Running:
    """A process whose stderr is read as it comes."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-c", *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # Modules of the tests are found as they are here.
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.pathsep.join(sys.path)},
            # Whoever runs the tests in the background may ignore Ctrl-C, and processes inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.said = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while part := os.read(self.process.stderr.fileno(), 65536):
            self.said += part

    def wait_for(self, text: str):
        deadline = time.monotonic() + PATIENCE_S
        while text.encode() not in self.said:
            assert self.process.poll() is None, self.said.decode()
            assert time.monotonic() < deadline, self.said.decode()
            time.sleep(0.01)

    def press(self):
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, float]:
        """The exit code, and the processor time since it was started."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self._reader.join()
        return self.process.returncode, usage.ru_utime + usage.ru_stime

    def seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "toy.npz"
    x, y = sines(160)
    np.savez(path, x_train=x, y_train=y)
    return path


def command(data, out, *flags):
    quick = [f"--{name}={value}" for name, value in QUICK.items()]
    return Running(PROGRAM, "search", f"--data={data}", "--board=nucleo_f446re", f"--out={out}", *quick, "--seed=0")


def interrupted(running: Running, phase: str) -> int:
    """The exit code of what is interrupted in a phase; it must come soon."""
    running.wait_for(f"PHASE {phase}")
    before = running.seconds()
    running.press()
    code, after = running.end()
    assert after - before < SOON_S
    assert b"Traceback" not in running.said
    return code


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processor time is read from /proc")


@needs_proc
def test_interrupted_in_each_phase_the_same_command_ends_with_the_same_file(data, tmp_path):
    whole = command(data, tmp_path / "whole")
    assert whole.end()[0] == 0, whole.said.decode()
    kept = f"Finished phases are kept in {tmp_path / 'out'}; run the same command again to resume.".encode()
    for phase in BEGUN:
        running = command(data, tmp_path / "out")
        assert interrupted(running, phase) == 130
        assert running.said.endswith(b"\ntsnas: interrupted\n")
        assert (kept in running.said) == (phase not in ("evolve", "contest"))
        begun = running.said.count(b"PHASE ")
        # What an earlier call has finished is not begun again.
        assert begun == BEGUN[phase]
    last = command(data, tmp_path / "out")
    assert last.end()[0] == 0, last.said.decode()
    assert (tmp_path / "out/model.tflite").read_bytes() == (tmp_path / "whole/model.tflite").read_bytes()
    assert not (tmp_path / "out/phases").exists()


@needs_proc
def test_sweep(data, tmp_path):
    quick = [f"--{name}={value}" for name, value in QUICK.items()]
    flags = [f"--data={data}", "--boards=nucleo_f446re", f"--out={tmp_path / 'out'}", "--max_latency_ms=6,9"]
    running = Running(PROGRAM, "sweep", *flags, *quick, "--seed=0")
    assert interrupted(running, "train_float") == 130
    assert (
        f"Finished work is kept in {tmp_path / 'out'}; run the same command again to resume." in running.said.decode()
    )


def test_a_second_press_ends_at_once_what_the_first_cannot(tmp_path):
    deaf = """
import sys
from tsnas.commands import interrupt, main
def work(_):
    while True:
        try:
            print("PHASE deaf", file=sys.stderr, flush=True)
            while True:
                pass
        except KeyboardInterrupt:
            print("LOST", file=sys.stderr, flush=True)
interrupt.GRACE_S = float(sys.argv.pop())
main.COMMANDS["boards"] = work
sys.exit(main.main())
"""
    for grace_s, presses in ((PATIENCE_S, 2), (0.5, 1)):
        running = Running(deaf, "boards", grace_s)
        running.wait_for("PHASE deaf")
        for press in range(presses):
            running.press()
            if not press:
                running.wait_for("LOST")
        assert running.end()[0] == 130
        assert running.said.endswith(b"\ntsnas: interrupted\n")


def test_the_last_words_come_after_a_bar_that_was_open():
    with_a_bar = """
import sys
from tqdm.auto import tqdm
from tsnas.commands import main
def work(_):
    bar = tqdm(total=3, desc="search")
    raise KeyboardInterrupt
main.COMMANDS["boards"] = work
sys.exit(main.main())
"""
    running = Running(with_a_bar, "boards")
    assert running.end()[0] == 130
    assert running.said.endswith(b"\ntsnas: interrupted\n")


@needs_proc
def test_in_python_it_is_a_keyboard_interrupt(data, tmp_path):
    running = Running(FIT, data, tmp_path / "phases")
    assert interrupted(running, "fit") == 42


def lost():
    """Ctrl-C that a library swallows."""
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_lost_interrupt_is_found_by_the_next_check():
    reached = []

    def block():
        with interrupts.deferred_interrupt():
            lost()
            reached.append("lost")
            interrupts.raise_if_interrupted()
            reached.append("checked")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert reached == ["lost"]
    interrupts.raise_if_interrupted()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_lost_interrupt_ends_the_block_and_one_that_became_another_error_too():
    def block(press, error):
        with interrupts.deferred_interrupt():
            if press:
                lost()
            if error:
                raise RuntimeError

    with pytest.raises(KeyboardInterrupt):
        block(True, False)
    with pytest.raises(KeyboardInterrupt):
        block(True, True)
    with pytest.raises(RuntimeError):
        block(False, True)
    block(False, False)


def test_of_what_is_remembered_no_stack_trace_is_printed(capsys):
    class Destroyed:
        def __init__(self, work):
            self.work = work

        def __del__(self):
            self.work()

    def interrupted():
        signal.raise_signal(signal.SIGINT)

    def became_another_error():
        try:
            interrupted()
        except KeyboardInterrupt as error:
            raise SystemError("returned a result with an exception set") from error

    hook = sys.unraisablehook
    sys.unraisablehook = sys.__unraisablehook__  # pytest has one of its own.
    try:
        for work in (interrupted, became_another_error):
            with pytest.raises(KeyboardInterrupt), interrupts.deferred_interrupt():
                Destroyed(work)
        assert capsys.readouterr().err == ""
        with interrupts.deferred_interrupt():
            Destroyed(lambda: 1 / 0)
        assert "ZeroDivisionError" in capsys.readouterr().err
        assert sys.unraisablehook is sys.__unraisablehook__
    finally:
        sys.unraisablehook = hook


def test_a_handler_of_the_callers_own_stays():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    try:
        with interrupts.deferred_interrupt():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [1]


def test_threads_other_than_the_main_one_are_left_alone():
    done = []

    def work():
        with interrupts.deferred_interrupt():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.default_int_handler]

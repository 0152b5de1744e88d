"""Ctrl-C at points that the tests name: no step after it, no stack trace, and the same files when called again."""

import contextlib
import functools
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
import tf_keras as keras
from processes import PATIENCE_S, Process
from toy_data import sines

import tsnas
from tsnas.commands import interrupt
from tsnas.commands.main import main, run
from tsnas.job import pipeline, selection, training
from tsnas.pareto import work
from tsnas.search import rounds
from tsnas.space import spaces as named
from tsnas.space.config import SpaceConfig
from tsnas.system import interrupts
from tsnas.training.loop import TrainingLoop

QUICK = {"search_epochs": 2, "epochs": 2, "qat_epochs": 2, "batch_size": 32, "finalists": 2}
SMALL_SPACE = SpaceConfig(
    time_reduce_filters=4, fusion_filters=8, kernel_sizes=(3,), extra_fusion_cells=0, first_stride=4
)
SMALL_EVOLUTION = functools.partial(selection.EvolutionConfig, population=4, generations=1, last_generations=1)
SAID = "\ntsnas: interrupted\n"


@pytest.fixture(autouse=True)
def python_s_own_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def raised():
    """Ctrl-C that arrives."""
    signal.raise_signal(signal.SIGINT)


def lost():
    """Ctrl-C that a library swallows."""
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


class Watch:
    """Notes the phases of a job and the steps of their trainings, and presses Ctrl-C at a point.

    Attributes:
        begun: list of str, phases in order.
        steps: list of str, for each step of a search, or call of several steps of a training, that was begun its phase.
    """

    def __init__(self, patch: pytest.MonkeyPatch):
        self.begun: list[str] = []
        self.steps: list[str] = []
        self._point = self._press = None
        for module, names in {
            selection: ("evolve", "contest"),
            training: ("training_of", "train_quantised", "convert_int8"),
            pipeline: ("verify",),
            work: ("evolve",),
        }.items():
            for name in names:
                patch.setattr(module, name, functools.partial(self._phase, name, getattr(module, name)))
        step = keras.callbacks.CallbackList.on_train_batch_begin
        patch.setattr(keras.callbacks.CallbackList, "on_train_batch_begin", self._stepped(step))
        patch.setattr(TrainingLoop, "_batches", self._called(TrainingLoop._batches))

    def press_at(self, phase: str, step: int, press) -> None:
        """Presses in a step of a phase, counted from 1, or where the phase begins for step 0; forgets the past."""
        self.begun, self.steps, self._point, self._press = [], [], (phase, step), press

    def _reached(self, phase: str, step: int) -> None:
        if (phase, step) == self._point:
            self._press()

    def _phase(self, name, real, *args, **kwargs):
        self.begun.append(name)
        self._reached(name, 0)
        return real(*args, **kwargs)

    def _stepped(self, real):
        def on_train_batch_begin(callbacks, batch, logs=None):
            # Whatever looks for a lost Ctrl-C before a step has looked when this has returned.
            real(callbacks, batch, logs)
            self.steps.append(self.begun[-1])
            self._reached(self.begun[-1], self.steps.count(self.begun[-1]))

        return on_train_batch_begin

    def _called(self, real):
        def batches(loop, *args):
            for rows in real(loop, *args):
                self.steps.append(self.begun[-1])
                self._reached(self.begun[-1], self.steps.count(self.begun[-1]))
                yield rows

        return batches


def shorten(patch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_STEPS", "SECOND_STEPS"):
        patch.setattr(rounds, name, 1)
    patch.setitem(named.SPACES, "tsnas", (SMALL_SPACE,))
    for module in (selection, work):
        patch.setattr(module, "EvolutionConfig", SMALL_EVOLUTION)


@pytest.fixture
def watch(monkeypatch, eager):
    shorten(monkeypatch)
    return Watch(monkeypatch)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "toy.npz"
    x, y = sines(72)
    np.savez(path, x_train=x, y_train=y)
    return path


def flags_of(command, data, out, *further):
    quick = [f"--{name}={value}" for name, value in QUICK.items()]
    return [command, f"--data={data}", f"--out={out}", *quick, "--seed=0", *further]


def search_flags(data, out):
    return flags_of("search", data, out, "--board=nucleo_f446re", "--strategy=evolution")


# Phase, step, what becomes of the Ctrl-C, and what a call begins that is interrupted there if those before it were.
POINTS = [
    ("evolve", 2, lost, ["evolve"]),
    ("contest", 2, raised, ["evolve", "contest"]),
    ("training_of", 2, lost, ["evolve", "contest", "training_of"]),
    ("train_quantised", 2, raised, ["training_of", "train_quantised"]),
    ("convert_int8", 0, raised, ["train_quantised", "convert_int8"]),
    ("verify", 0, raised, ["train_quantised", "convert_int8", "verify"]),
]


@pytest.mark.long
def test_interrupted_in_each_phase_the_same_command_ends_with_the_same_file(watch, data, tmp_path, capsys):
    assert run(search_flags(data, tmp_path / "whole")) == 0
    kept = f"Finished phases are kept in {tmp_path / 'out'}; run the same command again to resume."
    for phase, step, press, begun in POINTS:
        watch.press_at(phase, step, press)
        capsys.readouterr()
        assert run(search_flags(data, tmp_path / "out")) == 130
        said = capsys.readouterr().err
        assert said.endswith(SAID)
        assert "Traceback" not in said
        assert (kept in said) == (phase not in ("evolve", "contest"))
        # What an earlier call has finished is not begun again, and after the Ctrl-C nothing is.
        assert watch.begun == begun
        assert watch.steps.count(phase) == step
    watch.press_at("none", 0, raised)
    assert run(search_flags(data, tmp_path / "out")) == 0
    assert (tmp_path / "out/model.tflite").read_bytes() == (tmp_path / "whole/model.tflite").read_bytes()
    assert not (tmp_path / "out/phases").exists()


def test_sweep(watch, data, tmp_path, capsys):
    watch.press_at("training_of", 2, lost)
    flags = flags_of("sweep", data, tmp_path / "out", "--boards=nucleo_f446re", "--max_latency_ms=6,9")
    assert run([*flags, "--finalists=1"]) == 130
    said = capsys.readouterr().err
    assert said.endswith(SAID)
    assert "Traceback" not in said
    assert f"Finished work is kept in {tmp_path / 'out'}; run the same command again to resume." in said
    assert watch.steps.count("training_of") == 2


@pytest.mark.parametrize("press", [raised, lost])
def test_in_python_it_is_a_keyboard_interrupt(watch, tmp_path, press):
    watch.press_at("evolve", 2, press)
    with pytest.raises(KeyboardInterrupt):
        tsnas.AutoClassifier(seed=0, strategy="evolution", directory=tmp_path / "phases", **QUICK).fit(*sines(72))
    assert watch.steps == 2 * ["evolve"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def program(argv, phase, step):
    """The program in a process of its own, interrupted at a point."""
    patch = pytest.MonkeyPatch()
    shorten(patch)
    Watch(patch).press_at(phase, step, raised)
    # However long the rest of a step takes on a busy machine.
    patch.setattr(interrupt, "GRACE_S", PATIENCE_S)
    patch.setattr(sys, "argv", ["tsnas", *argv])
    sys.exit(main())


def test_the_program_says_so_last_and_has_an_exit_code_of_its_own(data, tmp_path):
    process = Process(program, search_flags(data, tmp_path / "out"), "evolve", 2)
    assert process.end() == 130
    assert process.said.endswith(SAID)
    assert "Traceback" not in process.said


def light(code: str, *arguments: object) -> subprocess.Popen:
    """A process that needs no TensorFlow."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may ignore Ctrl-C, and processes inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


DEAF = """
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


def assert_ended(running: subprocess.Popen) -> None:
    try:
        said = running.communicate(timeout=PATIENCE_S)[1]
    finally:
        running.kill()
    assert running.returncode == 130
    assert said.endswith(SAID)


def test_a_second_press_ends_at_once_what_the_first_cannot():
    running = light(DEAF, "boards", PATIENCE_S)
    assert running.stderr.readline() == "PHASE deaf\n"
    running.send_signal(signal.SIGINT)
    assert [running.stderr.readline(), running.stderr.readline()] == ["LOST\n", "PHASE deaf\n"]
    running.send_signal(signal.SIGINT)
    assert_ended(running)


def test_the_end_of_the_grace_ends_what_the_first_press_cannot():
    running = light(DEAF, "boards", 0.5)
    assert running.stderr.readline() == "PHASE deaf\n"
    running.send_signal(signal.SIGINT)
    assert_ended(running)


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
    assert_ended(light(with_a_bar, "boards"))


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

"""A worker process computes with one thread, or says what is wrong."""

import pytest
import tensorflow as tf

from tsnas.errors import WorkerError
from tsnas.workers import process


@pytest.fixture
def threads(monkeypatch):
    """Sets what TensorFlow was told in its configuration, and in the environment."""

    def tell(chosen, variable):
        monkeypatch.setattr(tf.config.threading, "get_intra_op_parallelism_threads", lambda: chosen)
        monkeypatch.delenv(process.THREADS, raising=False)
        if variable is not None:
            monkeypatch.setenv(process.THREADS, variable)

    return tell


@pytest.mark.parametrize(
    ("chosen", "variable", "one"),
    [(0, None, False), (1, None, True), (0, "1", True), (0, "2", False), (4, "1", False), (1, "4", True)],
)
def test_the_configuration_counts_before_the_environment(threads, chosen, variable, one):
    threads(chosen, variable)
    assert process.has_one_thread() is one


def test_too_late_for_one_thread_is_an_error(threads, monkeypatch):
    threads(0, None)

    def set_threads(count):
        assert count == 1
        raise RuntimeError("already initialized")

    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", set_threads)
    with pytest.raises(WorkerError, match="start workers with TF_NUM_INTRAOP_THREADS=1"):
        process.run_call(lambda: None)


def test_nothing_that_was_built_stays(threads):
    threads(1, None)
    import tf_keras as keras

    process.run_call(lambda: None)  # Forgets what earlier tests have built.
    for _ in range(2):
        assert process.run_call(lambda: keras.layers.Dense(1).name) == "dense"


def test_what_a_call_has_made_is_there_for_the_next_one_alone(threads):
    threads(1, None)

    def taken(key):
        with process.kept(key, object) as found:
            return found

    first = process.run_call(lambda: taken("a"))
    assert process.run_call(lambda: taken("a")) is first
    assert process.run_call(lambda: taken("b")) is not first
    assert process.run_call(lambda: taken("a")) is not first, "the last one alone is kept"
    assert taken("a") is not taken("a"), "this is no call"
    last = process.run_call(lambda: taken("a"))
    process.run_call(lambda: None)
    assert process.run_call(lambda: taken("a")) is not last, "a call that makes nothing comes between them"


def test_two_calls_at_once_do_not_share_what_was_made(threads):
    threads(1, None)
    seen = []

    def nested():
        with process.kept("a", object) as outer, process.kept("a", object) as inner:
            seen.append((outer, inner))

    process.run_call(nested)
    assert seen[0][0] is not seen[0][1]


def test_a_call_that_fails_leaves_nothing(threads):
    threads(1, None)
    made = []

    def make():
        made.append(object())
        return made[-1]

    def fail():
        with process.kept("fails", make):
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            process.run_call(fail)
    assert len(made) == 2

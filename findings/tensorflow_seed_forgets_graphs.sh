#!/usr/bin/env bash
# After `tf.random.set_seed` TensorFlow optimises each graph again, of which nothing is random: the next call takes 150 times as long.
#
# Versions:  tensorflow 2.21.0
# Expected:  a seed concerns random draws. A function that has been traced, and has no random operation, runs as before.
# Seen (2026-11-30): the call after a seed takes 0.14 s where calls take 0.001 s, as often as a seed is set: it clears the caches of
#            the runtime, in which the optimised graphs are, so that these are built again from the trace. The function is not
#            traced again, so that `experimental_get_tracing_count` stays 1 and nothing is said.
# It matters where a seed is set before each of many short trainings or predictions, as `keras.utils.set_random_seed` does: for
#            networks of microcontrollers it takes as long as hundreds of their steps. Stateless draws, whose seed is an argument, need none.
source "$(dirname "$0")/environment"
install tensorflow==2.21.0 numpy==2.4.6
observe <<'PYTHON'
import statistics
import sys
import time

import tensorflow as tf


@tf.function
def chain(x):
    for index in range(60):
        x = tf.nn.relu(tf.linalg.matmul(x, x) * 0.5 + float(index))
    return x


windows = tf.ones((4, 4))
chain(windows)


def median_s(before):
    """Median duration of a call, each after something else."""
    found = []
    for _ in range(15):
        before()
        started = time.perf_counter()
        chain(windows).numpy()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


plain = median_s(lambda: None)
seeded = median_s(lambda: tf.random.set_seed(0))
traces = chain.experimental_get_tracing_count()
print(f"a call takes {plain:.4f} s, one after a seed {seeded:.4f} s; traced {traces} time")
sys.exit(not (traces == 1 and seeded > 10 * plain))
PYTHON

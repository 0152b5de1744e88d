#!/usr/bin/env bash
# The graph of a training step stays in memory for ever once an optimizer of Keras has been part of it.
#
# Versions:  tf_keras 2.21.0, tensorflow 2.21.0
# Expected:  when a model, its optimizer and its step are gone, so is the graph; at the latest after `gc.collect()` and
#            `keras.backend.clear_session()`.
# Seen (2026-11-29): a step that updates a weight by its own assignment leaves nothing. With `Adam` of tf_keras in it, the
#            legacy one as well as the other, each of five steps leaves its graph, and all nodes of it, after
#            both calls.
# It matters because cross-validation and searches train many models in one process, which grows by megabytes with each.
source "$(dirname "$0")/environment"
install tensorflow==2.21.0 tf_keras==2.21.0 keras==3.15.1 numpy==2.4.6
observe <<'PYTHON'
import gc
import sys

import tensorflow as tf
import tf_keras as keras

STEPS = 5


def train(make_optimizer):
    weight = tf.Variable([1.0, 2.0])
    optimizer = None if make_optimizer is None else make_optimizer(0.1)
    if optimizer is not None:
        # Variables cannot be made within a step that is traced more than once.
        optimizer.apply_gradients([(tf.zeros(2), weight)])

    @tf.function
    def step():
        if optimizer is None:
            weight.assign_sub(0.2 * weight)
        else:
            optimizer.apply_gradients([(2.0 * weight, weight)])

    step()


def graphs():
    keras.backend.clear_session()
    gc.collect()
    return sum(type(one).__name__ == "FuncGraph" and one.name == "step" for one in gc.get_objects())


kinds = {"assignment": None, "legacy.Adam": keras.optimizers.legacy.Adam, "Adam": keras.optimizers.Adam}
kept = {}
for name, make_optimizer in kinds.items():
    before = graphs()
    for _ in range(STEPS):
        train(make_optimizer)
    kept[name] = graphs() - before
    print(f"{name}: {kept[name]} of {STEPS} graphs are still there")
sys.exit(kept != {"assignment": 0, "legacy.Adam": STEPS, "Adam": STEPS})
PYTHON

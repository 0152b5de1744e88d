"""Training in a strategy of tf.distribute: two replicas on the CPU share each batch, and the file keeps its limits."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tsnas.errors import SettingError
from tsnas.training.scope import check_distribute

# Logical devices can only be made before TensorFlow has begun, hence a process of its own.
SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import tsnas
from toy_data import sines
from tsnas.search import contest
from tsnas.training import train as module

contest.FIRST_STEPS = contest.SECOND_STEPS = 8
space = tsnas.SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3, 5), extra_fusion_cells=1)

replicas = []
fit = module.keras.Model.fit
def counted(model, *args, **kwargs):
    replicas.append(model.distribute_strategy.num_replicas_in_sync)
    return fit(model, *args, **kwargs)
module.keras.Model.fit = counted

x, y = sines(240)
x = x.astype("float32")
clf = tsnas.AutoClassifier(
    "nucleo_f446re", 4, 16, search_epochs=2, epochs=12, qat_epochs=3, batch_size=16, finalists=2, space=space, seed=0,
    verbose=0,
)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
clf.fit(x[:180], y[:180], distribute=strategy)
assert set(replicas) == {{2}}, replicas
assert clf.latency_ms_ <= 4
scores = clf.evaluate(x[180:], y[180:])
print(scores)
assert scores["int8"]["accuracy"] > 0.85, scores
"""


def test_two_replicas_train_what_one_would():
    script = textwrap.dedent(SCRIPT.format(tests=str(Path(__file__).parents[1])))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]


def test_anything_but_a_strategy_is_refused():
    assert check_distribute(None) is None
    with pytest.raises(SettingError, match=r"distribute='two gpus' must be a tf.distribute.Strategy such as"):
        check_distribute("two gpus")

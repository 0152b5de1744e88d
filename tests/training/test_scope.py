"""Training in a strategy of tf.distribute: two replicas on the CPU share each batch, and the file keeps its limits."""

import pytest
import tensorflow as tf
from processes import Process
from toy_data import sines

import tsnas
from tsnas.errors import SettingError
from tsnas.search import rounds
from tsnas.training.loop import TrainingLoop
from tsnas.training.scope import check_distribute


def train_in_two_replicas() -> None:
    """What a process runs: logical devices can only be made before TensorFlow has begun."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    rounds.FIRST_STEPS = rounds.SECOND_STEPS = 8
    space = tsnas.SpaceConfig(time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3,), extra_fusion_cells=0)
    replicas = []
    run = TrainingLoop.run

    def counted(loop, *args, **kwargs):
        replicas.append(tf.distribute.get_strategy().num_replicas_in_sync)
        return run(loop, *args, **kwargs)

    TrainingLoop.run = counted
    x, y = sines(240)
    clf = tsnas.AutoClassifier(
        "nucleo_f446re", 4, 16, search_epochs=2, epochs=12, qat_epochs=3, batch_size=16, finalists=2, space=space,
        seed=0, verbose=0,
    )  # fmt: skip
    clf.fit(x[:180], y[:180], distribute=tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    assert set(replicas) == {2}, replicas
    assert clf.latency_ms_ <= 4
    scores = clf.evaluate(x[180:], y[180:])
    assert scores["int8"]["accuracy"] > 0.85, scores


@pytest.mark.long
def test_two_replicas_train_what_one_would():
    process = Process(train_in_two_replicas)
    assert process.end() == 0, process.said[-3000:]


def test_anything_but_a_strategy_is_refused():
    assert check_distribute(None) is None
    with pytest.raises(SettingError, match=r"distribute='two gpus' must be a tf.distribute.Strategy such as"):
        check_distribute("two gpus")

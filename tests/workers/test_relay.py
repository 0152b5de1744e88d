"""What a training in another process reports is shown here."""

import numpy as np
import pytest
import tf_keras as keras

from tsnas.callbacks import ProgressBar
from tsnas.workers.relay import Relay


class Recorder(ProgressBar):
    """A bar that keeps what it is told."""

    def __init__(self):
        super().__init__("train", 1)
        self.told = []

    def on_train_begin(self, logs=None):
        self.told.append(("begin", self.params["epochs"], self.params["steps"]))

    def on_train_batch_end(self, batch, logs=None):
        self.told.append("step")

    def on_epoch_end(self, epoch, logs=None):
        self.told.append((epoch, sorted(logs), all(isinstance(value, float) for value in logs.values())))

    def on_train_end(self, logs=None):
        self.told.append("end")


@pytest.fixture
def model():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_a_bar_hears_what_it_would_hear_in_the_training(model, tmp_path):
    x, y = np.zeros((12, 2)), np.zeros((12, 1))
    near, far = Recorder(), Recorder()
    relay = Relay(far, tmp_path / "relay")
    relay.show()
    assert not far.told
    model.fit(x, y, epochs=2, batch_size=4, verbose=0, callbacks=[near, relay.sender()])
    relay.show()
    # The end of a training before it is made up for first.
    assert far.told[0] == "end"
    assert far.told[1:] == near.told
    assert near.told.count("step") == 6
    relay.show()
    assert len(far.told) == 1 + len(near.told)


def test_half_a_line_waits_for_its_other_half(tmp_path):
    bar = Recorder()
    relay = Relay(bar, tmp_path / "relay")
    line = '["epoch", 3, {"loss": 0.5}]\n'
    for part in (line[:9], line[9:]):
        with (tmp_path / "relay").open("a") as file:
            file.write(part)
        relay.show()
    assert bar.told == [(3, ["loss"], True)]


def test_a_machine_without_the_file_shows_nothing_and_trains_on(model, tmp_path):
    relay = Relay(Recorder(), tmp_path / "elsewhere" / "relay")
    model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0, callbacks=[relay.sender()])
    relay.show()

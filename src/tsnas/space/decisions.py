"""Decision groups: architecture parameters (alpha), each group of which chooses one of several options.

A group has one alpha for each option. During the search its alphas become a vector of probabilities. The
Gumbel-softmax adds noise and divides by a temperature: while the temperature is high, the options take turns; as it
falls, one option takes over (sections 5.1 and 6 of the paper).
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tf_keras as keras

PSEUDO_PROBS = ("gumbel", "softmax")


@keras.utils.register_keras_serializable("tsnas")
class DecisionGroup(keras.layers.Layer):
    """A choice of one option out of several, with trainable architecture parameters.

    Args:
        options: sequence of JSON values to choose from; at least one.
        seed: int or None, seed of the Gumbel noise. Defaults to None.

    Call arguments:
        temperature: scalar above 0.
        sample: `"gumbel"` for noisy, `"softmax"` for noise-free probabilities.

    Returns:
        float32 tensor of shape (options,) that sums to 1.

    Raises:
        ValueError: no options, or an unknown `sample`.

    Example:
        >>> group = DecisionGroup([3, 5, 7], seed=0)
        >>> group(temperature=1.0, sample="softmax").shape
        TensorShape([3])

    Source: equation 1 of the paper; Jang et al., Categorical Reparameterization with Gumbel-Softmax (2017).
    """

    def __init__(self, options, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not len(options):
            raise ValueError("A decision group needs at least one option, but `options` is empty.")
        self.options = tuple(options)
        self.seed = seed
        self.alpha = self.add_weight("alpha", (len(self.options),), initializer="zeros")
        self._noise = tf.random.Generator.from_seed(0 if seed is None else seed)
        if seed is None:
            self._noise.reset_from_key_counter(np.random.randint(2**31), [0, 0])

    def call(self, temperature=1.0, sample="gumbel"):
        if sample not in PSEUDO_PROBS:
            raise ValueError(f"sample={sample!r} must be one of {PSEUDO_PROBS}.")
        logits = tf.nn.log_softmax(self.alpha)
        if sample != "softmax":
            uniform = self._noise.uniform(tf.shape(logits), minval=1e-7, maxval=1.0 - 1e-7)
            logits -= tf.math.log(-tf.math.log(uniform))
        return tf.nn.softmax(logits / temperature)

    def log_probabilities(self) -> np.ndarray:
        """Returns the log of each option's probability, without noise at temperature 1; float64 of shape (options,)."""
        alpha = self.alpha.numpy().astype(np.float64)
        alpha -= alpha.max()
        return alpha - np.log(np.exp(alpha).sum())

    def entropy(self) -> float:
        """Returns the entropy of the choice as a fraction of its maximum: 1 is undecided, 0 is settled."""
        if len(self.options) == 1:
            return 0.0
        log_p = self.log_probabilities()
        return float(-(np.exp(log_p) * log_p).sum() / np.log(len(self.options)))

    def settled(self) -> bool:
        """Returns whether one option's probability exceeds 0.9."""
        return bool(self.log_probabilities().max() > np.log(0.9))

    def get_config(self):
        return super().get_config() | {"options": list(self.options), "seed": self.seed}

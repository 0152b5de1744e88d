#!/usr/bin/env bash
# The legacy Keras is asked for, and tfmot still loads the whole of Keras 3, which loads Matplotlib; neither is ever used.
#
# Versions:  tensorflow-model-optimization 0.8.1, tensorflow 2.21.0, tf_keras 2.21.0, keras 3.15.1, matplotlib 3.11.2
# Expected:  with TF_USE_LEGACY_KERAS=1, as tfmot wants it, Keras 3 is not imported, and Matplotlib not before a plot.
# Seen (2026-11-30): `import tensorflow` keeps to it. `import tensorflow_model_optimization` imports Keras 3 with all its
#            parts, and `matplotlib.pyplot` with it, to look for a class that is no longer there, and goes on without.
# It matters because the import of every training process takes longer and more memory by these two.
source "$(dirname "$0")/environment"
install tensorflow-model-optimization==0.8.1 tensorflow==2.21.0 tf_keras==2.21.0 keras==3.15.1 matplotlib==3.11.2 \
    numpy==2.4.6 setuptools==65.5.0
observe <<'PYTHON'
import os
import resource
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"
WANTED = ("keras", "keras.src.optimizers", "matplotlib.pyplot")


def look(name):
    found = [module for module in WANTED if module in sys.modules]
    mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"after {name}: {', '.join(found) or 'none of ' + ', '.join(WANTED)}; {mb:.0f} MB")
    return found


import tensorflow as tf

by_tensorflow = look("tensorflow")
import tensorflow_model_optimization as tfmot

by_tfmot = look("tensorflow_model_optimization")
print("layers that tfmot quantises come from", tf.keras.layers.Dense.__module__.partition(".")[0])
tfmot.quantization.keras.quantize_model(tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))]))
sys.exit((by_tensorflow, by_tfmot) != ([], list(WANTED)))
PYTHON

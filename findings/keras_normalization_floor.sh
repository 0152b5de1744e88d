#!/usr/bin/env bash
# Keras's Normalization, told the mean and the variance, does not give a small signal a deviation of one.
#
# Versions:  tf_keras 2.21.0, keras 3.15.1, tensorflow 2.21.0
# Expected:  a signal that deviates by s, and Normalization(mean=0, variance=s**2): a deviation of 1 for any s of float32.
# Seen (2026-12-01): below s = 1e-7 the deviation is s / 1e-7, so that nanoamperes come out as 0.01 and picoamperes as
#            0.00001. There is no warning.
# It matters because a model that standardises raw sensor values in SI units sees next to nothing of them.
source "$(dirname "$0")/environment"
install tensorflow==2.21.0 tf_keras==2.21.0 keras==3.15.1 numpy==2.4.6
observe <<'PYTHON'
import sys

import keras
import numpy as np
import tf_keras

signal = np.tile([[-1.0], [1.0]], (500, 1))
seen = []
for name, library in (("tf_keras", tf_keras), ("keras", keras)):
    for unit in (1.0, 1e-6, 1e-8, 1e-9, 1e-12):
        layer = library.layers.Normalization(mean=[0.0], variance=[unit**2])
        found = float(np.std(np.asarray(layer((signal * unit).astype(np.float32)))))
        print(f"{name}: a deviation of {unit:g} becomes {found:.3g}")
        seen.append(float(f"{found:.3g}"))
sys.exit(seen != 2 * [1.0, 1.0, 0.1, 0.01, 1e-05])
PYTHON

#!/usr/bin/env bash
# tsfresh takes class codes of an unsigned type for a regression, and drops the features that tell the classes apart.
#
# Versions:  tsfresh 0.21.2, pandas 3.0.6, scikit-learn 1.9.1
# Expected:  select_features treats integers as classes, of whatever width, so that labels as uint8, which data sets of sensors
#            are often stored as, select the same features as the same labels as int64.
# Seen (2026-11-28): with int8, int16, int32 and int64 both features that depend on the class are kept. With uint8, uint16 and
#            uint32 tsfresh infers a regression without a warning: the feature that rises with the number of the class stays,
#            and the one that is high for the middle class alone, and separates it from both others, is dropped as
#            irrelevant. ml_task="classification" keeps both.
# It matters because which features survive, and go into firmware, then depends on how classes happen to be numbered.
source "$(dirname "$0")/environment"
install tsfresh==0.21.2 pandas==3.0.6 scikit-learn==1.9.1 numpy==2.3.5
observe <<'PYTHON'
import sys

import numpy as np
import pandas as pd
from tsfresh import select_features

rng = np.random.default_rng(0)
codes = np.repeat([0, 1, 2], 50)
features = pd.DataFrame(
    {
        "rises": 2.0 * codes + rng.normal(size=150),
        "middle": 3.0 * (codes == 1) + rng.normal(size=150),
        "noise": rng.normal(size=150),
    }
)


def selected(dtype, **kwargs):
    labels = pd.Series(codes.astype(dtype))
    return sorted(select_features(features, labels, n_jobs=0, **kwargs).columns)


as_seen = selected("uint8", ml_task="classification") == ["middle", "rises"]
for dtype in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"):
    found = selected(dtype)
    print(f"{dtype}: {', '.join(found)}")
    as_seen &= found == (["rises"] if dtype.startswith("u") else ["middle", "rises"])
sys.exit(not as_seen)
PYTHON

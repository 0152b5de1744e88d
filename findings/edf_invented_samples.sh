#!/usr/bin/env bash
# An EDF file of a short recording may hold more invented samples than measured ones.
#
# Versions:  pyedflib 0.1.42, mne 1.13.2
# Expected:  what is written is read back; at most, as records of EDF are one second long by default, up to a second of padding
#            follows.
# Seen (2026-11-28): pyedflib makes records as long as it takes to hold a whole number of samples, 10 s for 33.3 Hz and
#            85.7 Hz, a rate of GENEActiv. A gesture of 3 s at 33.3 Hz is written as 100 samples and read back as 333, without
#            a warning; the other 233 are zeros. MNE reads the same 333. At 100 Hz the 300 samples of 3 s are read back as
#            they were. The file does not say how many samples were measured.
# It matters because windows cut from the file are mostly of a device that does not move, under the label of the gesture.
source "$(dirname "$0")/environment"
install pyedflib==0.1.42 mne==1.13.2 numpy==2.3.5
observe <<'PYTHON'
import sys

import mne
import numpy as np
from pyedflib import highlevel

SEEN = {100.0: 300, 33.3: 333, 85.7: 857}
as_seen = True
for rate_hz, seen in SEEN.items():
    written = np.full(round(3 * rate_hz), 1.0)  # 1 g
    header = highlevel.make_signal_headers(
        ["acc_z"], dimension="g", sample_frequency=rate_hz, physical_min=-8, physical_max=8
    )
    highlevel.write_edf("gesture.edf", [written], header)
    signals, _, _ = highlevel.read_edf("gesture.edf")
    invented = signals[0][len(written) :]
    in_mne = mne.io.read_raw_edf("gesture.edf", verbose="error").n_times
    print(f"{rate_hz} Hz: {len(written)} samples written, {len(signals[0])} read, {in_mne} by MNE")
    as_seen &= len(signals[0]) == in_mne == seen and bool(np.all(np.abs(invented) < 0.001))
sys.exit(not as_seen)
PYTHON

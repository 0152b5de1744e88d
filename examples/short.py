"""The settings of `--quick`: a small space and few steps, so that an example ends in seconds. Its model is useless."""

import tsnas

SPACE = tsnas.SpaceConfig(
    time_reduce_filters=8, fusion_filters=16, kernel_sizes=(3, 5), extra_fusion_cells=0, first_stride=4, collapse=True
)
SETTINGS = {
    "space": SPACE,
    "epochs": 2,
    "search_epochs": 1,
    "qat_epochs": 1,
    "finalists": 1,
    "batch_size": 32,
}
# Only every so many windows are used.
EVERY = 16

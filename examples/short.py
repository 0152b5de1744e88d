"""What `--quick` means: a small space and a few steps, so that an example ends in seconds. Its model is of no use."""

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
# Of many windows, one in so many is used.
EVERY = 16

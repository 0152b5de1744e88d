"""Runs many independent jobs on keras-tuner: in this process, or spread over machines by its chief and workers."""

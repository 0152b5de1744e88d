"""Trains architectures alone, several at once in processes of their own, and judges them by validation users."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.nets import BATCH_SIZE
from tsnas.data import Standardizer, encode_labels, find_axes, validation_splits
from tsnas.datasets import load_npz
from tsnas.search.rounds import short_scores
from tsnas.space.architecture import Architecture
from tsnas.training.augment import augmentation

VALIDATION_SHARE = 0.25

# An architecture, and the splits that it is judged on, by their numbers from 0.
Trial = tuple[Architecture, tuple[int, ...]]


def judged(architecture: Architecture, splits: Sequence[int], data: str, steps: int, seed: int) -> list[float]:
    """Macro-F1 on the users left out by each split; every split leaves out others, as long as there are any."""
    loaded = load_npz(data)
    y, _ = encode_labels(loaded.y_train)
    every = validation_splits(y, loaded.groups_train, VALIDATION_SHARE, max(splits) + 1, seed)
    scores = []
    for train, val in (every[split] for split in splits):
        standardizer = Standardizer.fit(loaded.x_train[train])
        augment = augmentation(standardizer, find_axes("auto", loaded.x_train[train]))
        parts = [(standardizer(loaded.x_train[rows])[..., np.newaxis], y[rows]) for rows in (train, val)]
        (score,) = short_scores(architecture, [(parts[0], parts[1])], [0], steps, BATCH_SIZE, seed, augment)
        scores.append(score.macro_f1)
    return scores


def judge_all(
    trials: Sequence[Trial], data: str, steps: int, seed: int, processes: int
) -> Iterator[tuple[Trial, list[float]]]:
    """Each trial with its scores, in the order in which they are done.

    Args:
        trials: sequence of `Trial`, in the order in which they are started.
        data: str, a .npz file as for `tsnas search --data`; its test windows are not read.
        steps: int, training steps of each.
        seed: int, of the splits and the trainings.
        processes: int, trainings at once; more than one get a thread of TensorFlow each.
    """
    if processes > 1:
        # Read by TensorFlow when a process starts.
        os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    with concurrent.futures.ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        futures = {pool.submit(judged, *trial, data, steps, seed): trial for trial in trials}
        for future in concurrent.futures.as_completed(futures):
            yield futures[future], [round(score, 4) for score in future.result()]

"""What a teacher is worth where windows are few: a ridge on a kernel bank answers for windows that nobody recorded.

    python -m benchmarks.teacher --data=ucr --seeds=0

Every .npz file of a folder with many training windows is a data set. A few windows of each class are kept, the others
judge: so a difference between two trainings is known to within a percent, although both see few windows. Test windows
have no part in it. A network of the default space that uses the limit on latency well is trained as a winner is, and
with targets of a teacher that was fitted to the same windows. Runs that the JSON file has already are not done again.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from absl import app, flags
from scipy.special import softmax

import tsnas
from benchmarks.draws import DATA, OUT, SEEDS, SETS, draw
from benchmarks.series_sets import cases, keep_few, read_training_windows
from benchmarks.study import Case, complete
from tsnas.data import Standardizer
from tsnas.job.preparation import stretched_or_not
from tsnas.job.settings import check_settings
from tsnas.plain.rivals import ridge
from tsnas.search.rounds import DROPOUT
from tsnas.training.augment import Augment
from tsnas.training.loop import TrainingLoop, for_training
from tsnas.training.seed import fixed_seed

WAYS = flags.DEFINE_list("ways", ["labels", "mixed", "copies", "mixes"], "Ways to train; see `pool`.")

BOARD = "nucleo_f446re"
LEAST_JUDGES = 60
POOL = 640
SHARPNESS = 4.0


def pool(
    way: str, x: np.ndarray, labels: np.ndarray, teacher: Any, augment: Augment, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Returns windows to train on and their targets.

    `labels` are the windows themselves; `mixed` adds convex sums of two windows, with the sums of their labels;
    `copies` are augmented copies, with the mean of label and teacher's answer; `mixes` are copies and sums of two of
    them, for which the teacher alone answers.
    """
    if way == "labels":
        return x, labels
    rng = np.random.default_rng(seed)
    rows = np.tile(np.arange(len(x)), -(-POOL // len(x)))[:POOL]
    if way == "mixed":
        others = rng.integers(len(x), size=POOL // 2)
        share = rng.uniform(size=POOL // 2).astype(np.float32)
        first = rows[: POOL // 2]
        sums = _sum(x[first], x[others], share)
        targets = share[:, None] * labels[first] + (1 - share[:, None]) * labels[others]
        return np.concatenate([x[rows[: POOL // 2]], sums]), np.concatenate([labels[first], targets])
    copies = augment(tf.constant(x[rows]), (seed + 77, 0)).numpy()
    targets = 0.5 * labels[rows] + 0.5 * _answers(teacher, copies)
    if way == "copies":
        return copies, targets
    half = POOL // 2
    others = rng.integers(POOL, size=half)
    sums = _sum(copies[:half], copies[others], rng.uniform(size=half).astype(np.float32))
    return np.concatenate([copies[:half], sums]), np.concatenate([targets[:half], _answers(teacher, sums)])


def _sum(one: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    share = share[:, None, None, None]
    return share * one + (1 - share) * other


def _answers(teacher: Any, windows: np.ndarray) -> np.ndarray:
    found = teacher.decision_function(windows[..., 0])
    if found.ndim == 1:
        found = np.stack([-found, found], axis=1)
    return softmax(SHARPNESS * found, axis=1).astype(np.float32)


def run_one(path: pathlib.Path, key: Case) -> list[dict[str, Any]]:
    """Accuracies on the windows that were not kept, of each way to train and of the teacher, in a single row."""
    seed = key["seed"]
    x, codes = read_training_windows(path)
    classes = int(codes.max()) + 1
    kept, test = keep_few(codes, seed)
    if len(test) < LEAST_JUDGES:
        return []
    windows = Standardizer.fit(x[kept])(x)[..., np.newaxis]
    settings = check_settings(tsnas.AutoClassifier(BOARD))
    own, y = windows[kept], codes[kept]
    augment, _ = stretched_or_not(own, y, None, seed)
    teacher = ridge(len(own), own.shape[2], seed).fit(own[..., 0], y)
    candidate = draw(own, classes, settings, seed)[0]
    found = {"teacher": round(float((teacher.predict(windows[test][..., 0]) == codes[test]).mean()), 4)}
    batch_size = settings.batch_size_for(own)
    repeated, _ = settings.repeated((own, y), None)
    epochs = settings.train_epochs_for(repeated)
    steps_per_epoch = len(repeated) // batch_size
    for way in WAYS.value:
        px, py = pool(way, own, np.eye(classes, dtype=np.float32)[y], teacher, augment, seed)
        if way == "labels":
            times = len(repeated) // len(own)
            px, py = np.tile(px, (times, 1, 1, 1)), np.tile(py, (times, 1))
            own_epochs = epochs
        else:
            own_epochs = max(1, round(epochs * steps_per_epoch / (len(px) // batch_size)))
        model = candidate.architecture.build(DROPOUT, seed)
        trained = for_training(model)
        with fixed_seed(seed):
            loop = TrainingLoop(trained, batch_size, 0.1, augment)
            loop.run(px.astype(np.float32), py.astype(np.float32), own_epochs, 3e-3, seed, until_solved=way == "labels")
        right = trained(windows[test], training=False).numpy().argmax(axis=1) == codes[test]
        found[way] = round(float(right.mean()), 4)
    return [key | {"windows": len(kept), "judges": len(test)} | found]


def main(argv: Sequence[str]) -> None:
    complete(OUT.value, "benchmarks.teacher", cases(argv, DATA.value, SETS.value, SEEDS.value), run_one)


if __name__ == "__main__":
    app.run(main)

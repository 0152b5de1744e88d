"""tsnas search: from a data set and limits to a folder with an int8 model that keeps them."""

from __future__ import annotations

import contextlib
import json
import pathlib
import shlex
import sys
import time
from typing import Any

from absl import flags

from tsnas.commands.command import Command, UsageError, no_arguments
from tsnas.commands.quiet import import_tensorflow
from tsnas.datasets import Dataset, load_npz, shoulder

LIMITS = ("max_latency_ms", "max_ram_kb", "max_flash_kb", "max_energy_mj")
PHASES = "phases"
EPOCHS = ("search_epochs", "epochs", "qat_epochs")
TRAINING = (*EPOCHS, "batch_size", "finalists", "space", "strategy", "max_minutes", "seed")


def define_flags(values: flags.FlagValues) -> None:
    def text(name: str, meaning: str) -> None:
        flags.DEFINE_string(name, None, meaning, flag_values=values)

    def whole(name: str, meaning: str, lower_bound: int = 1) -> None:
        flags.DEFINE_integer(name, None, meaning, lower_bound=lower_bound, flag_values=values)

    text(
        "data",
        "A .npz file with x_train (windows, time, channels) and y_train (windows), and optionally x_test and y_test, "
        "and groups_train and groups_test, which say which windows belong together, such as the subject. "
        "Integer windows are multiplied by an array named scale, if there is one.",
    )
    flags.DEFINE_enum(
        "dataset",
        None,
        ["shoulder"],
        "A data set that comes with tsnas, instead of --data. shoulder: seven exercises, smart watch, 6 channels.",
        flag_values=values,
    )
    text("board", "Board: a name that `tsnas boards` lists, or the path of a board's .json file. Required.")
    for name, meaning in {
        "max_latency_ms": "Upper limit of the latency of one inference, in ms. Default: no limit.",
        "max_ram_kb": "Upper limit of the tensor arena, in KB of 1024 bytes. Default: the board's RAM.",
        "max_flash_kb": "Upper limit of the .tflite file, in KB of 1024 bytes. Default: the board's flash.",
        "max_energy_mj": "Upper limit of the energy of one inference, in mJ; the board must have active_power_mw.",
    }.items():
        flags.DEFINE_float(name, None, meaning, flag_values=values)
    flags.DEFINE_enum(
        "space",
        None,
        ["tsnas", "micronas"],
        "Search space: tsnas takes all sensors in one step, micronas is the paper's own. Default: tsnas.",
        flag_values=values,
    )
    text("table", "CSV or JSON file of operators measured on the board; each beats the latency model.")
    text("out", "Folder to write the model and its report to; created if need be. Required.")
    text(
        "axes",
        "Channels that are x, y and z of one sensor, such as 0-1-2,3-4-5; in training they are turned by some degrees. "
        "auto: each three in a row whose values are of one size; none: nothing is turned. Default: auto.",
    )
    whole("search_epochs", "Epochs of the search. Default: by the number of windows.")
    whole("epochs", "Epochs of the final training. Default: by the number of windows.")
    whole("qat_epochs", "Epochs of the quantisation-aware training. Default: a fifth of --epochs, at least 3.")
    whole("batch_size", "Windows per training step. Default: 64, fewer for less than 1,024 windows.")
    whole(
        "finalists",
        "Architectures that are trained shortly, to take the best. Default: 6 after a search, 14 at random.",
    )
    flags.DEFINE_enum(
        "strategy",
        None,
        ["evolution", "micronas", "gumbel", "darts", "random"],
        "How candidates are found: by evolution with weights of a supernet, by the paper's search, by its two "
        "baselines without hardware losses, or at random. Default: evolution.",
        flag_values=values,
    )
    flags.DEFINE_float("max_minutes", None, "Upper limit of the whole search, in minutes.", flag_values=values)
    whole("seed", "Seed of all that is random; give one to repeat a search. Default: another each time.", 0)
    flags.DEFINE_enum(
        "verbose",
        "1",
        ["0", "1", "2"],
        "Progress: 0 for none, 1 for bars, 2 for a line after each epoch.",
        flag_values=values,
    )


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import load_board
    from tsnas.cost.limits import Limits
    from tsnas.cost.table import board_with_table
    from tsnas.data import check_windows, find_axes
    from tsnas.files import check_output_dir, write_file

    no_arguments(arguments)
    if (values.data is None) == (values.dataset is None):
        raise UsageError("give one of --data=FILE.npz and --dataset=shoulder")
    for name in ("board", "out"):
        if not values[name].value:
            raise UsageError(f"--{name} is required")
    # All that can be wrong is found out before the long job starts.
    limits = {name: values[name].value for name in LIMITS}
    board = load_board(values.board)
    if values.table:
        board = board_with_table(board, values.table)
    Limits(**limits).tightest_with(board)
    axes = _axes(values.axes or "auto")
    data = load_npz(values.data) if values.data else _shoulder()
    check_dataset(data)
    find_axes(axes, check_windows(data.x_train))
    out = check_output_dir(values.out)

    import_tensorflow()
    import tsnas

    training = {name: values[name].value for name in TRAINING if values[name].value is not None}
    if values.axes:
        training["axes"] = axes
    started = time.monotonic()
    classifier = tsnas.AutoClassifier(
        board if values.table else values.board,
        **limits,
        **training,
        directory=out / PHASES,
        verbose=int(values.verbose),
    )
    try:
        classifier.fit(data.x_train, data.y_train, groups=data.groups_train)
    except BaseException:
        _remove_if_empty(out)
        if (out / PHASES).exists():
            print(f"Finished phases are kept in {out}; the same command goes on from there.", file=sys.stderr)
        raise
    seconds = time.monotonic() - started
    # Saved before anything is printed or scored, so that nothing after a long search can lose its model.
    paths = classifier.save(out)
    classifier.summary()

    scores = None
    if data.x_test is not None:
        scores = classifier.evaluate(data.x_test, data.y_test)
        print(f"\n{_scores(scores, len(data.x_test))}")
    metrics = {
        "tsnas_version": tsnas.__version__,
        "data": values.data or values.dataset,
        "board": values.board,
        "limits": limits,
        "settings": training,
        "seed": classifier.seed_,
        "classes": classifier.classes_.tolist(),
        "train_windows": len(data.x_train),
        "test_windows": 0 if data.x_test is None else len(data.x_test),
        "latency_ms": classifier.latency_ms_,
        "ram_bytes": classifier.ram_bytes_,
        "flash_bytes": classifier.flash_bytes_,
        "energy_mj": classifier.energy_mj_,
        "test": scores,
        "seconds": seconds,
    }
    write_file(out / "metrics.json", json.dumps(metrics, indent=2, default=_plain) + "\n")
    paths += [out / "metrics.json", *classifier.report(out, data.x_test, data.y_test, command_line=_line(values))]
    print(f"\nWrote to {out}:\n{_listing(paths)}")


def check_dataset(data: Dataset) -> None:
    """Raises the DataError that the search or the evaluation of `data` would meet."""
    from tsnas.data import check_labels, check_lengths, check_windows, encode_labels
    from tsnas.errors import WindowShapeError

    x_train = check_windows(data.x_train)
    codes, classes = encode_labels(data.y_train)
    groups = None if data.groups_train is None else check_labels(data.groups_train, "groups_train")
    check_lengths(x_train=x_train, y_train=codes, groups_train=groups)
    if data.x_test is None:
        return
    x_test = check_windows(data.x_test)
    if x_test.shape[1:] != x_train.shape[1:]:
        raise WindowShapeError(
            f"x_test has windows of shape {x_test.shape[1:]} (time, channels), but x_train of {x_train.shape[1:]}"
        )
    check_lengths(x_test=x_test, y_test=encode_labels(data.y_test, classes)[0])


def _shoulder() -> Dataset:
    (x_train, y_train, groups_train), (x_test, y_test, groups_test) = shoulder.load_data()
    return Dataset(x_train, y_train, groups_train, x_test, y_test, groups_test)


def _scores(scores: dict[str, dict[str, float]], windows: int) -> str:
    import tabulate

    rows = [(kind, f"{score['accuracy']:.3f}", f"{score['macro_f1']:.3f}") for kind, score in scores.items()]
    headers = (f"test ({windows} windows)", "accuracy", "macro-F1")
    return tabulate.tabulate(rows, headers, colalign=("left", "right", "right"), disable_numparse=True)


def _line(values: flags.FlagValues) -> str:
    """The command as it can be typed again."""
    given = (f"--{name}={values[name].value}" for name in values if values[name].present)
    return shlex.join(["tsnas", "search", *given])


def _axes(text: str) -> str | list[tuple[int, ...]] | None:
    """What `AutoClassifier` takes, from what stands on the command line."""
    if text in ("auto", "none"):
        return None if text == "none" else text
    try:
        return [tuple(int(channel) for channel in triple.split("-")) for triple in text.split(",")]
    except ValueError:
        raise UsageError(f"--axes={text} must be auto, none, or triples of channels such as 0-1-2,3-4-5") from None


def _remove_if_empty(folder: pathlib.Path) -> None:
    """Takes back the folder that was made to try it, unless an earlier search has left files there."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def _listing(paths: list[pathlib.Path]) -> str:
    return "\n".join(f"  {path.stat().st_size:>10,} bytes  {path.name}" for path in paths)


def _plain(value: Any) -> Any:
    """A NumPy number as Python's, for the json module."""
    return value.item()


COMMAND = Command(
    name="search",
    summary="Search, train and convert a network for a data set and a board, within limits.",
    usage="(--data=FILE.npz | --dataset=shoulder) --board=BOARD --out=DIR [--max_latency_ms=MS] [--max_ram_kb=KB] "
    "[--max_flash_kb=KB] [--max_energy_mj=MJ] [--flag=value ...]",
    example="tsnas search --dataset=shoulder --board=nucleo_f446re --max_latency_ms=30 --max_ram_kb=64 --out=runs/demo",
    define_flags=define_flags,
    run=run,
    details="Prints a table of the layers with their costs, and the scores on the test windows, if there are any, of "
    "the float network and of the int8 model. Writes the model, what is needed to use it, metrics.json and a report "
    "(report.html, report.json, MODEL_CARD.md) to the folder given by --out. Ends with exit code 1, and without a "
    "model, if the limits cannot be kept.",
)

"""Flags and input that the commands with a search share: data, limits, training."""

from __future__ import annotations

import contextlib
import pathlib
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from absl import flags

from tsnas.commands.command import UsageError
from tsnas.commands.kernel_flags import define_board_kernels
from tsnas.system.terminal import columns, fit_command

if TYPE_CHECKING:
    from tsnas.cost.board import Board
    from tsnas.datasets import Dataset

Axes = str | list[tuple[int, ...]] | None
DATASETS = ("shoulder", "uci_har", "skoda")
ONE_SOURCE = f"give either --data=FILE.npz or --dataset=shoulder (or {', '.join(DATASETS[1:])})"


def define_text_flag(values: flags.FlagValues, name: str, meaning: str) -> None:
    """Defines a flag that takes text and has no default."""
    flags.DEFINE_string(name, None, meaning, flag_values=values)


def define_int_flag(values: flags.FlagValues, name: str, meaning: str, lower_bound: int = 1) -> None:
    """Defines a flag that takes a whole number of at least `lower_bound` and has no default."""
    flags.DEFINE_integer(name, None, meaning, lower_bound=lower_bound, flag_values=values)


def define_data_flags(values: flags.FlagValues) -> None:
    """Defines `--data` and `--dataset`."""
    define_text_flag(
        values,
        "data",
        "A .npz file with x_train (windows, time, channels) and y_train (windows), and optionally x_test and y_test, "
        "and groups_train and groups_test, which say which windows belong together, such as the subject. "
        "Integer windows are multiplied by an array named scale if there is one.",
    )
    flags.DEFINE_enum(
        "dataset",
        None,
        DATASETS,
        "A public data set instead of --data. shoulder: seven exercises, smartwatch, 6 channels; comes with tsnas. "
        "uci_har: six activities, phone, 9 channels. skoda: ten gestures, right arm, 30 channels. The latter two are "
        "read from the folder that TSNAS_DATA names, or downloaded once.",
        flag_values=values,
    )


def define_board_flags(values: flags.FlagValues, default: str) -> None:
    """Defines `--board`, and `--max_latency_ms` with a description of its default."""
    define_text_flag(
        values, "board", "Board: a name that `tsnas boards` lists, or the path of a board's .json file. Required."
    )
    flags.DEFINE_float(
        "max_latency_ms",
        None,
        f"Upper limit of the latency of one inference, in ms. Default: {default}.",
        flag_values=values,
    )


def define_margin_flag(values: flags.FlagValues) -> None:
    """Defines `--margin`."""
    flags.DEFINE_enum(
        "margin",
        None,
        ["upper", "expected"],
        "What the limits on latency and energy are held against: the upper end of the margin of the prediction, or the "
        "predicted value. Default: upper, but expected with --space=micronas.",
        flag_values=values,
    )


def define_limit_flags(values: flags.FlagValues) -> None:
    """Defines every limit except the one on latency, what they are held against, and the kernels of the board."""
    define_board_kernels(values)
    define_margin_flag(values)
    for name, meaning in {
        "max_ram_kb": "Upper limit of the tensor arena, in KB of 1024 bytes. Default: the board's RAM.",
        "max_flash_kb": "Upper limit of the .tflite file, in KB of 1024 bytes. Default: the board's flash.",
        "max_energy_mj": "Upper limit of the energy of one inference, in mJ; the board's file must have "
        "active_power_mw.",
    }.items():
        flags.DEFINE_float(name, None, meaning, flag_values=values)


def define_training_flags(values: flags.FlagValues) -> None:
    """Defines the flags for space, augmentation, epochs, seed and progress."""
    flags.DEFINE_enum(
        "space",
        None,
        ["tsnas", "micronas"],
        "Search space: tsnas combines all channels in one step, micronas is that of the MicroNAS paper. Default: "
        "tsnas.",
        flag_values=values,
    )
    define_text_flag(
        values,
        "axes",
        "Channels that are the x, y and z of one sensor, such as 0-1-2,3-4-5; in training they are rotated by a few "
        "degrees. auto: consecutive triples of channels of similar magnitude; none: no rotation. Default: auto.",
    )
    define_int_flag(
        values,
        "search_epochs",
        "Epochs of a supernet, where one is trained. Default: depends on the number of windows.",
    )
    define_int_flag(values, "epochs", "Epochs of the final training. Default: depends on the number of windows.")
    define_int_flag(
        values, "qat_epochs", "Epochs of the quantisation-aware training. Default: a fifth of --epochs, at least 3."
    )
    define_int_flag(values, "batch_size", "Windows per training step. Default: 64, or fewer below 1,024 windows.")
    define_int_flag(
        values, "seed", "Seed of all random choices; give one to repeat a search. Default: a new one each time.", 0
    )
    flags.DEFINE_integer(
        "n_jobs",
        -1,
        "Processes that train finalists side by side; -1 for one on each core. Makes no difference to the result.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "verbose",
        "1",
        ["0", "1", "2"],
        "Progress output: 0 for none, 1 for bars, 2 for a line after each epoch.",
        flag_values=values,
    )


def define_plain_flag(values: flags.FlagValues) -> None:
    """Defines `--plain_rivals`."""
    flags.DEFINE_boolean(
        "plain_rivals",
        None,
        "Fit two plain models for a PC to the same windows, in seconds, and tell whether the network is behind them. "
        "Default: on.",
        flag_values=values,
    )


def require(values: flags.FlagValues, *names: str) -> None:
    """Raises UsageError unless there is exactly one source of data, and a value for each of the named flags."""
    if (values.data is None) == (values.dataset is None):
        raise UsageError(ONE_SOURCE)
    for name in names:
        if not values[name].value:
            raise UsageError(f"--{name} is required")


def load_input(values: flags.FlagValues) -> tuple[Dataset, Axes]:
    """Loads the windows and their axes; raises now the errors that a long job would raise later."""
    from tsnas.data import check_windows, find_axes
    from tsnas.datasets import load_npz

    axes = parse_axes(values.axes or "auto")
    if values.data:
        refuse_recordings(values.data)
    data = load_npz(values.data) if values.data else load_dataset(values.dataset, int(values.verbose))
    check_dataset(data)
    find_axes(axes, check_windows(data.x_train))
    return data, axes


def refuse_recordings(path: str) -> None:
    """Raises UsageError, with the command that cuts windows, if recordings are given where windows are wanted."""
    found = pathlib.Path(path)
    if found.suffix.lower() == ".npz" or not found.exists():
        return
    out = f"{found.stem or 'windows'}.npz"
    raise UsageError(
        f"--data={path} is {'a folder' if found.is_dir() else 'no .npz file'}, but a search takes windows; cut them "
        f"first, then give --data={out}:\n"
        f"  tsnas data read {shlex.quote(path)} --window=128 --out={shlex.quote(out)}"
    )


def check_dataset(data: Dataset) -> None:
    """Raises the DataError that a search on `data` or its evaluation would raise later."""
    from tsnas.data import check_labels, check_lengths, check_windows, encode_labels
    from tsnas.errors import WindowShapeError

    x_train = check_windows(data.x_train, name="x_train")
    # Lengths come first: labels that are cut short may all be of one class.
    check_lengths(x_train=x_train, y_train=data.y_train, groups_train=data.groups_train)
    classes = encode_labels(data.y_train, name="y_train")[1]
    if data.groups_train is not None:
        check_labels(data.groups_train, "groups_train")
    if data.x_test is None:
        return
    x_test = check_windows(data.x_test, name="x_test")
    if x_test.shape[1:] != x_train.shape[1:]:
        raise WindowShapeError(
            f"x_test has windows of shape {x_test.shape[1:]} (time, channels), but x_train has windows of shape "
            f"{x_train.shape[1:]}; cut both in the same way"
        )
    check_lengths(x_test=x_test, y_test=data.y_test)
    encode_labels(data.y_test, classes, "y_test")


def load_dataset(name: str, verbose: int = 1) -> Dataset:
    """Loads a public data set by its name, one of `DATASETS`."""
    from tsnas.datasets import Dataset, shoulder, skoda, uci_har

    if name == "shoulder":
        train, test = shoulder.load_data()
    else:
        train, test = {"uci_har": uci_har, "skoda": skoda}[name].load_data(verbose=verbose)
    return Dataset(*train, *test)


def format_command_line(name: str, values: flags.FlagValues, seed: int) -> str:
    """Returns the command as it can be typed again, with the seed that was used, whether or not it was given."""
    given = {flag: _format_value(values[flag].value) for flag in values if values[flag].present} | {"seed": str(seed)}
    return shlex.join(["tsnas", name, *(f"--{flag}={value}" for flag, value in given.items())])


def _format_value(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


def parse_axes(text: str) -> str | list[tuple[int, ...]] | None:
    """Parses `--axes` to the argument that `AutoClassifier` takes."""
    if text in ("auto", "none"):
        return None if text == "none" else text
    try:
        return [tuple(int(channel) for channel in triple.split("-")) for triple in text.split(",")]
    except ValueError:
        raise UsageError(f"--axes={text} must be auto, none, or triples of channels such as 0-1-2,3-4-5") from None


def describe_kept_work(out: pathlib.Path, what: str) -> str:
    """Returns a line about the work that an interrupted job has left in its folder; removes the folder if it is empty.

    Args:
        out: path of the job's folder.
        what: str, name of the work, with its verb, such as `"phases are"`.
    """
    with contextlib.suppress(OSError):
        out.rmdir()
    if any(out.rglob("phase_*.npz")):
        return f"Finished {what} kept in {out}; run the same command again to resume.\n"
    return ""


def list_files(paths: list[pathlib.Path]) -> str:
    """Lists files with their sizes, one per line."""
    return "\n".join(f"  {path.stat().st_size:>10,} bytes  {path.name}" for path in paths)


def describe_next_steps(folder: pathlib.Path, board: Board, written: Sequence[pathlib.Path]) -> str:
    """Returns what to do with a model and what was written about it, as commands that can be copied.

    Args:
        folder: path of the folder of the model.
        board: `Board` of the model; its operators are verified on its core if that can be emulated.
        written: sequence of paths, the files that were written; a page or picture is the first to look at.
    """
    from tsnas.probe.cores import CORES
    from tsnas.probe.ports import EMULATED

    shown = [path for path in written if path.suffix in (".html", ".png")][:1]
    steps = [("See what was found:", ["xdg-open", str(path)]) for path in shown]
    if board.npu is not None:
        steps.append(("Compile the model for the NPU:", board.npu.command(folder / "model.tflite")))
    else:
        export = ["tsnas", "export", str(folder), f"--out={folder / 'firmware'}"]
        steps.append(("Export the model for firmware:", export))
    if board.core in CORES:
        verify = ["tsnas", "verify", str(folder), f"--port={EMULATED}{board.core}"]
        steps.append((f"Verify every operator on an emulated {board.core}:", verify))
    return "\n".join(f"{what}\n{fit_command(f'  {shlex.join(command)}', columns())}" for what, command in steps)


def to_python(value: Any) -> Any:
    """Converts a NumPy number to a Python number, for the json module."""
    return value.item()

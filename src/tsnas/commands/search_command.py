"""tsnas search: finds an int8 model for a data set within limits, and writes it to a folder."""

from __future__ import annotations

import json
import time

from absl import flags

from tsnas.commands.answer_flags import answer_settings, define_answer_flags
from tsnas.commands.command import Command, refuse_arguments
from tsnas.commands.interrupt import farewell
from tsnas.commands.job import (
    define_board_flags,
    define_data_flags,
    define_int_flag,
    define_limit_flags,
    define_plain_flag,
    define_text_flag,
    define_training_flags,
    describe_kept_work,
    describe_next_steps,
    format_command_line,
    list_files,
    load_input,
    require,
    to_python,
)
from tsnas.system.quiet import import_tensorflow
from tsnas.system.terminal import say

LIMITS = ("max_latency_ms", "max_ram_kb", "max_flash_kb", "max_energy_mj")
PHASES = "phases"
EPOCHS = ("search_epochs", "epochs", "qat_epochs")
TRAINING = (
    *EPOCHS,
    "batch_size",
    "finalists",
    "space",
    "strategy",
    "max_minutes",
    "plain_rivals",
    "seed",
    "kernels",
    "margin",
)


def define_flags(values: flags.FlagValues) -> None:
    define_data_flags(values)
    define_board_flags(values, default="no limit")
    define_limit_flags(values)
    define_text_flag(
        values,
        "table",
        "CSV or JSON file of operators measured on the board; they take precedence over the latency model.",
    )
    define_text_flag(values, "out", "Folder for the model and its report; created if missing. Required.")
    define_training_flags(values)
    define_int_flag(
        values,
        "finalists",
        "Architectures that are trained briefly to choose the best. Default: 4 random draws (2 or 1 of few windows), "
        "6 after a search, 3 after trials.",
    )
    flags.DEFINE_enum(
        "strategy",
        None,
        ["random", "evolution", "micronas", "gumbel", "darts", "bayesian", "hyperband"],
        "How candidates are found: random draws, evolution with the weights of a supernet, the search of the MicroNAS "
        "paper, its two baselines without hardware losses, or an oracle of keras-tuner. Default: random.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "max_minutes", None, "Upper limit of the duration of the whole search, in minutes.", flag_values=values
    )
    define_plain_flag(values)
    define_answer_flags(values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import load_board
    from tsnas.cost.limits import Limits
    from tsnas.cost.op_table import board_with_table
    from tsnas.system.files import check_output_dir, write_file

    refuse_arguments(arguments)
    require(values, "board", "out")
    # Everything that can be wrong is checked before the long job starts.
    limits = {name: values[name].value for name in LIMITS}
    board = load_board(values.board, values.kernels)
    if values.table:
        board = board_with_table(board, values.table)
    Limits(**limits).on(board)
    data, axes = load_input(values)
    out = check_output_dir(values.out)

    import_tensorflow()
    import tsnas

    training = {name: values[name].value for name in TRAINING if values[name].value is not None}
    if values.axes:
        training["axes"] = axes
    training |= answer_settings(values, set(data.y_train.tolist()))
    named = {} if data.channels is None else {"channels": data.channels}
    started = time.monotonic()
    classifier = tsnas.AutoClassifier(
        board if values.table else values.board,
        **limits,
        **training,
        directory=out / PHASES,
        n_jobs=values.n_jobs,
        verbose=int(values.verbose),
    )
    with farewell(lambda: describe_kept_work(out, "phases are")):
        classifier.fit(data.x_train, data.y_train, groups=data.groups_train, **named)
    seconds = time.monotonic() - started
    # Saved before anything is printed or scored, so that no later error can lose the model of a long search.
    paths = classifier.save(out)
    classifier.summary()

    scores = None
    if data.x_test is not None:
        scores = classifier.evaluate(data.x_test, data.y_test)
        say(f"\n{format_test_scores(scores, len(data.x_test))}")
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
        "plain": classifier.plain_scores_,
        "test": scores,
        "seconds": seconds,
    }
    write_file(out / "metrics.json", json.dumps(metrics, indent=2, default=to_python) + "\n")
    line = format_command_line("search", values, classifier.seed_)
    paths += [out / "metrics.json", *classifier.report(out, data.x_test, data.y_test, command_line=line)]
    say(f"\nWrote to {out}:\n{list_files(paths)}\n\n{describe_next_steps(out, board, paths)}")


def format_test_scores(scores: dict[str, dict[str, float]], windows: int) -> str:
    """Formats accuracy and macro-F1 of the float network and of the int8 model as a table, and what is rejected."""
    import tabulate

    rows = [(kind, f"{score['accuracy']:.3f}", f"{score['macro_f1']:.3f}") for kind, score in scores.items()]
    headers = (f"test ({windows} windows)", "accuracy", "macro-F1")
    table = tabulate.tabulate(rows, headers, colalign=("left", "right", "right"), disable_numparse=True)
    if "rejected" not in scores["int8"]:
        return table
    rejected = f"{scores['int8']['rejected']:.1%} of these, which count in the scores as if they were not"
    if "other_rejected" in scores["int8"]:
        rejected += f", and {scores['int8']['other_rejected']:.1%} of the windows of no class"
    return f"{table}\nrejected: {rejected}"


COMMAND = Command(
    name="search",
    summary="Find, train and convert a network for a data set and a board, within limits.",
    usage="(--data=FILE.npz | --dataset=NAME) --board=BOARD --out=DIR [--max_latency_ms=MS] [--max_ram_kb=KB] "
    "[--max_flash_kb=KB] [--max_energy_mj=MJ] [--flag=value ...]",
    example="tsnas search --dataset=shoulder --board=nucleo_f446re --max_latency_ms=30 --max_ram_kb=64 --out=runs/demo",
    define_flags=define_flags,
    run=run,
    details="Prints a table of the layers with their costs, and, if there are test windows, the scores of the float "
    "network and of the int8 model on them. Writes the model, the files needed to use it, metrics.json and a report "
    "(report.html, report.json, MODEL_CARD.md) to the folder given by --out. Ends with exit code 1, and without a "
    "model, if the limits cannot be kept.",
)

"""tsnas sweep: finds a front of models for one or several boards."""

from __future__ import annotations

import contextlib

from absl import flags

from tsnas.commands.answer_flags import answer_settings, define_answer_flags
from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.commands.interrupt import farewell
from tsnas.commands.job import (
    define_data_flags,
    define_int_flag,
    define_limit_flags,
    define_text_flag,
    define_training_flags,
    describe_kept_work,
    describe_next_steps,
    load_input,
    require,
)
from tsnas.system.quiet import import_tensorflow
from tsnas.system.terminal import columns, fit_table, say

SETTINGS = (
    "max_ram_kb",
    "max_flash_kb",
    "max_energy_mj",
    "epochs",
    "search_epochs",
    "qat_epochs",
    "batch_size",
    "finalists",
    "space",
    "seed",
    "points",
    "kernels",
    "margin",
)
PICTURE_FILE = "front.png"


def define_flags(values: flags.FlagValues) -> None:
    define_data_flags(values)
    flags.DEFINE_list(
        "boards",
        None,
        "Boards, such as nucleo_f446re,nucleo_l552ze_q: names that `tsnas boards` lists, or paths of .json files. "
        "Required.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "max_latency_ms",
        None,
        "Limits on the latency of one inference, in ms, such as 6,12,30: one point for each. A single number is the "
        "largest of --points limits. Default: 16 times the smallest latency in the space.",
        flag_values=values,
    )
    define_int_flag(values, "points", "Number of latency limits on each board, unless they are listed. Default: 6.")
    define_limit_flags(values)
    define_text_flag(values, "out", "Folder for the models; created if missing. Required.")
    define_training_flags(values)
    define_int_flag(values, "finalists", "Architectures that are trained briefly for each limit. Default: 3.")
    define_answer_flags(values, chosen=False)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import load_board
    from tsnas.pareto.niches import check_latencies
    from tsnas.system.files import check_output_dir

    refuse_arguments(arguments)
    require(values, "boards", "out")
    boards = [load_board(board, values.kernels) for board in values.boards]
    latencies = _parse_latencies(values.max_latency_ms)
    check_latencies(latencies)
    data, axes = load_input(values)
    out = check_output_dir(values.out)

    import_tensorflow()
    import tsnas

    settings = {name: values[name].value for name in SETTINGS if values[name].value is not None}
    settings |= answer_settings(values, set(data.y_train.tolist()))
    front = tsnas.ParetoSearch(
        values.boards,
        latencies,
        axes=axes,
        directory=out,
        n_jobs=values.n_jobs,
        verbose=int(values.verbose),
        **settings,
    )
    with farewell(lambda: describe_kept_work(out, "work is")):
        front.fit(data.x_train, data.y_train, groups=data.groups_train, channels=data.channels)
    say(f"\n{front.table(columns())}\n\n* no other point on the board is better in latency, RAM, flash and macro-F1")
    say("\n".join(f"{board.name} has {board.kernels} kernels: {board.kernel_library}" for board in boards))
    say("macro-F1 is that of the architecture on validation windows, after brief training")
    if data.x_test is not None:
        say(f"\n{_format_scores(front, data)}")
    written = ["front.json", *(point.folder for point in front.points_)]
    with contextlib.suppress(tsnas.errors.SettingError):  # Matplotlib is optional.
        front.plot(out / PICTURE_FILE)
        written.insert(1, PICTURE_FILE)
    say(f"\nWrote to {out}:\n" + "\n".join(f"  {name}" for name in written))
    best = max(front.points_, key=lambda point: point.macro_f1)
    board = next(board for board in boards if board.name == best.board)
    steps = describe_next_steps(out / best.folder, board, [out / name for name in written])
    say(f"\nThe best by macro-F1 is {best.folder}.\n{steps}")


def _format_scores(front, data) -> str:
    """Formats the scores of each model on the test windows; a model for several boards is listed once."""
    rows = []
    for point in {point.model: point for point in reversed(front.points_)}.values():
        scores = front.load(point).evaluate(data.x_test, data.y_test)
        boards = [f"{p.latency_ms:.2f} ms on {p.board}" for p in front.points_ if p.model == point.model]
        rows.append((point.model, ", ".join(boards), *(f"{scores[kind]['macro_f1']:.3f}" for kind in scores)))
    headers = (f"test ({len(data.x_test)} windows)", "latency", *(f"{kind} macro-F1" for kind in scores))
    align = ("left", "left", *("right" for _ in scores))
    return fit_table(rows[::-1], headers, align, columns(), shorten={"latency": 16, headers[0]: 16})


def _parse_latencies(given: list[str] | None) -> float | list[float] | None:
    try:
        numbers = [float(text) for text in given or ()]
    except ValueError:
        raise UsageError(f"--max_latency_ms={','.join(given or ())} must be numbers, such as 6,12,30") from None
    if len(numbers) < 2:
        return numbers[0] if numbers else None
    return numbers


COMMAND = Command(
    name="sweep",
    summary="Find a front of models at several latency limits, for one or several boards.",
    usage="(--data=FILE.npz | --dataset=NAME) --boards=BOARD[,BOARD ...] --out=DIR [--max_latency_ms=MS[,MS ...]] "
    "[--points=N] [--flag=value ...]",
    example="tsnas sweep --dataset=shoulder --boards=nucleo_f446re,nucleo_l552ze_q --max_latency_ms=40 --points=4 "
    "--seed=0 --out=runs/front",
    define_flags=define_flags,
    run=run,
    details="Each point is a folder with a verified int8 model, as `tsnas search` writes it; front.json lists the "
    "points. Networks are trained side by side in --n_jobs processes. After an interruption, the same command resumes.",
)

"""tsnas signal: finds window length, rate and channels for recordings within limits, and a model for them."""

from __future__ import annotations

import typing

from absl import flags

from tsnas.commands.answer_flags import answer_settings, define_answer_flags
from tsnas.commands.command import Command, UsageError, refuse_arguments
from tsnas.commands.csv_flags import define_csv_flags, define_test_groups, read_recordings, require_labels
from tsnas.commands.interrupt import farewell
from tsnas.commands.job import (
    define_board_flags,
    define_int_flag,
    define_limit_flags,
    define_plain_flag,
    define_text_flag,
    define_training_flags,
    describe_kept_work,
    describe_next_steps,
    format_command_line,
    list_files,
    parse_axes,
)
from tsnas.commands.search_command import LIMITS, format_test_scores
from tsnas.system.quiet import import_tensorflow
from tsnas.system.terminal import columns, say

if typing.TYPE_CHECKING:
    from tsnas.data import RecordingSet

WORK = "phases"
SETTINGS = (
    *("stride", "trials", "tuner", "search_epochs", "epochs", "qat_epochs", "batch_size", "finalists", "space"),
    *("plain_rivals", "kernels", "margin"),
)


def define_flags(values: flags.FlagValues) -> None:
    define_csv_flags(values)
    define_test_groups(values)
    flags.DEFINE_list(
        "spans", None, "Numbers of raw samples that a window may cover. Default: 64,128.", flag_values=values
    )
    flags.DEFINE_list(
        "decimations",
        None,
        "Numbers of raw samples that may be averaged into one. Default: 1,2.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "sensors",
        None,
        "Sets of channels to try, such as ax-ay-az,gx-gy-gz, in addition to all channels together. Default: the "
        "consecutive triples of channels that are the x, y and z of one sensor.",
        flag_values=values,
    )
    define_int_flag(values, "stride", "Raw samples from one window to the next. Default: half of the shortest span.")
    define_int_flag(values, "trials", "Maximum number of signals to try. Default: all, but at most 24.")
    flags.DEFINE_enum(
        "tuner", None, ["random", "bayesian"], "How signals are chosen. Default: random.", flag_values=values
    )
    define_board_flags(values, default="the time until the next window is due")
    define_limit_flags(values)
    define_text_flag(values, "out", "Folder for the model and its report; created if missing. Required.")
    define_training_flags(values)
    define_int_flag(
        values,
        "finalists",
        "Networks that are trained briefly, both for each signal and in the final search. Default: 3 for each signal, "
        "6 in the final search.",
    )
    define_plain_flag(values)
    define_answer_flags(values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import load_board
    from tsnas.cost.limits import Limits
    from tsnas.system.files import check_output_dir

    refuse_arguments(arguments)
    for name in ("csv", "board", "out"):
        if not values[name].value:
            raise UsageError(f"--{name} is required")
    require_labels(values)
    # Everything that can be wrong is checked before the long job starts.
    limits = {name: values[name].value for name in LIMITS}
    board = load_board(values.board, values.kernels)
    Limits(**limits).on(board)
    axes = parse_axes(values.axes or "auto")
    lists = {
        name: _parse_whole_numbers(values, name) for name in ("spans", "decimations") if values[name].value is not None
    }
    train, test = read_recordings(values), None
    if train.notes:
        say("\n".join(train.notes) + "\n")
    if values.test_groups is not None:
        train, test = train.split(values.test_groups)
    channels = _find_channels(values.sensors, train.channels)
    out = check_output_dir(values.out)

    import_tensorflow()
    import tsnas

    search = tsnas.SignalSearch(
        values.board,
        **limits,
        **lists,
        channels=channels,
        rate_hz=train.rate_hz,
        axes=axes,
        seed=values.seed,
        directory=out / WORK,
        n_jobs=values.n_jobs,
        verbose=int(values.verbose),
        **answer_settings(values, train.classes),
        **{name: values[name].value for name in SETTINGS if values[name].value is not None},
    )
    with farewell(lambda: describe_kept_work(out, "work is")):
        search.fit(train.arrays, train.labels, groups=train.groups, channels=train)
    say(f"\n{search.table(columns())}\n")
    classifier = search.classifier_
    paths = classifier.save(out)
    classifier.summary()
    x_test = y_test = None
    if test is not None:
        x_test, y_test, _ = test.windows(search.signal_)
        say(f"\n{format_test_scores(classifier.evaluate(x_test, y_test), len(x_test))}")
    line = format_command_line("signal", values, classifier.seed_)
    paths += classifier.report(out, x_test, y_test, command_line=line)
    say(f"\n{_describe_signal(search.signal_, train)}\n\nWrote to {out}:\n{list_files(paths)}")
    say(f"\n{describe_next_steps(out, board, paths)}")


def _parse_whole_numbers(values: flags.FlagValues, name: str) -> list[int]:
    try:
        return [int(text) for text in values[name].value]
    except ValueError:
        raise UsageError(f"--{name}={','.join(values[name].value)} must be whole numbers, such as 64,128") from None


def _find_channels(sensors: list[str] | None, channels: tuple[str, ...]) -> str | list[tuple[int, ...] | None]:
    """Converts names of channels to the argument that `SignalSearch` takes."""
    if sensors is None:
        return "auto"
    subsets: list[tuple[int, ...] | None] = [None]
    for sensor in sensors:
        names = [sensor] if sensor in channels else sensor.split("-")
        unknown = [name for name in names if name not in channels]
        if unknown:
            raise UsageError(
                f"--sensors: there is no channel {', '.join(unknown)}; the channels are {', '.join(channels)}"
            )
        subsets.append(tuple(channels.index(name) for name in names))
    return subsets


def _describe_signal(signal, data: RecordingSet) -> str:
    """Describes the input that the model takes on the device."""
    taken = data.channels if signal.channels is None else [data.channels[channel] for channel in signal.channels]
    rate_hz = data.rate_hz / signal.decimation
    return (
        f"The model takes {', '.join(taken)} at {rate_hz:g} Hz (of {data.rate_hz:g}), in windows of {signal.window} "
        f"samples, one every {signal.stride / rate_hz:g} s."
    )


COMMAND = Command(
    name="signal",
    summary="Find window length, sampling rate and channels, and a network for them, within limits.",
    usage="--csv=FOLDER (--time=COLUMN | --rate_hz=HZ) (--label=COLUMN | --label_from=folder | --pattern=REGEX) "
    "--board=BOARD --out=DIR [--spans=SAMPLES,...] [--decimations=N,...] [--sensors=A-B-C,...] "
    "[--max_latency_ms=MS] [--flag=value ...]",
    example="tsnas signal --csv=recordings --time=time_ms --label_from=folder --board=nucleo_f446re "
    "--max_latency_ms=10 --spans=64,128 --decimations=1,2,4 --out=runs/signal",
    define_flags=define_flags,
    run=run,
    details="Tries each signal with a few networks that keep the limits, judged on the same recordings of other "
    "groups. Of the signals that are as good as the best, the one that takes the fewest values from the sensors wins, "
    "and an ordinary search makes its model. An inference ends before the next window is due. After an interruption, "
    "the same command resumes.",
)

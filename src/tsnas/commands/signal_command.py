"""tsnas signal: from recordings and limits to a window, a rate and channels, and the model for them."""

from __future__ import annotations

import typing

from absl import flags

from tsnas.commands.command import Command, UsageError, no_arguments
from tsnas.commands.csv_flags import define_csv_flags, define_test_groups, recordings_of, require_labels
from tsnas.commands.interrupt import farewell
from tsnas.commands.job import (
    command_line,
    define_board_flags,
    define_limit_flags,
    define_training_flags,
    listing,
    parsed_axes,
    text_flag,
    what_is_kept,
    whole_flag,
)
from tsnas.commands.quiet import import_tensorflow
from tsnas.commands.search_command import LIMITS, test_scores

if typing.TYPE_CHECKING:
    from tsnas.data import RecordingSet

WORK = "phases"
SETTINGS = ("stride", "trials", "tuner", "search_epochs", "epochs", "qat_epochs", "batch_size", "finalists", "space")


def define_flags(values: flags.FlagValues) -> None:
    define_csv_flags(values)
    define_test_groups(values)
    flags.DEFINE_list("spans", None, "Raw samples that a window may cover. Default: 64,128.", flag_values=values)
    flags.DEFINE_list(
        "decimations", None, "How many raw samples may be averaged to one. Default: 1,2.", flag_values=values
    )
    flags.DEFINE_list(
        "sensors",
        None,
        "Channels that may be used alone, such as ax-ay-az,gx-gy-gz; all of them together are tried as well. Default: "
        "each three in a row, where they are x, y and z of a sensor.",
        flag_values=values,
    )
    whole_flag(values, "stride", "Raw samples from one window to the next. Default: half of the shortest span.")
    whole_flag(values, "trials", "Most signals that are tried. Default: all, but at most 24.")
    flags.DEFINE_enum(
        "tuner", None, ["random", "bayesian"], "How they are chosen. Default: random.", flag_values=values
    )
    define_board_flags(values, default="it ends before the next window is due")
    define_limit_flags(values)
    text_flag(values, "out", "Folder to write the model and its report to; created if need be. Required.")
    define_training_flags(values)
    whole_flag(
        values,
        "finalists",
        "Networks that are trained shortly, for each signal and at last. Default: 3, and 6 at last.",
    )


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import load_board
    from tsnas.cost.limits import Limits
    from tsnas.system.files import check_output_dir

    no_arguments(arguments)
    for name in ("csv", "board", "out"):
        if not values[name].value:
            raise UsageError(f"--{name} is required")
    require_labels(values)
    # All that can be wrong is found out before the long job starts.
    limits = {name: values[name].value for name in LIMITS}
    Limits(**limits).on(load_board(values.board))
    axes = parsed_axes(values.axes or "auto")
    lists = {name: _whole_numbers(values, name) for name in ("spans", "decimations") if values[name].value is not None}
    train, test = recordings_of(values), None
    print("\n".join(train.notes), end="\n\n" if train.notes else "")
    if values.test_groups is not None:
        train, test = train.split(values.test_groups)
    channels = _subsets(values.sensors, train.channels)
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
        verbose=int(values.verbose),
        **{name: values[name].value for name in SETTINGS if values[name].value is not None},
    )
    with farewell(lambda: what_is_kept(out, "work is")):
        search.fit(train.arrays, train.labels, groups=train.groups)
    print(f"\n{search.table()}\n")
    if not hasattr(search, "classifier_"):
        print("All signals are tried; the chief makes the model.")
        return
    classifier = search.classifier_
    paths = classifier.save(out)
    classifier.summary()
    x_test = y_test = None
    if test is not None:
        x_test, y_test, _ = test.windows(search.signal_)
        print(f"\n{test_scores(classifier.evaluate(x_test, y_test), len(x_test))}")
    paths += classifier.report(out, x_test, y_test, command_line=command_line("signal", values))
    print(f"\n{_chosen(search.signal_, train)}\n\nWrote to {out}:\n{listing(paths)}")


def _whole_numbers(values: flags.FlagValues, name: str) -> list[int]:
    try:
        return [int(text) for text in values[name].value]
    except ValueError:
        raise UsageError(f"--{name}={','.join(values[name].value)} must be whole numbers, such as 64,128") from None


def _subsets(sensors: list[str] | None, channels: tuple[str, ...]) -> str | list[tuple[int, ...] | None]:
    """What `SignalSearch` takes, from names of channels."""
    if sensors is None:
        return "auto"
    subsets: list[tuple[int, ...] | None] = [None]
    for sensor in sensors:
        names = [sensor] if sensor in channels else sensor.split("-")
        unknown = [name for name in names if name not in channels]
        if unknown:
            raise UsageError(f"--sensors: there is no channel {', '.join(unknown)}; there are {', '.join(channels)}")
        subsets.append(tuple(channels.index(name) for name in names))
    return subsets


def _chosen(signal, data: RecordingSet) -> str:
    """What the device has to do, in words."""
    taken = data.channels if signal.channels is None else [data.channels[channel] for channel in signal.channels]
    rate_hz = data.rate_hz / signal.decimation
    return (
        f"The model takes {', '.join(taken)} at {rate_hz:g} Hz (of {data.rate_hz:g}), in windows of {signal.window} "
        f"samples, one every {signal.stride / rate_hz:g} s."
    )


COMMAND = Command(
    name="signal",
    summary="Search window length, sampling rate and sensors, and a network for them, within limits.",
    usage="--csv=FOLDER (--time=COLUMN | --rate_hz=HZ) (--label=COLUMN | --label_from=folder | --pattern=REGEX) "
    "--board=BOARD --out=DIR [--spans=SAMPLES,...] [--decimations=N,...] [--sensors=A-B-C,...] "
    "[--max_latency_ms=MS] [--flag=value ...]",
    example="tsnas signal --csv=recordings --time=time_ms --label_from=folder --board=nucleo_f446re "
    "--max_latency_ms=10 --spans=64,128 --decimations=1,2,4 --out=runs/signal",
    define_flags=define_flags,
    run=run,
    details="Tries each signal with a few networks that keep the limits, judged by the same recordings of other "
    "groups. Of those as good as the best, the one that takes the fewest values from the sensors wins, and an ordinary "
    "search makes its model. An inference ends before the next window is due. The same command goes on after an "
    "interruption. With the environment variables KERASTUNER_ORACLE_IP, KERASTUNER_ORACLE_PORT and "
    "KERASTUNER_TUNER_ID the trials are spread over processes and machines that share the folder; they need a --seed.",
)

"""tsnas data record: records lines of numbers from a board at a serial port."""

from __future__ import annotations

import shlex
import sys

from absl import flags

from tsnas.commands.command import WIDTH, Command, UsageError, refuse_arguments
from tsnas.commands.job import define_text_flag
from tsnas.system.terminal import columns, say


def define_flags(values: flags.FlagValues) -> None:
    define_text_flag(
        values, "port", "Port of the board: a device, such as /dev/ttyACM0, or any URL of pyserial. Required."
    )
    define_text_flag(values, "label", "Class of the recording, such as walk; its file begins with it. Required.")
    for name, meaning in (
        ("rate_hz", "Lines per second that the board sends. Required."),
        ("seconds", "How long to record, from the first line on. Required."),
    ):
        flags.DEFINE_float(name, None, meaning, lower_bound=1e-3, flag_values=values)
    define_text_flag(values, "out", "Folder to write to; created if missing. Required.")
    define_text_flag(values, "group", "Group of the recording, such as the person. Default: each file is a group.")
    flags.DEFINE_integer("baud", 115200, "Bits per second of the port.", lower_bound=1, flag_values=values)
    define_text_flag(
        values,
        "sketch",
        "Folder to write an Arduino sketch to, which sends binary frames with a counter and a checksum at --rate_hz; "
        "nothing is recorded then.",
    )
    flags.DEFINE_list(
        "channels",
        None,
        "Names of the numbers of a sample, such as ms,ax,ay,az. Default: those that the board says, and ax,ay,az for "
        "--sketch.",
        flag_values=values,
    )


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.data import record
    from tsnas.data.recorder.strip import Strip

    refuse_arguments(arguments)
    if values.sketch is not None:
        _write_sketch(values)
        return
    for name in ("port", "label", "rate_hz", "seconds", "out"):
        if values[name].value is None:
            raise UsageError(f"--{name} is required")
    strip = Strip(width=(columns() or WIDTH) - 1)
    try:
        found = record(
            values.port,
            values.label,
            values.rate_hz,
            values.seconds,
            values.out,
            group=values.group,
            channels=values.channels,
            baud=values.baud,
            show=strip,
        )
    except KeyboardInterrupt:
        strip.close()
        say(f"What came before is kept in {values.out}.", sys.stderr)
        raise
    finally:
        strip.close()
    say(f"Wrote {found.path}: {found.samples:,} samples of {', '.join(found.channels)} at {found.rate_hz:.4g} Hz.")
    if found.channels == tuple(f"ch{index}" for index in range(len(found.channels))):
        say(
            "The board said no names of channels, so that a clock among them is not left out on reading: give "
            "--channels=NAME,..., or let it print a line of names every few seconds."
        )
    if found.gaps:
        say(f"Gaps in which lines were lost: {found.gaps}, {found.lost_s:.2f} s in all.")
    if found.bad_lines:
        say(f"Lines that were cut or no numbers, left out: {found.bad_lines}; the first one counts, as it may be cut.")
    say(f"Read all recordings of the folder with: tsnas data read {shlex.quote(values.out)}")


def _write_sketch(values: flags.FlagValues) -> None:
    from tsnas.data import write_sketch

    given = [f"--{name}" for name in ("port", "label", "seconds", "out", "group") if values[name].value is not None]
    if given:
        raise UsageError(f"{', '.join(given)} and --sketch exclude each other: a sketch is written, or a port recorded")
    rate_hz = values.rate_hz or 100.0
    (path,) = write_sketch(values.sketch, values.channels or ("ax", "ay", "az"), rate_hz, baud=values.baud)
    print(
        f"Wrote {path}. Put your sensor into read_sensor(), upload it, and record with:\n"
        f"tsnas data record --port=PORT --label=NAME --rate_hz={rate_hz:g} --seconds=SECONDS --out=FOLDER"
    )


COMMAND = Command(
    name="data record",
    summary="Record lines of numbers from a board at a serial port, into files that `tsnas data read` takes.",
    usage="--port=URL --label=NAME --rate_hz=HZ --seconds=SECONDS --out=FOLDER [--group=NAME] "
    "[--channels=NAME,...] [--baud=BITS] | --sketch=DIR [--channels=NAME,...] [--rate_hz=HZ]",
    example="tsnas data record --port=/dev/ttyACM0 --label=walk --rate_hz=100 --seconds=20 --out=recordings",
    define_flags=define_flags,
    run=run,
    details="The board prints a sample in each line: numbers between commas, blanks or tabs; a line of names is a "
    "header. Or it sends the binary frames of --sketch, of which none that is damaged is kept. Shows the measured "
    "rate, gaps and the shape of the channels while it records. What came before an unplug or Ctrl-C is kept.",
)

"""tsnas live: classifies the samples of a board at a serial port with the model of a search."""

from __future__ import annotations

import pathlib
import sys

from absl import flags

from tsnas.commands.command import WIDTH, Command, UsageError
from tsnas.commands.job import define_int_flag, define_text_flag
from tsnas.system.terminal import columns

# Shown instead of a class where a window is like none of them.
REJECTED = "(rejected)"


def define_flags(values: flags.FlagValues) -> None:
    define_text_flag(
        values, "port", "Port of the board: a device, such as /dev/ttyACM0, or any URL of pyserial. Required."
    )
    flags.DEFINE_integer("baud", 115200, "Bits per second of the port.", lower_bound=1, flag_values=values)
    define_int_flag(
        values, "stride", "Samples from one class to the next. Default: that of the model, or half a window."
    )
    flags.DEFINE_list(
        "channels", None, "Names of the numbers that the board sends. Default: those that it says.", flag_values=values
    )
    flags.DEFINE_float(
        "seconds", None, "How long to listen. Default: until Ctrl-C.", lower_bound=1e-3, flag_values=values
    )


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import board_beside
    from tsnas.data.recorder.strip import StatusLine
    from tsnas.export import Firmware
    from tsnas.export.listen import Heard, listen
    from tsnas.export.model_json import read_model_json
    from tsnas.tflite.parser import read_model_bytes

    if len(arguments) != 1:
        raise UsageError(f"expected the folder of one search, or its model.tflite, not {len(arguments)} arguments")
    if values.port is None:
        raise UsageError("--port is required")
    path = pathlib.Path(arguments[0])
    tflite = read_model_bytes(path / "model.tflite" if path.is_dir() else path)
    firmware = Firmware.of(tflite, board_beside(path), smooth=read_model_json(path).get("smooth", 1))
    line = StatusLine()
    width = (columns() or WIDTH) - 1
    longest = max(map(len, (*firmware.classes, *([REJECTED] if firmware.rejection else []))))
    heard: list[Heard] = []

    def show(one: Heard) -> None:
        heard[:] = [one]
        label = REJECTED if one.rejected else one.label
        text = f"{one.time_s:8.1f} s  {label:<{longest}}  {one.probability:.2f}"
        text += f"  {one.bad} bad" * bool(one.bad) + f"  {one.note}" * bool(one.note)
        line.show(text[:width] if line.is_live else text)

    try:
        given = {name: values[name].value for name in ("stride", "seconds", "channels", "baud")}
        listen(firmware, values.port, show, **given)
    except KeyboardInterrupt:
        line.close()
        print(f"{heard[0].windows if heard else 0} windows were classified.", file=sys.stderr)
        raise
    finally:
        line.close()


COMMAND = Command(
    name="live",
    summary="Classify what a board sends to a serial port with the model of a search.",
    usage="--port=URL (DIR | FILE.tflite) [--stride=SAMPLES] [--seconds=SECONDS] [--channels=NAME,...] [--baud=BITS]",
    example="tsnas live --port=/dev/ttyACM0 runs/motion",
    define_flags=define_flags,
    run=run,
    details="The board sends samples as for `tsnas data record`: lines of numbers, or the binary frames of its sketch. "
    "Shows time, class and probability of each window, in one line on a terminal and in lines of their own elsewhere, "
    "computed as exported firmware does: smoothed over as many windows, and rejected where it rejects. Samples that "
    "were lost or damaged are counted.",
)

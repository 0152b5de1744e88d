"""A board of your own: from a relative of it, and counted by the probe on a real or an emulated one.

    python examples/own_board.py
    python examples/own_board.py --port=emulated:cortex-m4 --count=60

The first takes the coefficients of a known board with the same core. With `--port` the probe runs operators on a board,
here one in QEMU, which needs the compiler and the emulator of docs/probe.md; a serial port such as /dev/ttyACM0 takes
its place once the probe is flashed. A fixed network shows what each of the boards would make of it.
"""

import json
import pathlib
from collections.abc import Sequence

import tabulate
from absl import app, flags

import tsnas
from tsnas.cost import Board, estimate_graph
from tsnas.cost.relative import board_from_relative
from tsnas.probe.board_file import characterized_board
from tsnas.probe.characterize import characterize
from tsnas.probe.plan import calibration_ops
from tsnas.probe.ports import opened
from tsnas.space.architecture import SensorFusion, TimeReduce
from tsnas.space.operators import space_ops

PORT = flags.DEFINE_string("port", None, "Port of a board with the probe, such as emulated:cortex-m4. Default: none.")
COUNT = flags.DEFINE_integer("count", 60, "Operators that the probe runs.", 1)
OUT = flags.DEFINE_string("out", "runs/own_board", "Folder for the board files.")

# Windows of 128 samples of 6 channels, 7 classes: what the network takes, and what the probe's operators are for.
SHAPE = (128, 6, 7)
CELLS = (TimeReduce(3, 8, 4), TimeReduce(5, 16, 2), SensorFusion(32, (3, 5), 24, True, stride=6))


def written(board: Board, name: str) -> pathlib.Path:
    """Writes the file of a board, as `tsnas boards new` does; `--board=FILE` of every command takes it."""
    path = pathlib.Path(OUT.value) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(board.to_json(), indent=2) + "\n")
    return path


def counted_board(relative: Board) -> Board:
    """The board as the probe finds it, by the operators that say most about it."""
    ops = calibration_ops(space_ops(*SHAPE), COUNT.value, relative)
    journal = pathlib.Path(OUT.value) / "counted.measured.jsonl"
    with opened(PORT.value) as connect:
        found = characterize(connect, ops, journal)
    journal.unlink()  # It is there so that an interrupted run goes on.
    print(f"{len(found.results)} operators on {found.hello.board}, counter={found.hello.counter}")
    return characterized_board(found, relative)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    # Clock and memory are on the first page of the data sheet.
    relative = board_from_relative("my_board", "cortex-m4", 84e6, ram_bytes=96 * 1024, flash_bytes=512 * 1024)
    paths = {"from a relative": written(relative, "relative.json")}
    if PORT.value is not None:
        paths["by the probe"] = written(counted_board(relative), "counted.json")

    graph = tsnas.Architecture(*SHAPE, CELLS).graph()
    rows = []
    for how, board in {"nucleo_f446re": "nucleo_f446re", **paths}.items():
        known, estimate = tsnas.load_board(board), estimate_graph(graph, board)
        error = f"{known.latency_error.p95_relative:.1%}"
        rows.append((how, f"{known.clock_hz / 1e6:g}", f"{estimate.latency_ms:.2f}", error, known.latency_error.split))
    print(tabulate.tabulate(rows, ("board", "MHz", "ms", "p95 of the error", "found by"), disable_numparse=True))
    print("\n" + "\n".join(f"Wrote {path}. Use it with --board={path}" for path in paths.values()))


if __name__ == "__main__":
    app.run(main)

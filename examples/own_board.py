"""Adds your own board: based on a known relative, or measured by the probe on a real or an emulated board.

    python examples/own_board.py
    python examples/own_board.py --port=emulated:cortex-m4 --count=60

The first command takes the coefficients of a known board with the same core. With `--port`, the probe runs operators on
a board, here an emulated one in QEMU, which requires the compiler and the emulator of docs/probe.md; for a real board,
flash the probe and give its serial port, such as /dev/ttyACM0. The latency of a fixed network is then estimated on each
of the boards.
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
COUNT = flags.DEFINE_integer("count", 60, "Number of operators that the probe runs.", 1)
OUT = flags.DEFINE_string("out", "runs/own_board", "Folder for the board files.")

# Windows of 128 samples and 6 channels, 7 classes: the input of the network, and the shape for the probe's operators.
SHAPE = (128, 6, 7)
CELLS = (TimeReduce(3, 8, 4), TimeReduce(5, 16, 2), SensorFusion(32, (3, 5), 24, True, stride=6))


def write(board: Board, name: str) -> pathlib.Path:
    """Writes the file of a board, as `tsnas boards new` does; every command accepts it as `--board=FILE`."""
    path = pathlib.Path(OUT.value) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(board.to_json(), indent=2) + "\n")
    return path


def measure_board(relative: Board) -> Board:
    """Characterises a board with the probe, by the operators that calibrate the latency model best."""
    ops = calibration_ops(space_ops(*SHAPE), COUNT.value, relative)
    journal = pathlib.Path(OUT.value) / "counted.measured.jsonl"
    with opened(PORT.value) as connect:
        found = characterize(connect, ops, journal)
    journal.unlink()  # Only needed to resume an interrupted run.
    print(f"{len(found.results)} operators on {found.hello.board}, counter={found.hello.counter}")
    return characterized_board(found, relative)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    # Clock and memory sizes are on the first page of the data sheet.
    relative = board_from_relative("my_board", "cortex-m4", 84e6, ram_bytes=96 * 1024, flash_bytes=512 * 1024)
    paths = {"from a relative": write(relative, "relative.json")}
    if PORT.value is not None:
        paths["by the probe"] = write(measure_board(relative), "counted.json")

    graph = tsnas.Architecture(*SHAPE, CELLS).graph()
    rows = []
    for how, board in {"nucleo_f446re": "nucleo_f446re", **paths}.items():
        known, estimate = tsnas.load_board(board), estimate_graph(graph, board)
        error = f"{known.latency_error.p95_relative:.1%}"
        rows.append((how, f"{known.clock_hz / 1e6:g}", f"{estimate.latency_ms:.2f}", error, known.latency_error.split))
    print(tabulate.tabulate(rows, ("board", "MHz", "ms", "error p95", "error from"), disable_numparse=True))
    print("\n" + "\n".join(f"Wrote {path}. Use it with --board={path}" for path in paths.values()))


if __name__ == "__main__":
    app.run(main)

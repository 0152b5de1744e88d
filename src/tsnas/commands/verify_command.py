"""tsnas verify: runs a model's operators on a board and compares them with the reference interpreter."""

from __future__ import annotations

import json
import pathlib
from typing import TYPE_CHECKING

from absl import flags

from tsnas.commands.command import Command, UsageError
from tsnas.commands.kernel_flags import define_kernels
from tsnas.system.terminal import columns, say

if TYPE_CHECKING:
    import numpy as np

    from tsnas.cost.board import Board


def define_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string("port", None, "Port, as for `tsnas characterize`. Required.", flag_values=values)
    define_kernels(values)
    flags.DEFINE_string("board", None, "Board to estimate for. Default: that of the model.", flag_values=values)
    flags.DEFINE_string(
        "data", None, "A .npz file whose first windows are used. Default: random windows.", flag_values=values
    )
    flags.DEFINE_integer("windows", 3, "Number of windows.", 1, flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.cost.board import board_beside, load_board
    from tsnas.cost.board_parts import CMSIS_NN
    from tsnas.cost.estimate import estimate_tflite
    from tsnas.cost.latency import op_cycles
    from tsnas.errors import SettingError, VerificationError
    from tsnas.probe.conformance import checks_table, given_windows, random_windows, summary, verify_on_board
    from tsnas.probe.conversion import conversion_for, cycles_of
    from tsnas.probe.ports import opened
    from tsnas.probe.steps import model_steps
    from tsnas.system.bars import progress_bar
    from tsnas.tflite.graph_reader import read_graph
    from tsnas.tflite.parser import parse_model, read_model_bytes

    if len(arguments) != 1:
        raise UsageError(f"expected the path of one model or of the folder of a search, not {len(arguments)} arguments")
    if not values.port:
        raise UsageError("--port is required")
    path = pathlib.Path(arguments[0])
    folder = path if path.is_dir() else path.parent
    tflite = read_model_bytes(path / "model.tflite" if path.is_dir() else path)
    # A file that is no model is said to be none before anything is asked for.
    parse_model(tflite, repr(str(path)))
    steps = model_steps(tflite)
    card = json.loads(text) if (text := _read_text(folder / "model.json")) else {}
    name = values.board or board_beside(path) or card.get("board")
    if not name:
        raise UsageError("--board is required: there is no model.json beside the model that names its board")
    board = load_board(name)
    if values.kernels in board.kernel_names:
        board = board.with_kernels(values.kernels)
    if values.data is None:
        windows = random_windows(tflite, values.windows)
    else:
        windows = given_windows(tflite, _load_windows(values, card, read_graph(tflite).input_shape))
    with opened(values.port, values.kernels) as connect, connect() as probe:
        with progress_bar("verify", len(steps), "op") as bar:
            checks = verify_on_board(tflite, windows, probe, bar.update)
        hello = probe.hello
    print(checks_table(checks, hello.counter, columns()))
    ran = [check for check in checks if check.count is not None]
    counted = sum(check.count or 0.0 for check in ran)
    say(f"\nKernels: {hello.kernel_library}, on {hello.board} ({hello.core}).")
    converted = board.calibrated
    if not converted:
        say(f"Board {board.name} has no latencies with {board.kernels} kernels, so nothing is predicted for it.")
    if hello.counter == "instructions":
        try:
            conversion = conversion_for(board.name, hello.core, board.mve)
        except SettingError:
            converted = False
            say(f"Nothing that was measured turns instructions of a {hello.core} into a time of {board.name}.")
        else:
            counted = sum(cycles_of(check.op, check.count or 0.0, conversion) for check in ran)
            say(
                f"Instructions were converted to cycles of {board.name}: an estimate, with a mean error of "
                f"{conversion['mape']:.1%} for the kernels of CMSIS-NN."
            )
    if converted and ran:
        estimate = estimate_tflite(tflite, board)
        predicted = sum(op_cycles(check.op, board) for check in ran)
        kernels = "CMSIS-NN" if board.kernels == CMSIS_NN else board.kernels
        say(
            f"The kernels take {_format_ms(counted, board)} counted; {_format_ms(predicted, board)} predicted for "
            f"those of {kernels} on {board.name} ({counted / predicted - 1:+.1%}), with the interpreter "
            f"{estimate.latency_ms:.2f} ms."
        )
    differing = sum(check.differing_bytes for check in checks)
    if differing:
        first = next(check for check in checks if check.differing_bytes)
        raise VerificationError(
            f"{differing} bytes differ from the reference interpreter, the first in {first.name} ({first.op})."
        )
    say(summary(checks))


def _format_ms(cycles: float, board: Board) -> str:
    return f"{cycles / board.clock_hz * 1e3:.2f} ms"


def _read_text(path: pathlib.Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _load_windows(values: flags.FlagValues, card: dict, shape: tuple[int, ...]) -> np.ndarray:
    """Returns int8 inputs of the model: the data as the firmware would quantise them."""
    import numpy as np

    if "input" not in card:
        raise UsageError("--data requires the model.json beside the model, which says how to scale raw values")
    from tsnas.datasets import load_npz

    data = load_npz(values.data)
    raw = np.asarray((data.x_train if data.x_test is None else data.x_test)[: values.windows], np.float32)
    if raw.shape[1:] != tuple(shape[:2]):
        raise UsageError(f"--data has windows of shape {raw.shape[1:]}, but the model takes {tuple(shape[:2])}")
    how = card["input"]
    scaled = (raw - np.array(how["mean"])) / np.array(how["std"]) / how["scale"]
    return np.clip(np.round(scaled) + how["zero_point"], -128, 127).astype(np.int8)[..., None]


COMMAND = Command(
    name="verify",
    summary="Run a model's operators on a board and compare every byte with the reference interpreter.",
    usage="(DIR | FILE.tflite) --port=PORT [--kernels=KERNELS] [--board=BOARD] [--data=FILE.npz] [--windows=N]",
    example="tsnas verify runs/demo --port=emulated:cortex-m4",
    define_flags=define_flags,
    run=run,
    details="The operators run one by one, with the model's own weights. Ends with exit code 2 if a byte differs. "
    "Operators without a kernel in the probe are named and not run. A byte of a dense layer that only the reference "
    "interpreter rounds otherwise is no difference: it is reported as such.",
)

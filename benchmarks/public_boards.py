"""Makes the files of boards that others have timed, and of boards that nobody has, from public timings.

    python -m benchmarks.public_boards --public=DIR --write_boards

`--public` is a folder with `models_mcufit_bench.csv` and `layers_mcufit_bench.csv` (whole models on an ESP32 and an
Arduino Nano 33 BLE), `mlperf_tiny.csv` (million cycles of the MLPerf Tiny networks) and `models/`. Each board is judged
by leaving every model out in turn, and each left-out model against the margin that is printed for it.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import tabulate
from absl import app, flags

from benchmarks.record import provenance, write_json
from tsnas.cost.board import BOARDS_DIR, Board, load_board
from tsnas.cost.board_parts import CMSIS_NN, ESP_NN, PORTABLE, REFERENCE, Factor, LatencyError
from tsnas.cost.calibrate import calibrated_by_models
from tsnas.cost.estimate import estimate_graph
from tsnas.cost.latency import DERIVED_MARGIN, OTHERS
from tsnas.cost.relative import board_from_relative, uncalibrated_board
from tsnas.cost.timings import TFLITE_KINDS, Timing
from tsnas.graph.graph import Graph
from tsnas.graph.ops import Conv2D
from tsnas.system.files import write_file
from tsnas.tflite.graph_reader import read_graph
from tsnas.tflite.parser import parse_model
from tsnas.tflite.writer import pack_model

PUBLIC = flags.DEFINE_string("public", None, "Folder with the public timings and models.", required=True)
WRITE = flags.DEFINE_bool("write_boards", False, "Write the boards into the package.")
OUT = flags.DEFINE_string("out", "benchmarks/results/public_boards.json", "Where to write the results as JSON.")

NAMES = {
    "person_detect.tflite": "person_detect",
    "kws_ref_model.tflite": "kws",
    "pretrainedResnet_quant.tflite": "ic_resnet",
    "ad01_int8.tflite": "ad",
}
MLPERF = {"kws": "kws", "ic": "ic_resnet", "ad": "ad", "vww": "vww"}
MCUFIT = "mcufit-bench (github.com/avionicharshit-byte/mcufit-bench, 2026-08-16)"
KIB, MIB = 1024, 1024 * 1024
# A line of the cache from a serial flash takes the bits of command, address and data at the clock of the flash.
SERIAL = {"esp32": 28.5, "esp32_s3": 7.9, "esp32_c3": 9.5, "raspberry_pi_pico": 7.5, "raspberry_pi_pico_2": 7.0}
# Name, description, core, clock in Hz, RAM, flash.
BOARDS = {
    "arduino_nano_33_ble": ("Arduino Nano 33 BLE, Sense (nRF52840)", "cortex-m4", 64e6, 256 * KIB, MIB),
    "xiao_nrf52840": ("Seeed XIAO nRF52840, Sense", "cortex-m4", 64e6, 256 * KIB, MIB),
    "nrf5340_dk": ("Nordic nRF5340 DK, application core", "cortex-m33", 128e6, 512 * KIB, MIB),
    "nucleo_l4r5zi": ("STM32 Nucleo-144 L4R5ZI (STM32L4R5)", "cortex-m4", 120e6, 640 * KIB, 2 * MIB),
    "nucleo_h743zi": ("STM32 Nucleo-144 H743ZI (STM32H743)", "cortex-m7", 480e6, MIB, 2 * MIB),
    "arduino_portenta_h7": ("Arduino Portenta H7 (STM32H747), M7", "cortex-m7", 480e6, MIB, 2 * MIB),
    "b_u585i_iot02a": ("STM32 Discovery B-U585I (STM32U585)", "cortex-m33", 160e6, 786 * KIB, 2 * MIB),
    "raspberry_pi_pico": ("Raspberry Pi Pico (RP2040)", "cortex-m0plus", 133e6, 264 * KIB, 2 * MIB),
    "raspberry_pi_pico_2": ("Raspberry Pi Pico 2 (RP2350), M33", "cortex-m33", 150e6, 520 * KIB, 4 * MIB),
    "esp32": ("ESP32", "xtensa-lx6", 240e6, 320 * KIB, 4 * MIB),
    "esp32_s3": ("ESP32-S3", "xtensa-lx7", 240e6, 512 * KIB, 8 * MIB),
    "esp32_c3": ("ESP32-C3", "riscv32", 160e6, 400 * KIB, 4 * MIB),
}


def public_graphs(folder: pathlib.Path) -> dict[str, Graph]:
    """The public networks; their batch is 1, though the signature of their shapes leaves it open."""
    graphs = {}
    for path in sorted((folder / "models").glob("*.tflite")):
        model = parse_model(path.read_bytes())
        for tensor in model.subgraphs[0].tensors:
            tensor.shapeSignature = None
        graphs[path.stem] = read_graph(pack_model(model))
    # The network of person detection on three colours instead of one.
    person = graphs["person_detect"]
    first = dataclasses.replace(person.nodes[0], op=Conv2D(96, 96, 3, 8, 3, 3, 2, 2))
    graphs["vww"] = dataclasses.replace(person, input_shape=(96, 96, 3), nodes=(first, *person.nodes[1:]), offsets=None)
    return graphs


def mcufit_timings(folder: pathlib.Path, graphs: dict[str, Graph], target: str, kernels: str) -> list[Timing]:
    """Timings of one target and kernels, with those of the kinds of operators."""
    whole, parts = collections.defaultdict(list), collections.defaultdict(dict)
    for row in _rows(folder / "models_mcufit_bench.csv"):
        if (row["target"], row["kernels"]) == (target, kernels):
            whole[NAMES[row["model"]]].append(float(row["p50_us"]))
    for row in _rows(folder / "layers_mcufit_bench.csv"):
        if (row["target"], row["kernels"]) == (target, kernels):
            parts[NAMES[row["model"]]][TFLITE_KINDS[row["op"]]] = float(row["us_per_inference"])
    return [Timing(name, graphs[name], float(np.mean(us)), parts[name]) for name, us in whole.items()]


def mlperf_timings(folder: pathlib.Path, graphs: dict[str, Graph], chip: str, runtime: str) -> list[Timing]:
    """Timings of the MLPerf Tiny networks on a chip, from their cycles."""
    row = next(
        row for row in _rows(folder / "mlperf_tiny.csv") if row["chip"] == chip and row["runtime"].startswith(runtime)
    )
    us = {name: float(row[f"{name}_mcycles"]) * 1e6 / float(row["clock_mhz"]) for name in MLPERF}
    return [Timing(model, graphs[model], us[name]) for name, model in MLPERF.items()]


def _rows(path: pathlib.Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def bare(name: str, kernels: str = PORTABLE) -> Board:
    """A board without figures."""
    description, core, clock_hz, ram_bytes, flash_bytes = BOARDS[name]
    board = uncalibrated_board(name, core, clock_hz, ram_bytes, flash_bytes, kernels)
    return dataclasses.replace(board, description=description, flash_byte_cycles=SERIAL.get(name, 0.0))


def relative(name: str, origin: str) -> Board:
    """A board with the coefficients of one of the same core, and the error between such boards."""
    description, core, clock_hz, ram_bytes, flash_bytes = BOARDS[name]
    board = board_from_relative(name, core, clock_hz, ram_bytes, flash_bytes, relative=origin)
    trust = f"As {origin} at another clock, if the flash keeps up: never timed; calibrate it before you rely on it."
    return dataclasses.replace(board, description=description, flash_byte_cycles=SERIAL.get(name, 0.0), trust=trust)


def guessed(name: str, origin: str) -> Board:
    """The same, where what is behind the core differs so much that the error between boards says nothing."""
    board = relative(name, origin)
    return dataclasses.replace(
        board,
        factors={OTHERS: Factor(1.0, DERIVED_MARGIN, timed=False)},
        latency_error=LatencyError(0.0, 0.0, 0, "not measured"),
        trust=f"A guess by the cycles of {origin}, whose flash is not serial: calibrate it before you rely on it.",
    )


def joined(first: Board, *others: Board) -> Board:
    """A board with several kernels, the best documented first."""
    return dataclasses.replace(first, other_kernels=tuple(dataclasses.replace(o, other_kernels=()) for o in others))


def from_timings(board: Board, timings: Sequence[Timing], kernels: str, library: str, tools: str, where: str) -> Board:
    """A board calibrated by public timings."""
    made = calibrated_by_models(board, timings, kernels, library)
    return dataclasses.replace(
        made, toolchain=tools, source=f"{made.source} Timings: {where}.", other_kernels=board.other_kernels
    )


def judged(board: Board, timings: Sequence[Timing], kernels: str, library: str) -> list[dict[str, Any]]:
    """Each model predicted by the others, beside the margin that is printed for it."""
    rows = []
    for out, timing in enumerate(timings):
        rest = [one for at, one in enumerate(timings) if at != out]
        found = estimate_graph(timing.graph, calibrated_by_models(board, rest, kernels, library), flash_bytes=1)
        rows.append(
            {
                "board": board.name,
                "kernels": kernels,
                "model": timing.model,
                "measured_ms": round(timing.latency_us / 1e3, 2),
                "left_out_ms": round(found.latency_ms, 2),
                "error": round(found.latency_ms * 1e3 / timing.latency_us - 1, 3),
                "margin": round(found.latency_margin_ms / found.latency_ms, 3),
                "within": abs(found.latency_ms - timing.latency_us / 1e3) <= found.latency_margin_ms,
            }
        )
    return rows


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    folder = pathlib.Path(PUBLIC.value)
    graphs = public_graphs(folder)
    results: list[dict[str, Any]] = []

    def calibrated(name: str, timings: list[Timing], kernels: str, library: str, tools: str, where: str) -> Board:
        board = bare(name, kernels)
        if len(timings) > 1:
            results.extend(judged(board, timings, kernels, library))
        return from_timings(board, timings, kernels, library, tools, where)

    tflm, cmsis = "TensorFlow Lite Micro, reference kernels", "CMSIS-NN under microTVM"
    nano_library = f"{tflm}, or CMSIS-NN without DSP instructions: its author does not know"
    nano = mcufit_timings(folder, graphs, "nano33ble", "cmsis-nn-or-reference")
    made = {}
    for name in ("arduino_nano_33_ble", "xiao_nrf52840"):
        timed = calibrated(name, nano, REFERENCE, nano_library, "Arduino's defaults", MCUFIT)
        made[name] = joined(timed, relative(name, "nicla_sense_me"))
    esp_nn = mcufit_timings(folder, graphs, "esp32", "esp-nn-optimized")
    plain = mcufit_timings(folder, graphs, "esp32", "ansi-c-reference")
    made["esp32"] = joined(
        calibrated("esp32", esp_nn, ESP_NN, "ESP-NN under TensorFlow Lite Micro", "-O2", MCUFIT),
        calibrated("esp32", plain, REFERENCE, tflm, "-O2", MCUFIT),
    )
    nordic = mlperf_timings(folder, graphs, "nRF5340", "microTVM")
    made["nrf5340_dk"] = calibrated("nrf5340_dk", nordic, CMSIS_NN, cmsis, "not recorded", "MLPerf Tiny v1.0")
    l4r5 = mlperf_timings(folder, graphs, "STM32L4R5", "microTVM")
    old = mlperf_timings(folder, graphs, "STM32L4R5", "TFLM")
    made["nucleo_l4r5zi"] = joined(
        calibrated("nucleo_l4r5zi", l4r5, CMSIS_NN, cmsis, "not recorded", "MLPerf Tiny v1.0"),
        calibrated("nucleo_l4r5zi", old, REFERENCE, f"{tflm}, 2.3.1", "GCC 6, Mbed", "MLPerf Tiny v0.5"),
    )
    made["b_u585i_iot02a"] = relative("b_u585i_iot02a", "nucleo_l552ze_q")
    made["raspberry_pi_pico_2"] = guessed("raspberry_pi_pico_2", "nucleo_l552ze_q")
    for name in BOARDS:
        made.setdefault(name, bare(name))
    print(tabulate.tabulate(results, headers="keys"))
    for key in dict.fromkeys((row["board"], row["kernels"]) for row in results):
        errors = [abs(row["error"]) for row in results if (row["board"], row["kernels"]) == key]
        print(*key, f"MAPE {np.mean(errors):.1%} of {len(errors)} models, each left out in turn")
    origin = provenance("benchmarks.public_boards", ("tsnas", "numpy", "scipy"))
    write_json(OUT.value, {"results": results} | origin)
    if WRITE.value:
        for name, board in made.items():
            write_file(BOARDS_DIR / f"{name}.json", json.dumps(board.to_json(), indent=2) + "\n")
            assert load_board(name) == board, name


if __name__ == "__main__":
    app.run(main)

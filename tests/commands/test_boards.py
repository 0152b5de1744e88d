"""tsnas boards: the table and the JSON say what the board files say."""

import dataclasses
import json

import pytest

from tsnas.commands.boards_command import format_error
from tsnas.commands.main import run
from tsnas.cost.board import board_names, load_board
from tsnas.cost.board_parts import LatencyError


def test_the_table_has_one_line_per_board(capsys):
    assert run(["boards"]) == 0
    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines() if line}
    assert board_names()
    for name in board_names():
        board = load_board(name)
        assert lines[name][1] == board.core
        assert [float(text) for text in lines[name][2:5]] == [
            board.clock_hz / 1e6,
            board.ram_bytes / 1024,
            board.flash_bytes / 1024,
        ]


def test_json_holds_the_same_boards(capsys):
    assert run(["boards", "--json"]) == 0
    boards = {board["name"]: board for board in json.loads(capsys.readouterr().out)}
    assert sorted(boards) == board_names()
    for name, values in boards.items():
        assert values["ram_bytes"] == load_board(name).ram_bytes
        assert values["latency_error"]["n_ops"] == load_board(name).latency_error.n_ops


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (LatencyError(0.0041, 0.013, 928, "by session"), "0.4% 1.3%"),
        (LatencyError(0.0, 0.0, 0, "by session"), "not measured"),
    ],
)
def test_an_error_judged_on_nothing_is_not_shown_as_zero(error, text):
    board = dataclasses.replace(load_board("nucleo_f446re"), latency_error=error)
    assert format_error(board) == text
    assert format_error(dataclasses.replace(board, coefficients={})) == "no latencies yet"


def test_the_table_fits_80_columns_and_has_every_kernels_of_a_board(capsys):
    assert run(["boards"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines[: lines.index("")])) <= 80
    start = next(i for i, line in enumerate(lines) if line.startswith("esp32 "))
    assert lines[start].split()[5] == "esp_nn"
    assert lines[start + 1].split()[0] == "reference"

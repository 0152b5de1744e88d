"""Runs a command and draws what it prints as a picture of a terminal.

python tools/terminal_picture.py docs/images/characterize.png tsnas characterize --port=emulated:cortex-m4 ...
"""

from __future__ import annotations

import shlex
import subprocess
import sys

from matplotlib.figure import Figure

CHARACTERS, LINE_INCHES, CHARACTER_INCHES = 120, 0.2, 0.0865


def screen(output: str) -> list[str]:
    """The lines that are left on a terminal: what a carriage return went back over is gone."""
    lines = [line.rstrip("\r").split("\r")[-1] for line in output.split("\n")]
    folded = [line[at : at + CHARACTERS] for line in lines for at in range(0, max(len(line), 1), CHARACTERS)]
    while folded and not folded[-1].strip():
        folded.pop()
    return folded


def main(path: str, command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    asked = screen("$ " + shlex.join(command))
    lines = [*asked, *screen(done.stdout.decode())]
    figure = Figure(figsize=(CHARACTERS * CHARACTER_INCHES + 0.4, len(lines) * LINE_INCHES + 0.4), facecolor="#1e1e1e")
    height = figure.get_figheight()
    for index, line in enumerate(lines):
        y = 1 - (0.2 + (index + 0.7) * LINE_INCHES) / height
        color = "#9cdcfe" if index < len(asked) else "#e6e6e6"
        figure.text(0.2 / figure.get_figwidth(), y, line, family="monospace", size=10, color=color, parse_math=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

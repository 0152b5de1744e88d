"""The tsnas program: finds the command, runs it, and converts errors to one line and an exit code."""

from __future__ import annotations

import difflib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import tsnas
from tsnas.commands import (
    boards_calibrate_command,
    boards_command,
    boards_kit_command,
    boards_new_command,
    characterize_command,
    data_check_command,
    data_read_command,
    data_record_command,
    data_windows_command,
    emulate_command,
    estimate_command,
    export_command,
    live_command,
    probe_command,
    search_command,
    signal_command,
    sweep_command,
    verify_command,
)
from tsnas.commands.command import UsageError
from tsnas.commands.interrupt import EXIT_INTERRUPTED, INTERRUPTED, leave, watch_interrupts
from tsnas.errors import InfeasibleError, LimitExceededError, TsnasError
from tsnas.system.quiet import open_standard_files, open_standard_streams
from tsnas.system.terminal import columns, fit_command, say

MODULES = (
    search_command,
    sweep_command,
    signal_command,
    data_check_command,
    data_read_command,
    data_record_command,
    data_windows_command,
    live_command,
    export_command,
    probe_command,
    estimate_command,
    boards_command,
    boards_new_command,
    boards_kit_command,
    boards_calibrate_command,
    characterize_command,
    emulate_command,
    verify_command,
)
COMMANDS = {module.COMMAND.name: module.COMMAND for module in MODULES}

EXIT_OK, EXIT_LIMITS, EXIT_USAGE = 0, 1, 2


def main() -> int:
    """Runs the program in its own process, like `run`, but does not wait for libraries after an interruption."""
    with watch_interrupts():
        code = _run(sys.argv[1:])
        if code == EXIT_INTERRUPTED:
            leave()
    return code


def overview() -> str:
    """Returns the text that `tsnas --help` prints."""
    longest = max(map(len, COMMANDS))
    commands = "\n".join(f"  {name:<{longest}}  {command.summary}" for name, command in COMMANDS.items())
    return (
        "Usage: tsnas COMMAND [--flag=value ...]\n\n"
        "Search for neural networks that classify time series on microcontrollers, within hard limits on "
        "latency and memory.\n\n"
        f"Commands:\n{commands}\n\n"
        "`tsnas COMMAND --help` describes a command and its flags.\n\n"
        f"Example:\n{fit_command(f'  {search_command.COMMAND.example}', columns())}"
    )


def run(argv: Sequence[str] | None = None) -> int:
    """Runs the program.

    Args:
        argv: list of str, the command and its flags. Defaults to None: those with which the program was started.

    Returns:
        The exit code: 0 for success, 1 if the limits cannot be kept, 2 for a bad command line or bad input, 130 after
        an interruption.

    Example:
        >>> run(["boards"])
        0
    """
    open_standard_files()
    open_standard_streams()
    code = _run(sys.argv[1:] if argv is None else argv)
    if code == EXIT_INTERRUPTED:
        sys.stderr.write(INTERRUPTED)
    return code


def _run(argv: Sequence[str]) -> int:
    """Runs the program like `run`, but without a message after an interruption: an open bar has yet to draw its end."""
    name, *args = [*argv] or ["--help"]
    if args and f"{name} {args[0]}" in COMMANDS:
        name, args = f"{name} {args[0]}", args[1:]
    if name in ("--help", "-h", "help"):
        say(overview())
        return EXIT_OK
    if name == "--version":
        print(f"tsnas {tsnas.__version__}")
        return EXIT_OK
    if name not in COMMANDS:
        # The first of two words, such as `tsnas data`, stands for all commands that begin with it.
        near = [one for one in COMMANDS if one.startswith(f"{name} ")] or difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        what = "give a command before its flags" if name.startswith("-") else f"unknown command {name!r}{hint}"
        say(f"tsnas: error: {what}\n\n{overview()}", sys.stderr)
        return EXIT_USAGE
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        return _run_command(name, args)


def _run_command(name: str, args: list[str]) -> int:
    try:
        COMMANDS[name](args)
        sys.stdout.flush()
        return EXIT_OK
    except UsageError as error:
        say(f"tsnas: error: {error}\nTry `tsnas {name} --help`.", sys.stderr)
        return EXIT_USAGE
    except (InfeasibleError, LimitExceededError) as error:
        say(f"tsnas: error: {error}", sys.stderr)
        return EXIT_LIMITS
    except TsnasError as error:
        say(f"tsnas: error: {error}", sys.stderr)
        return EXIT_USAGE
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", tsnas.__name__):
            raise
        needed = f"`tsnas {name}` needs {package}, which is not installed: pip install tsnas"
        say(f"tsnas: error: {needed}", sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has exited; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, UserWarning):
        say(f"tsnas: warning: {message}", sys.stderr)

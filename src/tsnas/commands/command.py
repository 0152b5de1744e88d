"""The parts of every command of the tsnas program: a name, flags, help, and a function that runs it."""

from __future__ import annotations

import dataclasses
import difflib
import textwrap
from collections.abc import Callable, Sequence

from absl import flags

from tsnas.system.terminal import columns, fit_command

# Longer lines of text are hard to read on any terminal.
WIDTH = 100


class UsageError(Exception):
    """A command line with which the command cannot be run."""


@dataclasses.dataclass(frozen=True)
class Command:
    """One command of the program.

    Args:
        name: str, the name that the user types.
        summary: str, a one-line description.
        usage: str, its arguments and most important flags.
        example: str, a command line that works.
        define_flags: function that defines the flags on an empty absl FlagValues.
        run: function of the parsed flags and the list of arguments that are not flags; raises UsageError for arguments
            that exclude each other, and imports slow libraries itself, so that help stays fast.
        details: str, a paragraph for its help. Defaults to an empty one.
    """

    name: str
    summary: str
    usage: str
    example: str
    define_flags: Callable[[flags.FlagValues], None]
    run: Callable[[flags.FlagValues, list[str]], None]
    details: str = ""

    def __call__(self, args: Sequence[str]) -> None:
        """Parses `args` and runs the command, or prints its help if `args` asks for it."""
        values = self.new_flags()
        if {"--help", "-h", "-help"} & set(args):
            print(self.help())
            return
        try:
            _, *arguments = values([self.name, *args])
        except flags.UnrecognizedFlagError as error:
            raise UsageError(_format_unknown_flag(error.flagname, list(values))) from None
        except flags.Error as error:
            raise UsageError(_format_flag_error(error)) from None
        self.run(values, arguments)

    def help(self) -> str:
        """Returns the text that `tsnas COMMAND --help` prints."""
        values = self.new_flags()
        lines = [*_wrap(f"Usage: tsnas {self.name} {self.usage}", below=8), ""]
        lines += _wrap(f"{self.summary} {self.details}")
        lines += ["", "Flags:"]
        for name in values:
            lines += [f"  {flag_head(values[name])}", *_wrap(flag_meaning(values[name]), 6, 6)]
        lines += ["  --help", *_wrap("Print this help.", 6)]
        return "\n".join([*lines, "", "Example:", fit_command(f"  {self.example}", columns())])

    def new_flags(self) -> flags.FlagValues:
        """Returns new flags of this command, not yet parsed."""
        # Separate FlagValues instead of absl's global ones: commands share flag names, and tests run many in a process.
        values = flags.FlagValues()
        values.set_gnu_getopt(True)
        self.define_flags(values)
        return values


def flag_head(flag: flags.Flag) -> str:
    """Returns a flag as it is typed, such as `--board=STRING`."""
    if flag.boolean:
        return f"--[no]{flag.name}"
    choices = getattr(flag.parser, "enum_values", None)
    return f"--{flag.name}={'|'.join(choices) if choices else flag.parser.flag_type().upper()}"


def flag_meaning(flag: flags.Flag) -> str:
    """Returns the description of a flag, with its default."""
    default = "" if flag.default is None or flag.boolean else f" Default: {flag.default}."
    # absl puts the choices of an enum before its help, but the head already has them.
    meaning = flag.help.split(">: ", 1)[1] if getattr(flag.parser, "enum_values", None) else flag.help
    return f"{meaning}{default}"


def _format_flag_error(error: flags.Error) -> str:
    """Returns absl's message as one sentence; its parsers raise some errors with a tuple of arguments."""
    text = str(error).replace("\n", " ").removeprefix("flag ")
    flag, _, rest = text.partition(": ('")
    return f"{flag}: {rest.partition(chr(39))[0]}" if rest else text


def _format_unknown_flag(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"unknown flag --{name}" + (f"; did you mean --{near[0]}?" if near else "")


def _wrap(text: str, indent: int = 0, below: int = 0) -> list[str]:
    width = min(columns() or WIDTH, WIDTH)
    return textwrap.wrap(text, width, initial_indent=" " * indent, subsequent_indent=" " * below)


def refuse_arguments(arguments: list[str]) -> None:
    """Raises UsageError if there is an argument that is not a flag."""
    if arguments:
        raise UsageError(f"unexpected argument {arguments[0]!r}; flags are given as --name=value")

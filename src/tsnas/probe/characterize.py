"""Measures the operators of a plan on a board, resumably: each result is saved as soon as it is known."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from tsnas.errors import (
    BoardMemoryError,
    NoAnswerError,
    OutputDirError,
    PortError,
    ProbeError,
    ProbeResetError,
    UnsupportedProbeOpError,
)
from tsnas.graph.ops import Op
from tsnas.probe.client import ProbeClient
from tsnas.probe.op_encoding import op_words
from tsnas.probe.protocol import Hello, Measured
from tsnas.system import clock
from tsnas.system.bars import progress_bar

SEED = 1
# A board that resets in the middle of an operator is asked again so often.
TRIES = 5
# How long an unplugged board is waited for.
RECONNECT_S = 30.0
# About how many counts a multiply-accumulate takes at most, so that a long run is waited for.
COUNTS_PER_MAC = 200


@dataclasses.dataclass(frozen=True)
class Result:
    """Count of one operator.

    Args:
        op: its descriptor.
        least, most: int, smallest and largest count of a run.
        mean: float, over the runs.
        output_crc: int, CRC-32 of the output.
        scratch_bytes: int, scratch of the kernel.
    """

    op: Op
    least: int
    most: int
    mean: float
    output_crc: int
    scratch_bytes: int


@dataclasses.dataclass(frozen=True)
class Characterization:
    """Counts of all operators of a plan.

    Args:
        hello: `Hello` of the board.
        results: list of `Result`, in the order of the plan.
        left_out: dict of the operators that could not be counted, with the reason.
    """

    hello: Hello
    results: list[Result]
    left_out: dict[Op, str]

    @property
    def spread(self) -> float:
        """Largest relative difference between the runs of one operator."""
        return max(((r.most - r.least) / r.least for r in self.results if r.least), default=0.0)


def characterize(
    connect: Callable[[], ProbeClient],
    plan: Sequence[Op],
    journal: str | os.PathLike[str],
    repeats: int = 3,
    verbose: int = 1,
    check: Callable[[Hello], object] = lambda hello: None,
) -> Characterization:
    """Counts the cycles or instructions of every operator of a plan.

    Args:
        connect: function that returns an open `ProbeClient`; called again after the board was lost.
        plan: sequence of operators.
        journal: file to which each result is added; an existing one is continued if it is of this board and firmware.
            It is left for the caller to remove.
        repeats: int, runs of each operator. Defaults to 3.
        verbose: 0 for silence, 1 for a progress bar. Defaults to 1.
        check: callable with the `Hello` of the board, called before the first operator; what it raises ends the work.
            Defaults to one that does nothing.

    Returns:
        A `Characterization`.

    Raises:
        NoAnswerError, PortError: no board, or one that was lost and has not come back; the counts so far are kept.
        ProbeError: the journal is of another board or firmware, or the board resets again and again.
        OutputDirError: the journal cannot be written.
    """
    probe = connect()
    try:
        hello = probe.hello
        check(hello)
        kept = _Journal(pathlib.Path(journal), hello, repeats)
        bar = progress_bar("measure", len(plan), "op", silent=verbose != 1)
        with contextlib.closing(kept), bar:
            for op in plan:
                if op not in kept:
                    probe = _measured(probe, connect, op, repeats, kept)
                bar.update()
        return Characterization(
            hello,
            [kept.results[op] for op in plan if op in kept.results],
            {op: kept.left_out[op] for op in plan if op in kept.left_out},
        )
    finally:
        probe.close()


def _measured(
    probe: ProbeClient, connect: Callable[[], ProbeClient], op: Op, repeats: int, kept: _Journal
) -> ProbeClient:
    """Counts one operator; returns the client to continue with, a new one if the board was lost."""
    for _ in range(TRIES):
        try:
            found = _counted(probe, op, repeats)
        except ProbeResetError:
            with contextlib.suppress(NoAnswerError):
                probe.restart()
        except NoAnswerError as error:
            probe.close()
            probe = _reconnected(connect, error, len(kept.results))
        except (BoardMemoryError, UnsupportedProbeOpError) as error:
            kept.leave_out(op, str(error))
            return probe
        else:
            kept.add(Result(op, found.least, found.most, found.mean, found.output_crc, found.scratch_bytes))
            return probe
    raise ProbeError(
        f"The board restarts whenever it runs {op} ({TRIES} times); {len(kept.results)} operators are kept. "
        "Is its power supply weak, or its stack too small?"
    )


def _counted(probe: ProbeClient, op: Op, repeats: int) -> Measured:
    """Runs an operator: with portable kernels as exports do, which have kernels of their own for some."""
    counts = COUNTS_PER_MAC * max(op.macs, 1000)
    if probe.hello.portable:
        # Firmware that refuses these is older, and has no others.
        with contextlib.suppress(UnsupportedProbeOpError):
            return probe.run(op_words(op, exported=True), SEED, repeats, counts=counts)
    return probe.run(op_words(op), SEED, repeats, counts=counts)


def _reconnected(connect: Callable[[], ProbeClient], error: NoAnswerError, n_kept: int) -> ProbeClient:
    deadline = clock.monotonic() + RECONNECT_S
    while clock.monotonic() < deadline:
        try:
            return connect()
        except (PortError, NoAnswerError):
            time.sleep(1.0)
    raise NoAnswerError(f"{error} {n_kept} operators are kept: run the same command again to continue.") from error


class _Journal:
    """A file of one line for each operator; a line that was not finished counts as not written."""

    def __init__(self, path: pathlib.Path, hello: Hello, repeats: int):
        self.results: dict[Op, Result] = {}
        self.left_out: dict[Op, str] = {}
        # By text, as the lines have them: operators are compared by all that they are.
        self._by_text: dict[str, dict[str, Any]] = {}
        head = dataclasses.asdict(hello) | {"repeats": repeats}
        try:
            content = path.read_text(encoding="utf-8") if path.exists() else ""
            lines = content.split("\n")[:-1]
            if lines and json.loads(lines[0]) != head:
                raise ProbeError(
                    f"{str(path)!r} was begun with another board or firmware ({lines[0]}); this is {json.dumps(head)}. "
                    "Remove it to start over."
                )
            self._by_text = {(entry := json.loads(line))["op"]: entry for line in lines[1:]}
            whole = "".join(line + "\n" for line in lines) or json.dumps(head) + "\n"
            self._file = open(path, "w", encoding="utf-8")  # noqa: SIM115 (closed by `close`)
            self._write(whole)
        except OSError as error:
            raise OutputDirError(f"Journal {str(path)!r} cannot be written: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ProbeError(f"{str(path)!r} is not a journal of measurements ({error}); remove it.") from error

    def __contains__(self, op: Op) -> bool:
        entry = self._by_text.get(repr(op))
        if entry is not None and op not in self.results and op not in self.left_out:
            if "left_out" in entry:
                self.left_out[op] = entry["left_out"]
            else:
                self.results[op] = Result(op, **{name: value for name, value in entry.items() if name != "op"})
        return op in self.results or op in self.left_out

    def add(self, result: Result) -> None:
        self.results[result.op] = result
        values = {f.name: getattr(result, f.name) for f in dataclasses.fields(result) if f.name != "op"}
        self._write(json.dumps({"op": repr(result.op)} | values) + "\n")

    def leave_out(self, op: Op, reason: str) -> None:
        self.left_out[op] = reason
        self._write(json.dumps({"op": repr(op), "left_out": reason}) + "\n")

    def close(self) -> None:
        self._file.close()

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()
        os.fsync(self._file.fileno())

"""Runs the cases of a study that its JSON file lacks, and adds what they find as soon as it is there."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks.engine import Result, read_results
from benchmarks.record import provenance, write_json

Case = dict[str, Any]


def complete(
    out: str,
    module: str,
    cases: Iterable[tuple[pathlib.Path, Case]],
    run: Callable[..., list[Result]],
    column: str | None = None,
    wanted: Sequence[Any] = (),
    **settings: Any,
) -> list[Result]:
    """Runs what a file has no results of, and prints and adds the results of each case.

    Args:
        out: str, the JSON file.
        module: str, the command, for the file.
        cases: iterable of (data set, what all results of the case have in common).
        run: function of these two, and with a column of the values that are missing; its rows have what the case has.
        column: str, what distinguishes the runs of a case. Defaults to None: a case is run as a whole.
        wanted: sequence, the values of this column.
        **settings: what the file says beside the results.

    Returns:
        list of dict, all results that the file has then.
    """
    results = read_results(out)
    for path, case in cases:
        done = [row for row in results if case.items() <= row.items()]
        if column is None:
            found = [] if done else run(path, case)
        else:
            missing = [value for value in wanted if value not in (row[column] for row in done)]
            found = run(path, case, missing) if missing else []
        if found:
            results += found
            print(*found, sep="\n", flush=True)
            write_json(out, provenance(module, ("tsnas", "tensorflow")) | settings | {"results": results})
    return results

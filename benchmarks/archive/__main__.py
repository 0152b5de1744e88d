"""Compares tsnas with other classifiers on many sets of time series, and writes the page that shows the results.

    python -m benchmarks.archive --jobs=2
    python -m benchmarks.archive --sets=CBF,shoulder --methods=forest,minirocket --seeds=0
    python -m benchmarks.archive --quick --sets=CBF
    python -m benchmarks.archive --report

Every row is kept as soon as it is there: a command that is given again, or was killed, goes on where it ended. Rows say
which versions, commit and settings they were made with; those of other settings are run again, those of other versions
or commits are counted, and run again with `--fresh`. Methods that know of no limits are run once for each seed.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence

from absl import app, flags

from benchmarks.archive import page
from benchmarks.archive.engine import executor, missing, read_rows, run_missing, with_one_thread
from benchmarks.archive.methods import METHODS, check_installed, settings_of
from benchmarks.archive.run import Run, fingerprint, is_stale
from benchmarks.archive.sets import UCI_HAR as UCI_HAR_NAME
from benchmarks.archive.sets import find_sets

UCR = flags.DEFINE_string("ucr", "../shared/data/ucr", "Folder with a .npz file for each set of the UCR archive.")
UCI_HAR = flags.DEFINE_string("uci_har", "../shared/data/uci_har.npz", "UCI-HAR, a .npz file.")
SETS = flags.DEFINE_list("sets", [], "Names of the sets to run; all that are there if not given.")
CHOSEN = flags.DEFINE_list("methods", list(METHODS), f"Methods to run, of {', '.join(METHODS)}.")
BOARD = flags.DEFINE_string("board", "nucleo_f446re", "Board of the limits.")
MAX_LATENCY_MS = flags.DEFINE_list("max_latency_ms", ["40", "120"], "Limits on latency, one for each on RAM.")
MAX_RAM_KB = flags.DEFINE_list("max_ram_kb", ["64", "96"], "Limits on RAM, as many as on latency.")
SEEDS = flags.DEFINE_list("seeds", ["0", "1", "2"], "Seeds.")
# A fifth of aeon's default, and so of its time; on UCI-HAR that is 34,800 steps.
LITE_EPOCHS = flags.DEFINE_integer("lite_epochs", 300, "Epochs of LITE.", lower_bound=1)
JOBS = flags.DEFINE_integer("jobs", 1, "Runs at once, each in a process of its own with one thread.", lower_bound=1)
QUICK = flags.DEFINE_bool("quick", False, "Hardly any training, into a folder of its own: shows that everything works.")
FRESH = flags.DEFINE_bool("fresh", False, "Also run again what other versions or commits have made.")
REPORT = flags.DEFINE_bool("report", False, "Train nothing; make the page from what the file of results holds.")
FOLDER = flags.DEFINE_string("folder", "benchmarks/results", "Where archive.json is.")
DOCS = flags.DEFINE_string("docs", "docs", "Where archive.md is written.")


def plan(
    sets: Sequence[str],
    methods: Sequence[str],
    limits: Sequence[tuple[float, float]],
    seeds: Sequence[int],
    board: str,
) -> list[Run]:
    """Returns every run, seed by seed, so that a study that is cut short has compared all sets."""
    runs = [
        Run(name, method, seed, board, *pair) if METHODS[method].on_board else Run(name, method, seed)
        for seed in seeds
        for pair in limits
        for name in sets
        for method in methods
    ]
    return list(dict.fromkeys(runs))


def paired_limits() -> list[tuple[float, float]]:
    """Returns the pairs of limits of the flags: latency in ms and RAM in KB."""
    if len(MAX_LATENCY_MS.value) != len(MAX_RAM_KB.value):
        raise app.UsageError(
            f"--max_latency_ms has {len(MAX_LATENCY_MS.value)} limits and --max_ram_kb {len(MAX_RAM_KB.value)}; "
            "they pair up, so give as many of both."
        )
    return [(float(ms), float(kb)) for ms, kb in zip(MAX_LATENCY_MS.value, MAX_RAM_KB.value, strict=True)]


def chosen_sets(paths: dict[str, str | None]) -> list[str]:
    """Returns the names of the sets to run, and says what is not there."""
    unknown = [name for name in SETS.value if name not in paths]
    if unknown:
        raise app.UsageError(f"No set {', '.join(unknown)} in --ucr={UCR.value}; there are {', '.join(paths)}.")
    if not pathlib.Path(UCR.value).is_dir():
        print(f"Left out: the sets of the UCR archive, because --ucr={UCR.value} is no folder")
    if UCI_HAR_NAME not in paths:
        print(f"Left out: {UCI_HAR_NAME}, because --uci_har={UCI_HAR.value} is no file")
    return SETS.value or list(paths)


def run_plan(folder: pathlib.Path) -> list[str]:
    """Runs what the file of results lacks; returns the errors of runs that failed."""
    unknown = [name for name in CHOSEN.value if name not in METHODS]
    if unknown:
        raise app.UsageError(f"Unknown methods: {', '.join(unknown)}; choose from {', '.join(METHODS)}.")
    paths = find_sets(UCR.value, UCI_HAR.value)
    seeds = [int(seed) for seed in SEEDS.value][: 1 if QUICK.value else None]
    runs = plan(chosen_sets(paths), CHOSEN.value, paired_limits(), seeds, BOARD.value)
    settings = {method: settings_of(method, LITE_EPOCHS.value, QUICK.value) for method in CHOSEN.value}
    out = folder / "archive.json"
    check_installed(run.method for run in missing(runs, settings, read_rows(out), FRESH.value))
    with_one_thread()
    return run_missing(runs, settings, executor(paths), out, JOBS.value, FRESH.value)


def main(argv: Sequence[str]) -> None:
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {' '.join(argv[1:])}.")
    folder = pathlib.Path(FOLDER.value) / ("quick" if QUICK.value else "")
    failed = [] if REPORT.value else run_plan(folder)
    rows = read_rows(folder / "archive.json")
    current = {method: fingerprint(METHODS[method].packages) for method in METHODS}
    stale = sum(is_stale(row, current[row["method"]]) for row in rows)
    docs = folder if QUICK.value else pathlib.Path(DOCS.value)
    print(page.page(rows))
    print(f"{stale} of {len(rows)} rows were made by other versions or another commit.")
    print(f"Written: {', '.join(os.fspath(docs / name) for name in page.write(rows, docs))}")
    if failed:
        raise SystemExit(f"{len(failed)} runs failed; see above.")


if __name__ == "__main__":
    app.run(main)

"""Runs the tables and figures of the paper's evaluation, each by its name, and writes the page that shows them.

    python -m benchmarks.paper all --uci_har=uci_har.npz --processes=2
    python -m benchmarks.paper table2 figure8 --uci_har="UCI HAR Dataset.zip"
    python -m benchmarks.paper all --quick --uci_har=uci_har.npz
    python -m benchmarks.paper page

Names: figure2, table2, baselines, evolution, repeated, figure8, figure10, random_windows, table1, figure9; `all` is all
of them.
Every result is kept as soon as it is there: a command that is given again goes on where it ended, and runs that two of
them share are run once. `--quick` cuts training short and takes one seed, into a file of its own: it shows that
everything works. `page` trains nothing.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from absl import app, flags

from benchmarks.engine import Run, run_all
from benchmarks.latency import MEASUREMENTS
from benchmarks.paper import figure2, page, plan
from benchmarks.record import provenance, write_json
from tsnas.errors import BoardFileError

UCI_HAR = flags.DEFINE_string("uci_har", None, "UCI-HAR: a .npz file, its archive or folder; else it is fetched.")
SKODA = flags.DEFINE_string("skoda", None, "SkodaR: its archive or folder; without it, only its shapes are used.")
SEEDS = flags.DEFINE_list("seeds", [str(seed) for seed in plan.SEEDS], "Seeds.")
PROCESSES = flags.DEFINE_integer("processes", 1, "Runs at once; two on two cores are nearly twice as fast.", 1)
QUICK = flags.DEFINE_bool("quick", False, "Hardly any training, one seed: shows that everything works.")
FOLDER = flags.DEFINE_string("folder", "benchmarks/results", "Where runs.json and figure2.json are.")
DOCS = flags.DEFINE_string("docs", "docs", "Where paper.md and its images are written.")

NAMES = (
    "figure2",
    "table2",
    "figure8",
    "figure10",
    "table1",
    "figure9",
    "random_windows",
    "baselines",
    "evolution",
    "repeated",
)


def runs_of(name: str, seeds: Sequence[int], skoda: str | None) -> list[Run]:
    """The runs of a table or figure."""
    if name in ("table1", "figure9"):
        return getattr(plan, name)(seeds, plan.skoda_protocol(skoda))
    return getattr(plan, name)(seeds)


def main(argv: Sequence[str]) -> None:
    names = [*argv[1:]]
    unknown = [name for name in names if name not in (*NAMES, "all", "page")]
    if unknown or not names:
        raise app.UsageError(f"Unknown: {' '.join(unknown) or 'nothing'}; choose from {' '.join(NAMES)}, all, page.")
    names = [*NAMES] if "all" in names else names
    folder = pathlib.Path(FOLDER.value)
    if QUICK.value:
        folder = folder / "quick"
    failed: list[str] = []
    if "figure2" in names:
        try:
            networks = 50 if QUICK.value else figure2.NETWORKS
            results = figure2.compare(MEASUREMENTS.value, networks)
            record = provenance("benchmarks.paper", ("tsnas", "numpy")) | {"results": results}
            write_json(folder / "figure2.json", record)
        except BoardFileError as error:
            print(f"figure2 is left out: {error} Give the table of measured operators with --measurements.")
    seeds = [0] if QUICK.value else [int(seed) for seed in SEEDS.value]
    runs = [run for name in names if name not in ("figure2", "page") for run in runs_of(name, seeds, SKODA.value)]
    if runs:
        sources = {"uci_har": UCI_HAR.value, "skoda": SKODA.value}
        failed = run_all(runs, sources, str(folder / "runs.json"), PROCESSES.value, QUICK.value, "benchmarks.paper")
    docs = folder if QUICK.value else pathlib.Path(DOCS.value)
    print(f"Written: {page.write(folder, docs)}")
    if failed:
        raise SystemExit(f"{len(failed)} runs failed; see above.")


if __name__ == "__main__":
    app.run(main)

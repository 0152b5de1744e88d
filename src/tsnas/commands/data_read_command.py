"""tsnas data read: reads exports of programs, phones and public data sets, and cuts them into windows."""

from __future__ import annotations

from absl import flags

from tsnas.commands.command import Command, UsageError
from tsnas.commands.csv_flags import define_test_groups, define_window_flags, make_signal
from tsnas.commands.job import define_text_flag
from tsnas.commands.window_file import check_out, write_windows
from tsnas.system.terminal import columns, say


def define_flags(values: flags.FlagValues) -> None:
    define_window_flags(values)
    define_test_groups(values)
    define_text_flag(
        values,
        "pattern",
        r"Regular expression with (?P<label>...), (?P<group>...) or both, searched for in the path of each recording, "
        r"such as '(?P<group>\w+)/(?P<label>[A-Za-z]+)' for anna/walk_2024-05-01.zip. Default: what files or names say "
        "without doubt.",
    )
    flags.DEFINE_list(
        "channels", None, "Channels to keep, such as ax,ay,az. Default: all that are sensors.", flag_values=values
    )
    define_text_flag(values, "out", "The .npz file to write the windows to. Default: none is written.")
    flags.DEFINE_bool("overwrite", False, "Replace the file if it exists.", flag_values=values)


def run(values: flags.FlagValues, arguments: list[str]) -> None:
    from tsnas.data import check, read

    if len(arguments) != 1:
        raise UsageError(f"give one PATH: a file, a folder or a .zip file; {len(arguments)} were given")
    signal = make_signal(values)
    if values.out is not None:
        check_out(values.out, values.overwrite)
        if signal is None:
            raise UsageError("--out needs --window=SAMPLES")
    data = read(arguments[0], pattern=values.pattern, channels=values.channels)
    print(check(data, signal=signal).text(columns()))
    if values.out is not None:
        assert signal is not None
        say()
        write_windows(data, signal, "majority", values.test_groups, values.out)


COMMAND = Command(
    name="data read",
    summary="Read an export of a program, a phone or a public data set, whose form is found out.",
    usage="PATH [--pattern=REGEX] [--channels=NAME,...] [--window=SAMPLES [--stride=SAMPLES] --out=FILE.npz "
    "[--test_groups=GROUP[,GROUP ...]]]",
    example="tsnas data read Walking_2024-05-01.zip --window=128 --out=windows.npz",
    define_flags=define_flags,
    run=run,
    details="Known are Edge Impulse (JSON, CBOR and CSV, with info.labels), SensiML (.dai and .dcli beside CSV), "
    "NanoEdge AI Studio, Sensor Logger, phyphox, Empatica E4, .ts, .tsv and .arff files of the UEA and UCR archives, "
    "PAMAP2, Opportunity and WISDM, EDF, BDF, WFDB, Axivity .cwa, ActiGraph .gt3x, MCAP, ROS bags, and Parquet and CSV "
    "files with a column that is certainly the time; other CSV files are for `tsnas data windows`. Says what the files "
    "were taken for and why, then what `tsnas data check` says.",
)

"""The program around the commands: overview, unknown commands and flags, exit codes, quick start."""

import subprocess
import sys

import pytest
from processes import PATIENCE_S

from tsnas.commands import main
from tsnas.commands.command import UsageError
from tsnas.errors import InfeasibleError, LimitExceededError, UnknownBoardError


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview_lists_every_command(argv, capsys):
    assert main.run(argv) == 0
    out = capsys.readouterr().out
    for name, command in main.COMMANDS.items():
        assert f"  {name} " in out
        assert command.summary in out
    assert "Example:" in out


def test_the_version_is_printed(capsys):
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("tsnas 0.")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["serach"], "unknown command 'serach'; did you mean 'search'?"),
        (["xyzzy"], "unknown command 'xyzzy'\n"),
        (["--board=a"], "give a command before its flags"),
    ],
)
def test_unknown_commands_show_the_overview_on_stderr(argv, message, capsys):
    assert main.run(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"tsnas: error: {message}")
    assert "Commands:" in captured.err


@pytest.mark.parametrize("name", list(main.COMMANDS))
def test_help_of_a_command_explains_every_flag(name, capsys):
    assert main.run([name, "--help"]) == 0
    out = capsys.readouterr().out
    command = main.COMMANDS[name]
    assert out.startswith(f"Usage: tsnas {name} ")
    assert f"Example:\n  {command.example}\n" in out
    for flag in command.new_flags():
        head = next(line for line in out.splitlines() if line.startswith((f"  --{flag}=", f"  --[no]{flag}")))
        meaning = out.splitlines()[out.splitlines().index(head) + 1]
        assert len(meaning.split()) > 2


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["boards", "--jsn"], "unknown flag --jsn; did you mean --json?"),
        (["boards", "--zzz"], "unknown flag --zzz"),
        (["boards", "--json=7"], "--json=7: Non-boolean argument to boolean flag"),
        (["boards", "extra"], "unexpected argument 'extra'; flags are given as --name=value"),
        (["search", "--epochs=0"], "--epochs=0: 0 is not a positive integer"),
        (["search", "--epochs"], "Missing value for flag --epochs"),
        (["search", "--max_ram_kb=x"], "--max_ram_kb=x: could not convert string to float"),
        (["search", "--dataset=x"], "--dataset=x: value should be one of <shoulder|uci_har|skoda>"),
        (["search", "--verbose=3"], "--verbose=3: value should be one of <0|1|2>"),
    ],
)
def test_bad_flags_are_one_line_and_a_pointer_to_help(argv, message, capsys):
    assert main.run(argv) == 2
    error, pointer = capsys.readouterr().err.splitlines()
    assert error.startswith(f"tsnas: error: {message}")
    assert pointer == f"Try `tsnas {argv[0]} --help`."


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UnknownBoardError("no such board"), 2, "tsnas: error: no such board"),
        (InfeasibleError("cannot be done"), 1, "tsnas: error: cannot be done"),
        (LimitExceededError("over the limit"), 1, "tsnas: error: over the limit"),
        (UsageError("give a flag"), 2, "tsnas: error: give a flag"),
        (
            ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow"),
            2,
            "tsnas: error: `tsnas boards` needs tensorflow, which is not installed: pip install tsnas",
        ),
        (KeyboardInterrupt(), 130, "tsnas: interrupted"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(error, code, line, monkeypatch, capsys):
    def fail(_):
        raise error

    monkeypatch.setitem(main.COMMANDS, "boards", fail)
    assert main.run(["boards"]) == code
    assert capsys.readouterr().err.strip().splitlines()[0] == line


def test_other_errors_are_bugs_and_keep_their_traceback(monkeypatch):
    def fail(_):
        raise RuntimeError("a bug")

    monkeypatch.setitem(main.COMMANDS, "boards", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        main.run(["boards"])


def test_a_missing_file_of_the_package_itself_is_a_bug(monkeypatch):
    def fail(_):
        raise ModuleNotFoundError("No module named 'tsnas.none'", name="tsnas.none")

    monkeypatch.setitem(main.COMMANDS, "boards", fail)
    with pytest.raises(ModuleNotFoundError):
        main.run(["boards"])


def test_warnings_become_one_line(monkeypatch, capsys):
    import warnings

    monkeypatch.setitem(main.COMMANDS, "boards", lambda _: warnings.warn("mind the gap", stacklevel=1))
    assert main.run(["boards"]) == 0
    assert capsys.readouterr().err == "tsnas: warning: mind the gap\n"


def python(*args, **kwargs):
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, timeout=PATIENCE_S, **kwargs)


def test_as_a_module_in_a_process_of_its_own():
    result = python("-m", "tsnas", "boards")
    assert result.returncode == 0
    assert "nucleo_f446re" in result.stdout
    assert result.stderr == ""
    result = python("-m", "tsnas", "estimate", "none.tflite", "--board=nucleo_f446re")
    assert result.returncode == 2
    assert result.stderr.startswith("tsnas: error: ")
    assert "Traceback" not in result.stderr


def test_a_reader_that_leaves_is_no_error():
    command = f"set -o pipefail; {sys.executable} -m tsnas search --help | true"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=PATIENCE_S)
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr

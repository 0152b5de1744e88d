"""TensorFlow loads without a word, unless the user wants its log or it fails."""

import os
import subprocess
import sys

import pytest
from processes import PATIENCE_S


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess:
    environment = {"PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, env=environment
    )


@pytest.fixture(scope="module")
def fake_tensorflow(tmp_path_factory):
    """A folder with a module named tensorflow that writes to file descriptor 2, as C++ does, and may then fail."""
    folder = tmp_path_factory.mktemp("fake")
    (folder / "tensorflow.py").write_text(
        "import os\nos.write(2, b'chatter\\n')\nif os.environ.get('FAIL'): raise ImportError('broken')\n"
    )
    return str(folder)


CODE = "from tsnas.system.quiet import import_tensorflow as f; f(); import sys; print('after', file=sys.stderr)"


def test_start_up_is_silent_and_stderr_works_afterwards(fake_tensorflow):
    result = run_python(CODE, PYTHONPATH=fake_tensorflow)
    assert (result.returncode, result.stderr) == (0, "after\n")


def test_a_level_set_by_the_user_is_kept(fake_tensorflow):
    result = run_python(CODE, PYTHONPATH=fake_tensorflow, TF_CPP_MIN_LOG_LEVEL="0")
    assert result.stderr == "chatter\nafter\n"


def test_a_process_started_by_a_silent_one_is_silent_too(fake_tensorflow):
    result = run_python(CODE, PYTHONPATH=fake_tensorflow, TF_CPP_MIN_LOG_LEVEL="3")
    assert result.stderr == "after\n"


def test_a_failing_import_shows_what_was_logged(fake_tensorflow):
    result = run_python(CODE, PYTHONPATH=fake_tensorflow, FAIL="1")
    assert result.returncode == 1
    assert result.stderr.startswith("chatter\nTraceback")
    assert "ImportError: broken" in result.stderr


def test_the_real_library_is_silent():
    code = "import tsnas; tsnas.AutoClassifier; import tensorflow; print(tensorflow.constant(3))"
    result = run_python(code, PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    assert "3" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("name", ["AutoClassifier", "SignalSearch", "ParetoSearch", "load", "callbacks", "model"])
def test_python_is_as_silent_as_the_commands(name, tmp_path):
    # The module says how it was imported, and that is all that is needed of it.
    (tmp_path / "tensorflow.py").write_text(
        "import os\nprint(os.environ.get('TF_CPP_MIN_LOG_LEVEL'), flush=True)\nos.write(2, b'chatter')\nos._exit(0)\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    result = run_python(f"import tsnas; tsnas.{name}", PYTHONPATH=path)
    assert (result.stdout, result.stderr) == ("3\n", "")

"""A package seems broken to what is imported meanwhile, in this thread alone, and not afterwards."""

import importlib
import importlib.util
import os
import subprocess
import sys
import threading

import pytest
from processes import PATIENCE_S

from tsnas.system.absent import absent

IMPORTED = """
import json, sys
import tsnas
tsnas.AutoClassifier
loaded = sorted({"keras", "matplotlib"} & set(sys.modules))
import keras
import tensorflow as tf
legacy = tf.keras.layers.Dense.__module__
from tensorflow.keras.layers import Dense
print(json.dumps([loaded, keras.__version__[0], Dense is keras.layers.Dense, legacy.split(".")[0]]))
"""


@pytest.fixture
def heavy(tmp_path, monkeypatch):
    """Name of a package whose `__init__` imports a module inside it."""
    name = f"heavy_{tmp_path.name}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text(f"from {name} import inside\n")
    (folder / "inside.py").write_text("VALUE = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        del sys.modules[module]


def test_an_import_fails_inside_and_works_afterwards(heavy):
    finders = list(sys.meta_path)
    with absent(heavy):
        with pytest.raises(ImportError):
            importlib.import_module(heavy)
        with pytest.raises(ImportError):
            importlib.import_module(f"{heavy}.inside")
        assert heavy not in sys.modules
        assert importlib.util.find_spec(heavy).origin.endswith("__init__.py")  # TensorFlow asks where Keras is.
    assert sys.meta_path == finders
    assert importlib.import_module(heavy).inside.VALUE == 3


def test_other_packages_and_other_threads_do_not_notice(heavy):
    found = []
    with absent(heavy):
        import_here = importlib.import_module("json.tool")
        thread = threading.Thread(target=lambda: found.append(importlib.import_module(heavy).inside.VALUE))
        thread.start()
        thread.join()
    assert import_here.__name__ == "json.tool"
    assert found == [3]


def test_what_is_loaded_already_stays_whole(heavy):
    importlib.import_module(heavy)
    with absent(heavy):
        assert importlib.import_module(f"{heavy}.inside").VALUE == 3


def test_the_finder_is_gone_after_an_error(heavy):
    with pytest.raises(ZeroDivisionError), absent(heavy):
        raise ZeroDivisionError
    assert importlib.import_module(heavy).inside.VALUE == 3


def test_tensorflow_comes_without_keras_3_which_works_later():
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    result = subprocess.run(
        [sys.executable, "-c", IMPORTED], capture_output=True, text=True, timeout=PATIENCE_S, env=environment
    )
    assert result.stdout.strip().endswith('[[], "3", true, "tf_keras"]'), result.stderr

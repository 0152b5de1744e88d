"""Saves and loads a fitted classifier: the .tflite file, the float model's weights, and one JSON file with all else.

Nothing that is loaded is run: the networks are rebuilt from the architecture, and weights are read as arrays.
"""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import tf_keras as keras

import tsnas
from tsnas.cost.board import Board
from tsnas.cost.estimate import estimate_tflite
from tsnas.data import Signal, Standardizer, check_labels
from tsnas.errors import BoardError, ModelFileError, SettingError
from tsnas.export.model_json import card_json
from tsnas.job.pipeline import raw_model
from tsnas.space.architecture import Architecture
from tsnas.space.config import space_from_json, space_to_json
from tsnas.system.files import check_output_dir, parse_json, write_file
from tsnas.tflite.reader import read_graph

if TYPE_CHECKING:
    from tsnas.classifier import AutoClassifier

FORMAT = 1
MOST_CHARACTERS = 10_000
# What the float model may unpack to; those of the search space have some MB.
MOST_BYTES = 2**28
MODEL_FILE, FLOAT_FILE, STATE_FILE, CARD_FILE = "model.tflite", "model.keras", "classifier.json", "model.json"


def save(classifier: AutoClassifier, directory: str | os.PathLike[str]) -> list[pathlib.Path]:
    """Writes everything that `load` needs; see `AutoClassifier.save`."""
    folder = check_output_dir(directory)
    files = to_bytes(classifier)
    files[CARD_FILE] = card_json(classifier._firmware, classifier.architecture_.describe()).encode()
    # The file that `load` reads first goes last: an interrupted save is seen as none, or as the one before.
    for name in (MODEL_FILE, FLOAT_FILE, CARD_FILE, STATE_FILE):
        write_file(folder / name, files[name])
    return [folder / name for name in (MODEL_FILE, FLOAT_FILE, CARD_FILE, STATE_FILE)]


def load(classifier_type: type[AutoClassifier], directory: str | os.PathLike[str]) -> AutoClassifier:
    """Reads a folder that `save` wrote; see `tsnas.load`."""
    if not isinstance(directory, str | os.PathLike):
        raise ModelFileError(f"directory is {directory!r} ({type(directory).__name__}); give the path of a folder.")
    folder = pathlib.Path(directory)
    try:
        files = {name: (folder / name).read_bytes() for name in (STATE_FILE, MODEL_FILE, FLOAT_FILE)}
    except (OSError, ValueError) as error:
        # A ValueError is what no file name may hold, such as a null character.
        reason = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        raise ModelFileError(
            f"No saved classifier can be read from {str(folder)!r}: {reason}. "
            "Give the folder that `save` or `tsnas search --out` wrote."
        ) from None
    classifier = classifier_type()
    try:
        restore(classifier, files)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"The classifier saved in {folder} is damaged ({error}); save it again.") from error
    return classifier


def to_bytes(classifier: AutoClassifier) -> dict[str, bytes]:
    """The content of each file by its name."""
    params = classifier.get_params()
    if isinstance(params["board"], Board):
        params["board"] = None
    elif not isinstance(params["board"], str):
        params["board"] = os.fspath(params["board"])
    params["space"] = space_to_json(params["space"])
    if params["directory"] is not None:
        params["directory"] = os.fspath(params["directory"])
    labels = classifier.classes_
    state = {
        "format": FORMAT,
        "tsnas": tsnas.__version__,
        "params": params,
        "classes": labels.tolist(),
        "classes_dtype": labels.dtype.str,
        "board": classifier.board_.to_json(),
        "standardization": classifier.standardizer_.to_json(),
        "architecture": classifier.architecture_.to_json(),
        "axes": classifier.axes_,
        "signal": None if classifier.signal_ is None else classifier.signal_.to_json(),
        "seed": classifier.seed_,
        "history": classifier.history_,
        "data_summary": classifier.data_summary_,
        "versions": classifier.versions_,
    }
    return {
        MODEL_FILE: classifier.tflite_model_,
        FLOAT_FILE: _model_bytes(classifier.keras_model_),
        STATE_FILE: _as_json(state).encode(),
    }


def restore(classifier: AutoClassifier, files: dict[str, bytes]) -> None:
    """Gives an unfitted classifier the state that `to_bytes` took."""
    state = _read_state(files[STATE_FILE])
    params = dict(state["params"])
    try:
        classifier.board_ = Board.from_json(state["board"])
        params["space"] = space_from_json(params["space"])
    except (BoardError, SettingError) as error:
        raise ModelFileError(f"{STATE_FILE} is damaged: {error}") from error
    if params["board"] is None:
        params["board"] = classifier.board_
    classifier.set_params(**params)
    classifier.classes_ = _classes(state["classes"], state["classes_dtype"])
    classifier.axes_ = tuple((x, y, z) for x, y, z in state.get("axes", ()))
    signal = state.get("signal")
    classifier.signal_ = None if signal is None else Signal.from_json(signal)
    classifier.seed_ = state["seed"]
    classifier.history_ = state["history"]
    # Folders saved by earlier versions lack these two.
    classifier.data_summary_ = state.get("data_summary")
    classifier.versions_ = state.get("versions") or {"tsnas": state["tsnas"]}
    classifier.standardizer_ = Standardizer.from_json(state["standardization"])
    classifier.architecture_ = Architecture.from_json(state["architecture"])
    classifier.n_features_in_ = classifier.architecture_.sensors
    _check_fit(classifier, files[MODEL_FILE])
    classifier.keras_model_ = raw_model(classifier.architecture_.build(), classifier.standardizer_)
    _load_weights(classifier.keras_model_, files[FLOAT_FILE])
    classifier._set_artefact(files[MODEL_FILE], estimate_tflite(files[MODEL_FILE], classifier.board_))


def _read_state(content: bytes) -> dict[str, Any]:
    try:
        state = parse_json(content)
        version = state["format"]
    except (ValueError, TypeError, KeyError) as error:
        raise ModelFileError(f"{STATE_FILE} is not what `save` writes ({error}); save the classifier again.") from None
    if version != FORMAT or isinstance(version, bool):
        raise ModelFileError(
            f"{STATE_FILE} has format {version!r} (tsnas {state.get('tsnas')!r}), this tsnas {tsnas.__version__} reads "
            f"format {FORMAT}; upgrade tsnas, or save the classifier again."
        )
    return state


def _classes(labels: Any, dtype: Any) -> np.ndarray:
    """The class labels as an array of the type that they had."""
    kind = np.dtype(dtype)
    # Text of more characters than any label takes memory for nothing.
    if kind.kind not in "biuU" or kind.itemsize > 4 * MOST_CHARACTERS:
        raise ModelFileError(
            f"{STATE_FILE} is damaged: its classes have the type {dtype!r}; save the classifier again."
        )
    classes = check_labels(np.array(labels, dtype=kind), "classes")
    if classes.tolist() != labels:
        raise ModelFileError(f"{STATE_FILE} is damaged: its classes are no values of {dtype!r}; save it again.")
    return classes


def _check_fit(classifier: AutoClassifier, tflite: bytes) -> None:
    """Makes sure that the parts belong together, before memory is taken for a network as large as the state says."""
    architecture, graph = classifier.architecture_, read_graph(tflite)
    sizes = (len(classifier.classes_), len(classifier.standardizer_.mean))
    if sizes != (architecture.classes, architecture.sensors):
        raise ModelFileError(
            f"{STATE_FILE} has {sizes[0]} classes and a standardisation of {sizes[1]} channels for a network of "
            f"{architecture.classes} and {architecture.sensors}; save the classifier again."
        )
    if [node.op for node in graph.nodes] != [node.op for node in architecture.graph().nodes]:
        raise ModelFileError(f"{MODEL_FILE} is not the network that {STATE_FILE} describes; save the classifier again.")


def _model_bytes(model: keras.Model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, FLOAT_FILE)
        model.save(path)
        return pathlib.Path(path).read_bytes()


def _load_weights(model: keras.Model, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, FLOAT_FILE)
        pathlib.Path(path).write_bytes(content)
        try:
            with zipfile.ZipFile(path) as archive:
                unpacked = sum(member.file_size for member in archive.infolist())
            if unpacked > MOST_BYTES:
                raise ValueError(f"it unpacks to {unpacked} bytes")
            model.load_weights(path)
        except Exception as error:  # Keras raises whatever the zip and HDF5 readers beneath it do.
            raise ModelFileError(f"{FLOAT_FILE} does not hold the weights of this architecture: {error}") from error


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, default=lambda number: number.item()) + "\n"

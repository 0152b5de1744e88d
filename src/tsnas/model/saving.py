"""Saving and loading of models: the .tflite file, the float network's weights, and a JSON file with everything else.

No code is loaded: networks are rebuilt from the architecture, and weights are read as arrays.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import tf_keras as keras

from tsnas.cost.board import BOARD_FILE, Board
from tsnas.cost.bounds import EXPECTED
from tsnas.cost.estimate import estimate_tflite
from tsnas.cost.limits import Limits
from tsnas.data import Signal, Standardizer, check_labels
from tsnas.errors import ModelFileError, TsnasError
from tsnas.export.firmware import Firmware
from tsnas.export.model_json import format_model_json
from tsnas.model.keras_file import keras_file, load_weights
from tsnas.model.model import Model, raw_network
from tsnas.search.contest import completed
from tsnas.space.architecture import Architecture
from tsnas.space.spaces import space_from_json, space_to_json
from tsnas.system.files import check_output_dir, parse_json, write_file
from tsnas.tflite.graph_reader import read_graph
from tsnas.version import __version__

FORMAT = 1
MOST_CHARACTERS = 10_000
# Size that the float model may unpack to; networks of the search space have a few MB.
MOST_BYTES = 2**28
MODEL_FILE, FLOAT_FILE, STATE_FILE, CARD_FILE = "model.tflite", "model.keras", "classifier.json", "model.json"
WRITTEN = (MODEL_FILE, FLOAT_FILE, CARD_FILE, BOARD_FILE, STATE_FILE)
READ = (STATE_FILE, MODEL_FILE, FLOAT_FILE)


def save(model: Model, params: Mapping[str, Any], directory: str | os.PathLike[str]) -> list[pathlib.Path]:
    """Writes all files that `load` needs; see `AutoClassifier.save`.

    Args:
        model: `Model`.
        params: dict of the parameters of the classifier that the model belongs to.
        directory: path of a folder, created if missing.

    Returns:
        list of the paths written.

    Raises:
        OutputDirError: the folder cannot be written.
    """
    folder = check_output_dir(directory)
    files = to_bytes(model, params)
    files[CARD_FILE] = format_model_json(model.firmware, model.architecture.describe()).encode()
    files[BOARD_FILE] = _as_json(model.board.to_json()).encode()
    # The file that `load` reads first is written last, so that an interrupted save is not taken for a complete one.
    for name in WRITTEN:
        write_file(folder / name, files[name])
    return [folder / name for name in WRITTEN]


def load(directory: str | os.PathLike[str]) -> tuple[Model, dict[str, Any]]:
    """Reads a folder that `save` has written; see `tsnas.load`.

    Args:
        directory: path of the folder.

    Returns:
        (model, params), as given to `save`.

    Raises:
        ModelFileError: a file that is missing, damaged, or from a newer version of tsnas.
    """
    if not isinstance(directory, str | os.PathLike):
        raise ModelFileError(f"directory={directory!r} is a {type(directory).__name__}; give the path of a folder.")
    folder = pathlib.Path(directory)
    try:
        files = {name: (folder / name).read_bytes() for name in READ}
    except (OSError, ValueError) as error:
        # A ValueError means that the path has characters that no file name may have, such as a null character.
        reason = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        raise ModelFileError(
            f"No saved classifier can be read from {str(folder)!r}: {reason}. "
            "Give the folder that `save` or `tsnas search --out` wrote."
        ) from None
    try:
        return from_bytes(files)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"The classifier saved in {folder} is damaged ({error}); save it again.") from error


def digest(directory: str | os.PathLike[str]) -> str | None:
    """Returns a digest of the files of a folder that `load` reads; None if one is missing."""
    found = hashlib.sha256()
    try:
        for name in READ:
            found.update(hashlib.sha256((pathlib.Path(directory) / name).read_bytes()).digest())
    except OSError:
        return None
    return found.hexdigest()


def to_bytes(model: Model, params: Mapping[str, Any]) -> dict[str, bytes]:
    """Returns the contents of the files by name, except for the card, which `load` does not read."""
    # Processes belong to the machine of the search, not to the model.
    plain = {name: value for name, value in params.items() if name != "n_jobs"}
    if isinstance(plain["board"], Board):
        plain["board"] = None
    elif not isinstance(plain["board"], str):
        plain["board"] = os.fspath(plain["board"])
    plain["space"] = space_to_json(plain["space"])
    if isinstance(plain.get("class_weight"), dict):
        # In JSON, keys of an object would all become text.
        plain["class_weight"] = list(map(list, plain["class_weight"].items()))
    if plain["directory"] is not None:
        plain["directory"] = os.fspath(plain["directory"])
    labels = model.classes
    state = {
        "format": FORMAT,
        "tsnas": __version__,
        "params": plain,
        "classes": labels.tolist(),
        "classes_dtype": labels.dtype.str,
        "board": model.board.to_json(),
        "standardization": model.standardizer.to_json(),
        "architecture": model.architecture.to_json(),
        "axes": model.axes,
        "signal": None if model.signal is None else model.signal.to_json(),
        "smooth": model.firmware.smooth,
        "seed": model.seed,
        "history": model.history,
        "data_summary": model.data_summary,
        "versions": model.versions,
        "plain_scores": model.plain_scores,
    }
    return {
        MODEL_FILE: model.tflite,
        FLOAT_FILE: keras_file(model.float_network, FLOAT_FILE),
        STATE_FILE: _as_json(state).encode(),
    }


def from_bytes(files: Mapping[str, bytes]) -> tuple[Model, dict[str, Any]]:
    """Returns the model and the parameters that were given to `to_bytes`."""
    state = _read_state(files[STATE_FILE])
    params = dict(state["params"])
    try:
        board = Board.from_json(state["board"])
        params["space"] = space_from_json(params["space"])
    except TsnasError as error:
        raise ModelFileError(f"{STATE_FILE} is damaged: {error}") from error
    if params["board"] is None:
        params["board"] = board
    if isinstance(params.get("class_weight"), list):
        params["class_weight"] = dict(params["class_weight"])
    tflite = files[MODEL_FILE]
    classes = _classes(state["classes"], state["classes_dtype"])
    standardizer = Standardizer.from_json(state["standardization"])
    architecture = Architecture.from_json(state["architecture"])
    signal = None if state.get("signal") is None else Signal.from_json(state["signal"])
    _check_fit(classes, standardizer, architecture, tflite)
    firmware = Firmware(tflite, board, state.get("smooth", 1))
    limits = _limits(firmware, params)
    network = raw_network(architecture.build(), standardizer)
    _load_weights(network, files[FLOAT_FILE])
    model = Model(
        firmware=firmware,
        float_network=network,
        limits=limits if signal is None else limits.with_deadline(signal.deadline_ms),
        estimate=estimate_tflite(tflite, board),
        architecture=architecture,
        standardizer=standardizer,
        classes=classes,
        axes=tuple((x, y, z) for x, y, z in state.get("axes", ())),
        signal=signal,
        seed=state["seed"],
        history=_completed(state["history"]),
        # Folders saved by earlier versions lack these three, and `smooth`.
        data_summary=state.get("data_summary"),
        versions=state.get("versions") or {"tsnas": state["tsnas"]},
        plain_scores=state.get("plain_scores"),
    )
    return model, params


def _limits(firmware: Firmware, params: Mapping[str, Any]) -> Limits:
    """Returns the limits of the fit, which the file keeps: parameters may have been set to others since."""
    names = [field.name for field in dataclasses.fields(Limits) if field.name != "margin"]
    given = firmware.metadata.get("limits", params)
    try:
        # Earlier versions held limits against the predicted values alone.
        return Limits(**{name: given.get(name) for name in names}, margin=given.get("margin") or EXPECTED)
    except TsnasError as error:
        raise ModelFileError(f"The limits in {MODEL_FILE} are damaged: {error}") from error


def _completed(history: dict[str, Any]) -> dict[str, Any]:
    """Returns the history, completed by the values of a contest that earlier versions did not store."""
    return history | {"contest": completed(history["contest"])} if history.get("contest") else history


def _read_state(content: bytes) -> dict[str, Any]:
    try:
        state = parse_json(content)
        version = state["format"]
    except (ValueError, TypeError, KeyError) as error:
        raise ModelFileError(f"{STATE_FILE} is not from `save`, or is damaged ({error}); save it again.") from None
    if version != FORMAT or isinstance(version, bool):
        raise ModelFileError(
            f"{STATE_FILE} has format {version!r} (tsnas {state.get('tsnas')!r}), but this tsnas {__version__} reads "
            f"format {FORMAT}; upgrade tsnas, or save the classifier again."
        )
    return state


def _classes(labels: Any, dtype: Any) -> np.ndarray:
    """Returns the class labels as an array of their original type."""
    kind = np.dtype(dtype)
    # A type with more characters than any label has would only take memory.
    if kind.kind not in "biuU" or kind.itemsize > 4 * MOST_CHARACTERS:
        raise ModelFileError(
            f"{STATE_FILE} is damaged: its classes have the type {dtype!r}; save the classifier again."
        )
    classes = check_labels(np.array(labels, dtype=kind), "classes")
    if classes.tolist() != labels:
        raise ModelFileError(f"{STATE_FILE} is damaged: its classes are not of type {dtype!r}; save it again.")
    return classes


def _check_fit(classes: np.ndarray, standardizer: Standardizer, architecture: Architecture, tflite: bytes) -> None:
    """Raises ModelFileError unless the parts belong together, before memory is allocated for the network."""
    graph = read_graph(tflite)
    sizes = (len(classes), len(standardizer.mean))
    if sizes != (architecture.classes, architecture.channels):
        raise ModelFileError(
            f"{STATE_FILE} has {sizes[0]} classes and a standardisation of {sizes[1]} channels for a network of "
            f"{architecture.classes} and {architecture.channels}; save the classifier again."
        )
    if [node.op for node in graph.nodes] != [node.op for node in architecture.graph().nodes]:
        raise ModelFileError(f"{MODEL_FILE} is not the network that {STATE_FILE} describes; save the classifier again.")


def _load_weights(network: keras.Model, content: bytes) -> None:
    try:
        load_weights(network, content, FLOAT_FILE, MOST_BYTES)
    except Exception as error:  # Keras passes on whatever the zip and HDF5 readers raise.
        raise ModelFileError(f"{FLOAT_FILE} does not hold the weights of this architecture: {error}") from error


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, default=lambda number: number.item()) + "\n"

"""Kept phases with anything in them are computed anew, or named by an error; they never end a job otherwise."""

import contextlib
import io
import json
import pickle

import numpy as np
import pytest
from fitted import TINY
from fuzzing import JSON_VALUES, altered, damaged, fuzzed
from hypothesis import given
from hypothesis import strategies as st

import tsnas
from tsnas.errors import TsnasError
from tsnas.job.checkpoints import Checkpoints

X = np.random.default_rng(0).normal(size=(24, 16, 1)).astype(np.float32)
Y = np.arange(24) % 2
PHASES = ("search", "train")


class Reached(Exception):  # noqa: N818 (no error: the job has come to its end)
    """The quantisation-aware training would begin, after all that was kept has been read."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The phases of a job that was interrupted, and a function that goes on with such a job."""
    folder = tmp_path_factory.mktemp("kept")
    trained = []

    class Training:
        def __init__(self, architecture, seed, augment):
            self.model = architecture.build(seed=seed)

        def run(self, *args, **kwargs):
            trained.append("train")
            return {"loss": [1.0], "accuracy": [0.5]}

    def training_of(*args):
        return contextlib.nullcontext(Training(*args))

    def selected(*args, **kwargs):
        trained.append("search")
        return a_selection()

    def quantised(*args, **kwargs):
        raise Reached

    def go_on(directory):
        trained.clear()
        clf = tsnas.AutoClassifier(
            seed=0,
            verbose=0,
            directory=directory,
            epochs=1,
            space=tsnas.SpaceConfig(4, 4, 8, 8, (3,), extra_fusion_cells=0),
        )
        try:
            clf.fit(X, Y)
        except (Reached, TsnasError):
            return list(trained)
        raise AssertionError("the end was not reached")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tsnas.job.training.training_of", training_of)
        patch.setattr("tsnas.job.pipeline.select", selected)
        patch.setattr("tsnas.job.training.train_quantised", quantised)
        assert go_on(folder) == ["search", "train"]
        assert go_on(folder) == []
        yield folder, go_on


def a_selection():
    from tsnas.cost.estimate import estimate_graph
    from tsnas.job.selection import Selected
    from tsnas.search.derive import Candidate

    graph = TINY.graph()
    return Selected(Candidate(TINY, estimate_graph(graph, "nucleo_f446re")), {"search": {"loss": [1.0]}}, 0.1, {})


def content_of(path):
    with np.load(path) as content:
        arrays = [content[f"array_{index}"] for index in range(len(content.files) - 2)]
        return json.loads(str(content["values"])), arrays, str(content["digest"])


def packed(values, arrays, digest="0" * 64):
    """A phase as another program might write it, which cannot know the digest."""
    buffer = io.BytesIO()
    named = {f"array_{i}": array for i, array in enumerate(arrays)}
    np.savez(buffer, values=np.array(json.dumps(values)), digest=np.array(digest), **named)
    return buffer.getvalue()


def gone_on(kept, phase, content):
    """Goes on from kept phases of which one has been replaced; says what was computed anew."""
    folder, go_on = kept
    copy = folder.parent / "changed"
    copy.mkdir(exist_ok=True)
    for name in PHASES:
        (copy / f"phase_{name}.npz").write_bytes((folder / f"phase_{name}.npz").read_bytes())
    (copy / f"phase_{phase}.npz").write_bytes(content)
    return go_on(copy)


@fuzzed(12)
@given(st.data())
def test_bytes(kept, data):
    phase = data.draw(st.sampled_from(PHASES))
    content = (kept[0] / f"phase_{phase}.npz").read_bytes()
    gone_on(kept, phase, data.draw(damaged(content)))


@fuzzed(12)
@given(st.data())
def test_values(kept, data):
    phase = data.draw(st.sampled_from(PHASES))
    values, arrays, digest = content_of(kept[0] / f"phase_{phase}.npz")
    changed = data.draw(st.one_of(altered(values), altered(values, 5), JSON_VALUES))
    anew = gone_on(kept, phase, packed(changed, arrays, data.draw(st.sampled_from([digest, "", "0" * 64]))))
    assert phase in anew or json.dumps(changed) == json.dumps(values)


@fuzzed(8)
@given(st.data())
def test_weights(kept, data):
    values, arrays, digest = content_of(kept[0] / "phase_train.npz")
    place = data.draw(st.integers(0, len(arrays) - 1))
    odd = [
        arrays[place][..., :-1],
        arrays[place].astype(str),
        arrays[place] * np.nan,
        np.zeros((0,), np.float32),
        np.array("text"),
        arrays[place].astype(np.complex64),
    ]
    action = data.draw(st.integers(0, len(odd) + 1))
    if action < len(odd):
        arrays[place] = odd[action]
    elif action == len(odd):
        del arrays[place]
    else:
        arrays.append(arrays[place])
    assert gone_on(kept, "train", packed(values, arrays, digest)) == ["train"]


@pytest.mark.parametrize("content", [b"", b"[]", pickle.dumps({"values": 1}), b"PK\x03\x04" + b"\0" * 60])
@pytest.mark.parametrize("phase", PHASES)
def test_what_is_no_phase_is_computed_anew(kept, phase, content):
    assert phase in gone_on(kept, phase, content)


def test_what_is_whole_is_gone_on_with(kept):
    assert gone_on(kept, "train", packed(*content_of(kept[0] / "phase_train.npz"))) == []


def test_pickled_arrays_are_not_unpickled(kept, tmp_path):
    values, _, digest = content_of(kept[0] / "phase_search.npz")

    class Touch:
        def __reduce__(self):
            return (open, (str(tmp_path / "touched"), "w"))

    buffer = io.BytesIO()
    touch = np.array([Touch()], dtype=object)
    np.savez(buffer, values=np.array(json.dumps(values)), digest=np.array(digest), array_0=touch)
    assert gone_on(kept, "search", buffer.getvalue())[0] == "search"
    assert not (tmp_path / "touched").exists()


def test_a_folder_or_a_link_to_nowhere_in_the_place_of_a_phase(tmp_path):
    (tmp_path / "phase_search.npz").mkdir()
    (tmp_path / "phase_train.npz").symlink_to(tmp_path / "nowhere")
    checkpoints = Checkpoints(tmp_path, [1])
    assert checkpoints.load("search") is None
    assert checkpoints.load("train") is None
    with pytest.raises(TsnasError):
        checkpoints.save("search", {})
    checkpoints.save("train", {"a": 1})
    assert checkpoints.load("train") == ({"a": 1}, [])

"""What standard tools show of a .tflite file: a description with the classes, and names of its input and output."""

import pytest
from ai_edge_litert import schema_py_generated as schema
from random_architectures import random_architecture

from tsnas.tflite.graph_writer import graph_file
from tsnas.tflite.metadata import embed_metadata, read_metadata
from tsnas.tflite.parser import parse_model

FILE = graph_file(random_architecture(0).graph())


@pytest.mark.parametrize(
    ("classes", "description"),
    [
        (["run", "sit"], b"Classes: run, sit"),
        (["höher"], "Classes: höher".encode()),
        ([f"class_{i}" for i in range(99)], b"Classes: " + b", ".join(b"class_%d" % i for i in range(9)) + b", ..."),
        ([], None),
    ],
)
def test_the_description_has_the_classes_and_is_short(classes, description):
    file = embed_metadata(FILE, {"classes": classes})
    # Read as any other program would.
    model = schema.Model.GetRootAs(file, 0)
    assert model.Description() == description
    assert read_metadata(file) == {"classes": classes}
    assert len(description or b"") <= 100


def test_the_description_is_that_of_the_last_metadata():
    file = embed_metadata(FILE, {"classes": ["run"]})
    assert parse_model(embed_metadata(file, {"seed": 1})).description is None
    assert embed_metadata(file, {"classes": ["run"]}) == file


def test_the_description_costs_what_it_says():
    short, long = (len(embed_metadata(FILE, {"classes": [name]})) for name in ("a", "a" * 41))
    # Once as JSON and once in the description.
    assert abs(long - short - 80) <= 8

"""Choices of the cells of a supernet: drawn at random, and as one-hot decisions."""

import tensorflow as tf


def one_hot(supernet, choices):
    """Decisions of a supernet that are certain of the choices."""
    return [
        {name: tf.one_hot(choice.get(name, 0), len(group.options)) for name, group in cell.groups.items()}
        for cell, choice in zip(supernet.cells, choices, strict=True)
    ]


def random_choices(supernet, rng):
    """One row of `SearchCell.enumerate` for each cell."""
    return [cell.enumerate()[rng.integers(len(cell.enumerate()))] for cell in supernet.cells]

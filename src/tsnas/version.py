"""The version of tsnas, which saved models, reports and exported files name."""

__version__ = "0.1.0"

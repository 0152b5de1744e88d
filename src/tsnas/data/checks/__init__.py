"""Checks sensor data for problems before a search."""

from tsnas.data.checks.report import ChannelSummary, DataReport, Finding
from tsnas.data.checks.run import check

__all__ = ["ChannelSummary", "DataReport", "Finding", "check"]

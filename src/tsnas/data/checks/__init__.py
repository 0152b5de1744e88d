"""Checks sensor data for problems before a search."""

from tsnas.data.checks.classes import warn_of_few_windows
from tsnas.data.checks.no_sensor import warn_of_channels
from tsnas.data.checks.report import ChannelSummary, DataReport, Finding
from tsnas.data.checks.run import check

__all__ = ["ChannelSummary", "DataReport", "Finding", "check", "warn_of_channels", "warn_of_few_windows"]

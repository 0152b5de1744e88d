"""What can be wrong with sensor data before a network is searched for it."""

from tsnas.data.checks.report import ChannelSummary, DataReport, Finding
from tsnas.data.checks.run import check

__all__ = ["ChannelSummary", "DataReport", "Finding", "check"]

"""Workers for tests that need no TensorFlow in them."""

import calls
import pytest

from tsnas.workers import executor


@pytest.fixture
def light(monkeypatch):
    """Workers without TensorFlow, which takes seconds to import; they end with the test."""
    monkeypatch.setattr(executor, "start", calls.unprepared)
    yield
    executor.end_processes()

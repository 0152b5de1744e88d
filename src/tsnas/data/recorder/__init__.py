"""Records lines of numbers from a serial port."""

from tsnas.data.recorder.session import Recorded, record

__all__ = ["Recorded", "record"]

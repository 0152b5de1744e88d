"""Records what a board sends to a serial port."""

from tsnas.data.recorder.session import Recorded, record
from tsnas.data.recorder.sketch import write_sketch

__all__ = ["Recorded", "record", "write_sketch"]

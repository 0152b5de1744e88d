"""Serial ports by the URLs of pyserial, with errors that say what to do; bytes are read as they come."""

from __future__ import annotations

import errno
import os
import select
from typing import Any

import serial

from tsnas.errors import PortError

MOST_BYTES = 65536
LISTED = "`python -m serial.tools.list_ports` lists the ports."


def open_port(url: str, baud: int) -> Any:
    """Opens a port.

    Args:
        url: str, any URL of pyserial, such as `"/dev/ttyACM0"`, `"socket://127.0.0.1:5555"` or a pty.
        baud: int, bits per second.

    Raises:
        PortError: the port does not exist, is in use, or may not be opened.
    """
    try:
        return serial.serial_for_url(url, baudrate=baud)
    except ValueError as error:
        raise PortError(
            f"Port {url!r} is neither a device nor a URL that pyserial knows ({error}). {LISTED}"
        ) from error
    except (serial.SerialException, OSError) as error:
        raise PortError(f"Port {url!r} cannot be opened: {_explain(url, error)}") from error


def read_available(port: Any, timeout_s: float) -> bytes:
    """Reads what has arrived, and waits for it if there is nothing yet.

    pyserial's own `read` drops what it has read if the port closes meanwhile; so a descriptor is read directly where a
    port has one.

    Args:
        port: port of pyserial.
        timeout_s: float, longest wait.

    Returns:
        bytes, none if nothing arrives in time.

    Raises:
        PortError: the port has closed, such as when a board is unplugged.
    """
    try:
        try:
            number = port.fileno()
        except (AttributeError, OSError):  # Also io.UnsupportedOperation.
            port.timeout = timeout_s
            return bytes(port.read(max(1, port.in_waiting)))
        if not select.select([number], [], [], timeout_s)[0]:
            return b""
        found = os.read(number, MOST_BYTES)
    except BlockingIOError:
        return b""
    except (serial.SerialException, OSError, TypeError, ValueError) as error:
        raise PortError(f"Port {port.name!r} has closed ({error}).") from error
    if not found:
        raise PortError(f"Port {port.name!r} has closed.")
    return found


def _explain(url: str, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == 13 or "Permission denied" in str(error):
        return "permission denied. Add yourself to its group (often: sudo usermod -aG dialout $USER) and log in again."
    if "://" not in url and not os.path.exists(url):
        return f"there is no such device. Plug the board in; {LISTED}"
    if number == errno.EBUSY:
        return "it is in use. Close the program that has it open, such as a serial monitor."
    # pyserial's own text has that of the system in it, and the port once more.
    cause = error.__context__
    why = cause.strerror if isinstance(cause, OSError) and cause.strerror else os.strerror(number) if number else error
    if "://" in url:
        return f"{why}. Is what listens there running?"
    return f"{why}. Is it a serial port? {LISTED}"

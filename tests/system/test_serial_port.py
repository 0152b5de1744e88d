"""Ports that cannot be opened: what is wrong is said once, with what to do."""

import socket

import pytest

from tsnas.errors import PortError
from tsnas.system.serial_port import open_port


@pytest.mark.parametrize("url", ["foo", "/dev/ttyNONE", "ttyACM0"])
def test_a_device_that_does_not_exist_is_named(url):
    with pytest.raises(PortError) as error:
        open_port(url, 115200)
    assert str(error.value) == (
        f"Port {url!r} cannot be opened: there is no such device. Plug the board in; `python -m "
        "serial.tools.list_ports` lists the ports."
    )


def test_what_is_no_port_is_told_so(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("no port")
    for path in (tmp_path, file):
        with pytest.raises(PortError, match=r"Is it a serial port\? `python -m serial.tools.list_ports`") as error:
            open_port(str(path), 115200)
        assert str(error.value).count(str(path)) == 1
        assert "Errno" not in str(error.value)


def test_a_socket_where_nothing_listens_is_told_so():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"socket://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(PortError, match=r"refused\. Is what listens there running\?") as error:
            open_port(url, 115200)
    assert str(error.value).count(url) == 1


def test_an_unknown_url_is_told_so():
    with pytest.raises(PortError, match=r"neither a device nor a URL .* lists the ports"):
        open_port("carrier://pigeon", 115200)

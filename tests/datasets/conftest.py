"""What tests of data sets share: no copies and no cache of the user's own, and a server that can misbehave."""

import http.server
import threading

import pytest


@pytest.fixture(autouse=True)
def own_places(monkeypatch, tmp_path):
    """The cache is tmp_path/cache, and TSNAS_DATA is not set."""
    monkeypatch.delenv("TSNAS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def server():
    """Serves `server.content` at `server.url`; claims `server.claimed` bytes, and answers `server.status`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            own.requests += 1
            self.send_response(own.status)
            if own.claimed is not None:
                self.send_header("Content-Length", str(own.claimed))
            self.end_headers()
            self.wfile.write(own.content)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as own:
        own.content, own.claimed, own.status, own.requests = b"", None, 200, 0
        own.url = f"http://127.0.0.1:{own.server_port}/archive.zip"
        thread = threading.Thread(target=own.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield own
        own.shutdown()
        thread.join()

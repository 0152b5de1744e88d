"""Drives a headless Chromium over a pair of pipes: what a page looks like, what it says, and how it prints."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "chromium-headless-shell")
INSTALL = "sudo apt-get install chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


def executable():
    """Path of the browser: $TSNAS_BROWSER, else the first that is installed; None if there is none."""
    return os.environ.get("TSNAS_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a headless Chromium, driven by the DevTools protocol: JSON and zero bytes, on descriptors 3 and 4.

    Example:
        >>> with Browser() as browser:
        ...     browser.open("report.html", width=390, dark=True)
        ...     browser.evaluate("document.title")
    """

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        profile = self._stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()

        def descriptors():
            # By way of high numbers, since either end may already be 3 or 4.
            os.dup2(theirs_in, 103)
            os.dup2(theirs_out, 104)
            os.dup2(103, 3)
            os.dup2(104, 4)

        self._process = subprocess.Popen(
            [executable(), *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=descriptors,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(self._process.wait, 10)
        self._stack.callback(self._process.kill)
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer, self._count, self._session, self.complaints = b"", 0, None, []
        targets = self._call("Target.getTargets")["targetInfos"]
        target = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        self._stack.close()
        os.close(self._in)
        os.close(self._out)

    def open(self, path, width=1280, height=800, dark=False, scale=1):
        """Shows a file; `complaints` has what it complains of from now on, and `requests` what it asks for."""
        self.complaints, self.requests = [], []
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self._loaded = False
        self._call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        while not self._loaded:
            self._hear()

    def evaluate(self, expression):
        """Value of an expression of JavaScript."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self, whole=True):
        """The page as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def pdf(self):
        """The page as it prints."""
        return base64.b64decode(self._call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def _call(self, method, **params):
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._hear()
            if answer.get("id") == self._count:
                assert "error" not in answer, f"{method}: {answer}"
                return answer["result"]

    def _hear(self):
        while b"\0" not in self._buffer:
            part = os.read(self._in, 1 << 16)
            assert part, "the browser has ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(message)
        method = message.get("method")
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        elif method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.complaints.append(message["params"])
        return message

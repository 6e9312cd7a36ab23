"""A headless Chromium with a mouse and a keyboard, over its DevTools protocol on a pipe, without any driver."""

from __future__ import annotations

import base64
import io
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_PATIENCE = 60.0

# The browser reads its orders from 3 and answers on 4. Shells cannot be relied on to move numbers above 9 there.
_START = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(number), fcntl.F_DUPFD_CLOEXEC, 10) for number in sys.argv[1:3]]
for pipe, number in zip(pipes, (3, 4)):
    os.dup2(pipe, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Page:
    """One open tab.

    Attributes:
        requests: addresses of everything that it asked for.
        complaints: what it wrote into its console: errors of scripts, and violations of its policy.
    """

    def __init__(self, sending: int, receiving: int) -> None:
        self._sending, self._receiving = sending, receiving
        self._unread = b""
        self._count = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def size(self, width: int, height: int, dark: bool = False) -> None:
        """Sets the window's size in CSS pixels, and what the user prefers."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, path: Path, fragment: str = "") -> None:
        """Loads a file, as if for the first time."""
        self._call("Page.navigate", url="about:blank")
        self._call("Page.navigate", url=f"{path.as_uri()}#{fragment}")
        self.wait_for("document.readyState === 'complete' && location.protocol === 'file:'")

    def wait_for(self, condition: str) -> None:
        """Waits for an expression to become true."""
        deadline = time.monotonic() + _PATIENCE
        while self.ask(condition) is not True:
            assert time.monotonic() < deadline, f"it never came true that {condition}"
            time.sleep(0.02)

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def center(self, selector: str) -> tuple[float, float]:
        """Where an element is in the window, after scrolling to it."""
        frame = self.ask(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            "found.scrollIntoView({block: 'center', inline: 'center'});"
            "const r = found.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; })()"
        )
        return frame[0], frame[1]

    def click(self, selector: str) -> None:
        self.drag(self.center(selector), (0, 0))

    def drag(self, start: tuple[float, float], by: tuple[float, float]) -> None:
        """Presses the mouse's button, moves and lets go."""
        end = (start[0] + by[0], start[1] + by[1])
        for kind, (x, y) in (
            ("mouseMoved", start),
            ("mousePressed", start),
            ("mouseMoved", end),
            ("mouseReleased", end),
        ):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def press(self, key: str, code: int) -> None:
        """Presses a key on what has the focus; `code` is its Windows virtual key code."""
        text = {"text": "\r"} if key == "Enter" else {}
        self._call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **text)
        self._call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def screenshot(self, whole: bool = False) -> np.ndarray:
        """The window, or the whole page, as uint8 (H, W, 3)."""
        taken = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(taken["data"]))).convert("RGB"))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._sending, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._count:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        given = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(given["request"]["url"])
        elif event.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.complaints.append(json.dumps(given))

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._receiving], [], [], _PATIENCE)
            content = os.read(self._receiving, 1 << 20) if ready else b""
            assert content, "the browser is silent"
            self._unread += content
        line, self._unread = self._unread.split(b"\0", 1)
        return json.loads(line)


@contextmanager
def open_browser(profile: Path) -> Iterator[Page]:
    """A tab of a browser of its own, which ends with the block.

    Args:
        profile: a new folder for it.
    """
    to_browser, from_browser = os.pipe(), os.pipe()
    arguments = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        "--hide-scrollbars", "--force-color-profile=srgb", f"--user-data-dir={profile}", "--remote-debugging-pipe",
    ]  # fmt: skip
    # It leads a process group, so that its helpers can be ended with it.
    pipes = (to_browser[0], from_browser[1])
    command = [sys.executable, "-c", _START, *map(str, pipes), str(CHROMIUM), *arguments]
    process = subprocess.Popen(
        command,
        pass_fds=pipes,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(to_browser[0])
    os.close(from_browser[1])
    try:
        yield Page(to_browser[1], from_browser[0])
    finally:
        os.close(to_browser[1])
        try:
            process.wait(20)  # it ends when its pipe does
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
        os.close(from_browser[0])

"""`run_train.py` or `run_test.py` as a warm process of which a test hears what it says while it runs."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple

from tests.warm import WarmProcess

ROOT = Path(__file__).parents[2]


class Finished(NamedTuple):
    """How a process ended, and what it said."""

    code: int
    output: str


class WatchedProcess:
    """A process that is running; leaving it as a context manager kills it.

    What it says comes through a pipe, because a limit of its files would hold for a file, too.

    Args:
        script: `run_train.py` or `run_test.py`.
        arguments: its command line.
        folder: where the pipe can lie, the traceback of an error, and modules that it can import.
        max_file_bytes: as for `WarmProcess`.
        say_to: a file that takes what it says instead.
    """

    def __init__(
        self, script: str, *arguments: str, folder: Path, max_file_bytes: int | None = None, say_to: str | None = None
    ) -> None:
        pipe = folder / f"output{time.monotonic_ns()}"
        self._lines: list[str] = []
        self._reader: threading.Thread | None = None
        if say_to is None:
            os.mkfifo(pipe)
            self._reader = threading.Thread(target=self._collect, args=(pipe,), daemon=True)
            self._reader.start()
        self._process = WarmProcess(
            [str(ROOT / script), *arguments],
            Path(say_to or pipe),
            env={**os.environ, "PYTHONPATH": str(folder)},
            max_file_bytes=max_file_bytes,
            traceback=folder / "traceback",
        )

    def __enter__(self) -> WatchedProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def wait(self, seconds: float = 300) -> Finished:
        """Waits for its end."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"still running:\n{self.output}") from error
        if self._reader is not None:
            self._reader.join(60)
        return Finished(code, self.output)

    def wait_for(self, text: str, seconds: float = 300) -> None:
        """Waits until it has said something."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert self._process.poll() is None, f"it ended without saying {text!r}:\n{self.output}"
            assert time.monotonic() < deadline, f"it does not say {text!r}:\n{self.output}"
            time.sleep(0.02)

    def _collect(self, pipe: Path) -> None:
        with open(pipe, encoding="utf-8") as file:
            for line in file:
                self._lines.append(line)
        pipe.unlink()


def run(script: str, *arguments: str, folder: Path, max_file_bytes: int | None = None) -> Finished:
    """Starts a process and waits for its end."""
    with WatchedProcess(script, *arguments, folder=folder, max_file_bytes=max_file_bytes) as process:
        return process.wait()

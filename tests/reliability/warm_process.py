"""Whole processes without the seconds that their imports take: each is forked from one that has them done.

It runs `run_train.py` or `run_test.py` as `__main__`, and has an id, limits, signals and an exit code of its own.
"""

from __future__ import annotations

import os
import resource
import runpy
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import NamedTuple

from tests.warm import CONTEXT

ROOT = Path(__file__).parents[2]


class Finished(NamedTuple):
    """How a process ended, and what it said."""

    code: int | None
    output: str


class WarmProcess:
    """A process that is running; leaving it as a context manager kills it.

    Args:
        script: `run_train.py` or `run_test.py`.
        arguments: its command line.
        folder: where a pipe for what it says can lie, and modules that it can import.
        max_file_bytes: no file that it writes may grow larger (RLIMIT_FSIZE): what a disk quota does.
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
        job = (script, arguments, str(folder), say_to or str(pipe), max_file_bytes)
        self._process = CONTEXT.Process(target=_run, args=job)
        self._process.start()

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.join()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def wait(self, seconds: float = 300) -> Finished:
        """Waits for its end."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, f"still running:\n{self.output}"
        if self._reader is not None:
            self._reader.join(60)
        return Finished(self._process.exitcode, self.output)

    def wait_for(self, text: str, seconds: float = 300) -> None:
        """Waits until it has said something."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert self._process.is_alive(), f"it ended without saying {text!r}:\n{self.output}"
            assert time.monotonic() < deadline, f"it does not say {text!r}:\n{self.output}"
            time.sleep(0.02)

    def _collect(self, pipe: Path) -> None:
        with open(pipe, encoding="utf-8") as file:
            for line in file:
                self._lines.append(line)
        pipe.unlink()


def run(script: str, *arguments: str, folder: Path, max_file_bytes: int | None = None) -> Finished:
    """Starts a process and waits for its end."""
    with WarmProcess(script, *arguments, folder=folder, max_file_bytes=max_file_bytes) as process:
        return process.wait()


def _run(script: str, arguments: tuple[str, ...], folder: str, output: str, max_file_bytes: int | None) -> None:
    descriptor = os.open(output, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    if max_file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
    sys.path.insert(0, folder)
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(str(ROOT / script), run_name="__main__")
    except Exception:  # what it says may go nowhere
        (Path(folder) / "traceback").write_text(traceback.format_exc())
        raise

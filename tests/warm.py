"""Whole processes without the seconds that their imports take: each is forked from one that has them done.

Like a process that `subprocess` starts, each has its own id, session, environment, signals and exit code.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import runpy
import subprocess
import sys
import tempfile
import traceback as tracebacks
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "hyperthumb.training.build",
        "hyperthumb.training.main",
        "hyperthumb.evaluation.testing",
        "torch._dynamo",  # the first optimizer of a process imports it
        "torch.utils.tensorboard",
    ]
)


class _Job(NamedTuple):
    words: tuple[str, ...]
    cwd: str
    environment: dict[str, str]
    stdout: str
    stderr: str
    max_file_bytes: int | None
    traceback: Path | None


class WarmProcess:
    """A running Python process in its own session, with the methods of `subprocess.Popen` that the tests use.

    Args:
        words: what follows `python` on the command line: a script, or -m and a module, and arguments.
        stdout: the file that takes its output; a pipe must have a reader.
        stderr: the file that takes its messages; None for that of `stdout`.
        cwd: its working directory; None for this process's.
        env: its environment; None for this process's.
        max_file_bytes: no file that it writes may grow larger (RLIMIT_FSIZE): what a disk quota does.
        traceback: a file for the traceback of an error, because what the process says may go nowhere.
    """

    def __init__(
        self,
        words: Sequence[str],
        stdout: Path,
        stderr: Path | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        max_file_bytes: int | None = None,
        traceback: Path | None = None,
    ) -> None:
        job = _Job(
            tuple(map(str, words)), str(cwd or Path.cwd()), dict(os.environ if env is None else env),
            str(stdout), str(stderr or stdout), max_file_bytes, traceback,
        )  # fmt: skip
        for path in map(Path, {job.stdout, job.stderr}):
            if not path.is_fifo():
                path.write_bytes(b"")
        self._process = CONTEXT.Process(target=_run, args=(job,))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("a warm process", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def run_warm(
    words: Sequence[str], cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Runs a process to its end, as `subprocess.run` does with `capture_output` and `text`."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = WarmProcess(words, out, err, cwd, env)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(list(words), code, out.read_text(), err.read_text())


def _run(job: _Job) -> None:
    os.setsid()
    for number, path in ((1, job.stdout), (2, job.stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), number)
    os.chdir(job.cwd)
    os.environ.clear()
    os.environ.update(job.environment)
    tempfile.tempdir = None  # TMPDIR may be another
    if job.max_file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.max_file_bytes, job.max_file_bytes))
    try:
        _run_words(job)
    except Exception:
        if job.traceback is not None:
            job.traceback.write_text(tracebacks.format_exc())
        raise


def _run_words(job: _Job) -> None:
    given = [path for path in job.environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    if job.words[0] == "-m":
        sys.path[:0] = [job.cwd, *given]
        sys.argv = list(job.words[1:])
        runpy.run_module(job.words[1], run_name="__main__", alter_sys=True)
    else:
        sys.path[:0] = [str(Path(job.words[0]).resolve().parent), *given]
        sys.argv = list(job.words)
        runpy.run_path(job.words[0], run_name="__main__")

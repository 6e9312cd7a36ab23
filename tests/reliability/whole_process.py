"""A training of the tiny network as a whole process: started, watched from outside, stopped; and what it leaves."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.support import tiny_training, write_options
from tests.warm import WarmProcess

ROOT = Path(__file__).parents[2]


class Training:
    """One experiment in a folder of its own, and the processes that work on it one after the other.

    Args:
        folder: is made; holds options, photographs, experiment and temporary files.
        changes: as for `tiny_training`.
    """

    def __init__(self, folder: Path, **changes: object) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.folder, self.root, self.output = folder, folder / "experiments/tiny", folder / "output"
        self.options = write_options(folder / "options.yml", tiny_training(folder, **changes))

    def start(self, *arguments: str) -> WarmProcess:
        """A process group of its own; `output` holds what this one says."""
        words = [str(ROOT / "run_train.py"), "-opt", str(self.options), *arguments]
        return WarmProcess(words, self.output, env={**os.environ, "TMPDIR": str(self.temporary)})

    def finish(self, *arguments: str) -> None:
        """Trains to the end."""
        process = self.start(*arguments)
        assert process.wait(timeout=600) == 0, self.said()

    def said(self) -> str:
        return self.output.read_text()

    def iteration(self) -> int:
        """The newest iteration that this process has reported; 0 before the first."""
        reports = re.findall(r"iter ([\d,]+)/", self.said())
        return int(reports[-1].replace(",", "")) if reports else 0

    def states(self) -> list[int]:
        return sorted(int(path.stem) for path in (self.root / "training_states").glob("*.state"))


def wait_for(condition: Callable[[], bool], process: WarmProcess, training: Training) -> None:
    """Returns once something holds; fails when the process ends before that."""
    deadline = time.monotonic() + 240
    while not condition():
        assert process.poll() is None, f"the run ended by itself:\n{training.said()}"
        assert time.monotonic() < deadline, f"not in time:\n{training.said()}"
        time.sleep(0.005)


def freeze(pid: int) -> None:
    """SIGSTOP, and returns when every thread of the process stands still."""
    os.kill(pid, signal.SIGSTOP)
    tasks = Path(f"/proc/{pid}/task")
    while any(_state(task) not in "TtZX" for task in tasks.iterdir()):
        time.sleep(0.0005)


def _state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


def children(pid: int) -> list[int]:
    """The data workers of a training: all that it has forked."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    """False for a process that is gone, and for one that only waits to be reaped."""
    try:
        return _state(Path(f"/proc/{pid}")) not in "ZX"
    except OSError:
        return False


def wait_until_gone(pids: list[int], seconds: float) -> float:
    """Returns after how many seconds no process of these runs; fails after `seconds`."""
    started = time.monotonic()
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() - started < seconds, f"{sum(map(is_running, pids))} of {len(pids)} still run"
        time.sleep(0.02)
    return time.monotonic() - started

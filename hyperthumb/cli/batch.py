"""Processes a list of files, several at a time, and reports them in order. A failure does not stop the others."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, NamedTuple

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.output import emit
from hyperthumb.base.progress import listening
from hyperthumb.base.wording import printable

from .messages import collected_notes, warnings_as_notes
from .streams import STANDARD_OUTPUT, shown
from .targets import Job

Status = Literal["done", "failed", "skipped"]

BAR_DELAY = 0.5
"""Seconds after which a single picture gets a progress bar."""


class Result(NamedTuple):
    """The result of a command for one file: what is printed after the file's name, and what `--json` adds."""

    text: str
    values: dict[str, Any]


class Outcome(NamedTuple):
    """The outcome for one file: the result if it is done, else the problem; warnings about it, and the time it took."""

    job: Job
    status: Status
    result: Result | None
    problem: str | None
    notes: tuple[str, ...]
    seconds: float


Work = Callable[[Path, Path | None], Result]
"""Maps source and target (None for commands that write nothing) to the result."""


def outcomes(jobs: Sequence[Job], work: Work, workers: int) -> Iterator[Outcome]:
    """Does the jobs, `workers` at a time, and yields the outcomes in order.

    It uses threads, because they share the network, and because decoding, networks and encoding release Python's lock.
    """
    if workers == 1:  # in this thread, where Ctrl+C stops a job at once
        yield from (_attempt(job, work, workers) for job in jobs)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Outcome]] = deque()
        try:
            for job in jobs:
                if len(waiting) >= 4 * workers:  # limits the number of outcomes that wait to be reported
                    yield waiting.popleft().result()
                waiting.append(pool.submit(_attempt, job, work, workers))
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def run_batch(jobs: Sequence[Job], work: Work, workers: int, verb: str, arguments: argparse.Namespace) -> int:
    """Does the jobs, `workers` at a time. Prints results to stdout (`--json`: one object per line), errors to stderr.

    `verb`, such as "compressed", is for the summary at the end. `--quiet` omits successful files from the text output.

    Returns:
        The exit code.
    """
    counts: dict[Status, int] = {"done": 0, "failed": 0, "skipped": 0}
    bar: Any = None
    if len(jobs) > 1 and sys.stderr.isatty():
        from tqdm import tqdm

        bar = tqdm(total=len(jobs), desc=verb, unit="file", file=sys.stderr, leave=False)
    elif sys.stderr.isatty():
        work = partial(_with_bar, work, verb)
    with warnings_as_notes(), bar or nullcontext():
        for outcome in outcomes(jobs, work, workers):
            counts[outcome.status] += 1
            if bar is not None:
                bar.update()
            with bar.external_write_mode(sys.stderr) if bar is not None else nullcontext():  # draws the bar again
                _tell(outcome, arguments.json, arguments.quiet)
    if len(jobs) > 1 and (counts["done"] < len(jobs) or not arguments.quiet):
        sums = [f"{counts['done']} of {len(jobs)} {verb}"]
        sums += [f"{counts[status]} {status}" for status in ("failed", "skipped") if counts[status]]
        print(", ".join(sums), file=sys.stderr)
    return 1 if counts["failed"] else 0


def _attempt(job: Job, work: Work, workers: int) -> Outcome:
    if job.problem is not None:
        return Outcome(job, "skipped" if job.skipped else "failed", None, job.problem, (), 0.0)
    start = perf_counter()
    with collected_notes() as notes:
        try:
            result, problem = work(job.source, job.target), None
        except HyperthumbError as error:
            result, problem = None, str(error).removeprefix(f"{job.source}: ")
        except Exception as error:
            result, problem = None, _name_unexpected(error, workers)
    status: Status = "done" if problem is None else "failed"
    return Outcome(job, status, result, problem, tuple(notes), perf_counter() - start)


def _name_unexpected(error: Exception, workers: int) -> str:
    text = str(error).partition("\n")[0]
    if isinstance(error, MemoryError) or "out of memory" in text.lower() or "can't allocate memory" in text.lower():
        remedy = "use fewer --jobs or a smaller --tile" if workers > 1 else "use a smaller --tile"
        return f"there is not enough memory for this picture; {remedy}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"a bug in hyperthumb, please report it: {type(error).__name__}: {text} "
        f"({Path(place.filename).name}, line {place.lineno})"
    )


def _with_bar(work: Work, verb: str, source: Path, target: Path | None) -> Result:
    """Does the work for a single file. If it takes long, a bar shows how much of the picture is done."""
    from tqdm import tqdm

    form = "{desc}: {percentage:3.0f}%|{bar}|"
    bar = tqdm(total=1, desc=verb, delay=BAR_DELAY, bar_format=form, file=sys.stderr, leave=False)

    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    with bar, listening(show):
        return work(source, target)


def _tell(outcome: Outcome, as_json: bool, quiet: bool) -> None:
    if as_json:
        emit(json.dumps(_as_json(outcome), allow_nan=False))
    source, target = printable(shown(outcome.job.source)), outcome.job.target
    if outcome.result is not None and not as_json and not quiet:
        arrow = "" if target is None else f" -> {printable(shown(target))}"
        text = f"{source}{arrow}: {outcome.result.text}".replace(": \n", ":\n", 1)
        if target is None:  # no file is written, so the text is the result
            emit(text)
        else:
            print(text, file=sys.stderr if target == STANDARD_OUTPUT else sys.stdout, flush=True)
    for sentence in outcome.notes:
        print(f"warning: {source}: {printable(sentence)}", file=sys.stderr, flush=True)
    if outcome.status == "failed":
        print(f"error: {source}: {printable(outcome.problem or '')}", file=sys.stderr, flush=True)


def _as_json(outcome: Outcome) -> dict[str, object]:
    said: dict[str, object] = {"input": shown(outcome.job.source), "status": outcome.status}
    if outcome.job.target is not None:
        said["output"] = str(outcome.job.target)
    if outcome.problem is not None:
        said["reason"] = outcome.problem
    if outcome.result is not None:
        said |= outcome.result.values
    return said | {"notes": list(outcome.notes), "seconds": round(outcome.seconds, 3)}

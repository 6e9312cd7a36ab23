from __future__ import annotations

import argparse
import json
import threading
import time
import warnings
from pathlib import Path

import pytest
import torch

from hyperthumb.base.errors import CorruptImageError, HyperthumbError
from hyperthumb.cli.batch import Result, outcomes, run_batch
from hyperthumb.cli.messages import note
from hyperthumb.cli.targets import Job


def in_letters(length: int) -> Result:
    return Result(f"{length} letters", {"length": length})


def jobs(*names: str) -> list[Job]:
    return [Job(Path(name), Path(f"{name}.out")) for name in names]


def run(work: object, todo: list[Job], workers: int = 1, as_json: bool = False, quiet: bool = False) -> int:
    return run_batch(todo, work, workers, "measured", argparse.Namespace(json=as_json, quiet=quiet))


def measure(source: Path, target: Path | None) -> Result:
    if source.name == "bad":
        raise HyperthumbError("this is no good")
    if source.name == "corrupt":
        raise CorruptImageError("corrupt: the picture is damaged")
    if source.name == "bug":
        raise KeyError("missing")
    if source.name == "odd":
        note("odd it is")
        warnings.warn("and odd it stays", UserWarning, stacklevel=1)
    return in_letters(len(source.name))


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_files_do_not_stop_the_others(capsys, workers):
    assert run(measure, jobs("a", "bad", "corrupt", "bug", "odd", "last"), workers) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == ["a -> a.out: 1 letters", "odd -> odd.out: 3 letters", "last -> last.out: 4 letters"]
    assert err.splitlines()[:2] == ["error: bad: this is no good", "error: corrupt: the picture is damaged"]
    assert err.splitlines()[2].startswith("error: bug: a bug in hyperthumb, please report it: KeyError: 'missing'")
    assert err.splitlines()[3:] == [
        "warning: odd: odd it is",
        "warning: odd: and odd it stays",
        "3 of 6 measured, 3 failed",
    ]


def test_a_batch_without_failures_exits_with_0(capsys):
    assert run(measure, jobs("a")) == 0
    assert capsys.readouterr() == ("a -> a.out: 1 letters\n", "")
    assert run(measure, jobs("a", "b"), quiet=True) == 0
    assert capsys.readouterr() == ("", "")


def test_json_prints_one_object_per_line(capsys):
    skipped = Job(Path("s"), Path("s.out"), "s.out exists", skipped=True)
    assert run(measure, [*jobs("odd", "bad"), skipped, Job(Path("no\udcff"), None, "is none")], as_json=True) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(line.pop("seconds") >= 0 for line in lines)
    assert lines == [
        {
            "input": "odd",
            "status": "done",
            "output": "odd.out",
            "length": 3,
            "notes": ["odd it is", "and odd it stays"],
        },
        {"input": "bad", "status": "failed", "output": "bad.out", "reason": "this is no good", "notes": []},
        {"input": "s", "status": "skipped", "output": "s.out", "reason": "s.out exists", "notes": []},
        {"input": "no\udcff", "status": "failed", "reason": "is none", "notes": []},
    ]


def test_skipped_files_are_not_failures(capsys):
    skipped = Job(Path("s"), Path("s.out"), "s.out exists", skipped=True)
    assert run(measure, [skipped, *jobs("a")]) == 0
    assert capsys.readouterr().err == "1 of 2 measured, 1 skipped\n"


@pytest.mark.parametrize(
    "error",
    [MemoryError(), torch.OutOfMemoryError("CUDA out of memory. Tried"), RuntimeError("x: can't allocate memory: y")],
)
@pytest.mark.parametrize(
    ("workers", "remedy"), [(1, "use a smaller --tile"), (2, "use fewer --jobs or a smaller --tile")]
)
def test_too_little_memory_is_a_message(error, workers, remedy):
    def work(source: Path, target: Path | None) -> Result:
        raise error

    (outcome,) = outcomes(jobs("a"), work, workers)
    assert outcome.problem == f"there is not enough memory for this picture; {remedy}"


def test_names_stay_on_one_line(capsys):
    run(measure, jobs("a\nb\x1b[31m"))
    assert capsys.readouterr().out == "a\\nb\\x1b[31m -> a\\nb\\x1b[31m.out: 8 letters\n"


def test_workers_work_at_the_same_time_and_notes_stay_apart():
    meeting = threading.Barrier(2, timeout=20)

    def work(source: Path, target: Path | None) -> Result:
        meeting.wait()
        warnings.warn(f"about {source}", UserWarning, stacklevel=1)
        return in_letters(1)

    from hyperthumb.cli.messages import warnings_as_notes

    with warnings_as_notes():
        assert [o.notes for o in outcomes(jobs("a", "b", "c", "d"), work, 2)] == [
            ("about a",), ("about b",), ("about c",), ("about d",)
        ]  # fmt: skip


def test_results_come_in_order_and_not_too_far_ahead():
    started = []

    def work(source: Path, target: Path | None) -> Result:
        started.append(source.name)
        time.sleep(0.02 if source.name == "0" else 0)
        return in_letters(1)

    running = outcomes(jobs(*map(str, range(100))), work, 2)
    assert next(running).job.source == Path("0")
    assert len(started) <= 10
    assert [o.job.source.name for o in running] == [str(number) for number in range(1, 100)]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_ends_the_batch(workers):
    def work(source: Path, target: Path | None) -> Result:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(work, jobs("a", "b", "c"), workers)

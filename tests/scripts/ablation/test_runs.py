"""Runs with a stand-in for `run_train.py`: which trainings are started, skipped, reported and stopped."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from ablation.runs import Run, open_runs, train_all
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.config import dump_options
from tests.support import tiny_training, write_options

PRETEND = """
import pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
with open(here / "calls.txt", "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
name = pathlib.Path(sys.argv[2]).stem
if name == "waits":
    got = []
    signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
    (here / "ready").touch()
    while not got:
        time.sleep(0.01)
    time.sleep(0.1)
    sys.exit(143 if len(got) == 1 else 3)
if name == "fails":
    sys.exit(1)
folder = here / "experiments" / name
for file in ("models/net_g_8.pth", "training_states/8.state"):
    if name != "slow":
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
"""


@pytest.fixture
def entry(tmp_path) -> Path:
    path = tmp_path / "entry.py"
    path.write_text(PRETEND)
    return path


def write_runs(folder: Path, *names: str, **changes: object) -> list[Path]:
    return [write_options(folder / f"{name}.yml", tiny_training(folder, name=name, **changes)) for name in names]


def calls(folder: Path) -> list[str]:
    path = folder / "calls.txt"
    return path.read_text().splitlines() if path.exists() else []


def test_a_failed_run_is_reported_and_finished_runs_are_skipped(tmp_path, entry, capfd):
    runs = open_runs(write_runs(tmp_path, "first", "fails", "last"), ["train:ema_decay=0.5"])
    trained = train_all(runs, entry, ["train:ema_decay=0.5"])
    assert (trained.failed, trained.unfinished, trained.stopped_by) == (["fails"], [], None)
    assert [run.finished for run in runs] == [True, False, True]
    assert calls(tmp_path) == [
        f"-opt {tmp_path}/{name}.yml --auto_resume --force_yml train:ema_decay=0.5"
        for name in ("first", "fails", "last")
    ]
    assert "failed: fails: the training ended with exit code 1" in capfd.readouterr().err
    assert runs[0].cpu_seconds is not None
    assert runs[0].spent.startswith("8 iterations, 0.01638 million HR pixels, ")
    train_all(runs, entry)
    assert len(calls(tmp_path)) == 4
    assert "fails.yml" in calls(tmp_path)[-1]


def test_runs_stop_at_the_deadline(tmp_path, entry):
    runs = open_runs(write_runs(tmp_path, "first", "slow", "last"), [])
    trained = train_all(runs, entry, deadline=time.monotonic() + 60)
    assert (trained.failed, trained.unfinished) == ([], ["slow", "last"])
    assert len(calls(tmp_path)) == 2
    assert 0 < float(calls(tmp_path)[1].split("--max_minutes ")[1]) <= 1
    assert train_all(runs, entry, deadline=time.monotonic()).unfinished == ["slow", "last"]
    assert len(calls(tmp_path)) == 2


def test_a_signal_is_forwarded_once_and_stops_training(tmp_path, entry):
    runs = open_runs(write_runs(tmp_path, "waits", "last"), [])

    def stop() -> None:
        while not (tmp_path / "ready").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=stop)
    thread.start()
    trained = train_all(runs, entry)
    thread.join()
    assert trained.stopped_by == signal.SIGTERM
    assert trained.failed == []
    assert len(calls(tmp_path)) == 1
    assert signal.getsignal(signal.SIGTERM) is before


def test_runs_that_cannot_be_compared_are_refused(tmp_path):
    one = write_runs(tmp_path, "one")
    with pytest.raises(HyperthumbError, match="give them different names"):
        open_runs(one * 2, [])
    for change in ({"train:total_iter": 9}, {"datasets:train:batch_size_per_gpu": 3}):
        with pytest.raises(HyperthumbError, match=r"same budget, but it is 8 iterations, .* in .*other.yml"):
            open_runs([*one, *write_runs(tmp_path, "other", **change)], [])
    with pytest.raises(HyperthumbError, match="different scales"):
        open_runs([*one, *write_runs(tmp_path, "other", scale=2)], [])


def test_a_folder_trained_with_other_settings_is_refused(tmp_path, entry):
    files = write_runs(tmp_path, "one")
    (run,) = open_runs(files, [])
    train_all([run], entry)
    resolved = run.folder / "options.resolved.yml"
    resolved.write_text(dump_options(run.options))
    assert open_runs(files, ["logger:print_freq=1"])[0].finished
    with pytest.raises(HyperthumbError, match=r"other settings \(train.losses.guide\); move it away"):
        open_runs(files, ["train:losses:guide=~"])
    resolved.write_text("nonsense: [")
    with pytest.raises(HyperthumbError, match="cannot be read"):
        open_runs(files, [])
    for state in (run.folder / "training_states").iterdir():  # nothing was saved: it starts anew
        state.unlink()
    assert not Run(run.file, open_runs(files, [])[0].options).finished

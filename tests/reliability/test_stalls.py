"""A disk that hangs is warned of while the run still waits for it, with the name of what it waits for."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.reliability.test_disk_mounted import mount, unmount
from tests.reliability.watched_process import WatchedProcess
from tests.support import tiny_training, write_options

CHANGES = {"train:total_iter": 6, "logger:stall_warning_seconds": 0.5}

HANGING = """\
import time
from pathlib import Path
from hyperthumb.data import HRImageDataset
from hyperthumb.base.registry import DATASETS


@DATASETS.register()
class HangingDisk(HRImageDataset):
    def load(self, index):
        while self.names[index] == "photo2" and not (Path(__file__).parent / "the_disk_is_back").exists():
            time.sleep(0.02)
        return super().load(index)
"""


def start(folder: Path, *arguments: str, **changes: object) -> WatchedProcess:
    options = tiny_training(folder, **CHANGES | changes)
    if "datasets:val:dataroot_gt" not in changes:
        del options["datasets"]["val"]
    file = write_options(folder / "options.yml", options)
    return WatchedProcess("run_train.py", "-opt", str(file), *arguments, folder=folder)


def test_a_checkpoint_that_is_not_read_is_named_while_the_run_waits(tmp_path):
    states = tmp_path / "experiments/tiny/training_states"
    states.mkdir(parents=True)
    os.mkfifo(states / "9.state")  # nobody will ever write to it
    with start(tmp_path, "--auto_resume") as process:
        process.wait_for(f"so far: for a checkpoint to be read from {tmp_path}/experiments/tiny")


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_photograph_that_does_not_come_is_named_while_the_run_waits(tmp_path, num_workers):
    (tmp_path / "hanging_disk.py").write_text(HANGING)
    changes = {
        "plugins": ["hanging_disk"],
        "datasets:train:type": "HangingDisk",
        "datasets:train:num_worker_per_gpu": num_workers,
    }
    with start(tmp_path, **changes) as process:
        process.wait_for(f"so far: for data; {tmp_path}/train/photo2.png, read for")
        (tmp_path / "the_disk_is_back").touch()
        result = process.wait()
    assert result.code == 0, result.output
    warning = rf"warning: waiting for \d+ s so far: for data; {tmp_path}/train/photo2.png, read for \d+ s"
    assert re.search(warning, result.output), result.output
    assert "the wait of" in result.output
    log = next((tmp_path / "experiments/tiny").glob("*.log")).read_text()
    assert re.search(warning, log), log
    waited = [float(seconds) for seconds in re.findall(r"data (\d+\.\d+) s", result.output)]
    assert len(waited) == 3
    assert max(waited) > 0.1, "the progress line shows the time spent waiting for data"


def test_a_validation_photograph_that_does_not_come_is_named(tmp_path):
    """A named pipe in a folder of pictures: opening it waits until somebody writes."""
    options = tiny_training(tmp_path)
    pipe = tmp_path / "val/photo9.png"
    os.mkfifo(pipe)
    with start(tmp_path, **{"datasets:val:dataroot_gt": options["datasets"]["val"]["dataroot_gt"]}) as process:
        process.wait_for(f"for {pipe} to be read")
        for iteration in (0, 4, 6):
            pipe.write_bytes((tmp_path / "val/photo0.png").read_bytes())
            process.wait_for(f"validation at {iteration} on")
        result = process.wait()
    assert result.code == 0, result.output


@pytest.mark.long
def test_a_checkpoint_that_a_hanging_disk_does_not_take_is_named(tmp_path):
    """The experiment's disk is frozen in the middle of a run (fsfreeze), and thawed after the warning."""
    image, disk = tmp_path / "image", tmp_path / "experiments"
    disk.mkdir()
    image.write_bytes(bytes(32 << 20))
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    mount("-o", "loop", str(image), str(disk))
    try:
        changes = {"train:total_iter": 300, "logger:save_checkpoint_freq": 100, "logger:print_freq": 300}
        with start(tmp_path, **changes) as process:
            process.wait_for("net_g_100.pth")
            subprocess.run(["fsfreeze", "--freeze", str(disk)], check=True)
            try:
                process.wait_for("checkpoint to be written to")
            finally:
                subprocess.run(["fsfreeze", "--unfreeze", str(disk)], check=True)
            result = process.wait()
        assert result.code == 0, result.output
        assert re.search(
            rf"waiting for \d+ s so far: for iteration 200's checkpoint to be written to {disk}", result.output
        )
        assert (disk / "tiny/training_states/300.state").exists()
    finally:
        unmount(disk)

"""Disks that really are full or read-only: small ones in memory, mounted for a test. Needs root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.test_disk_full import (
    CHANGES,
    assert_complaint,
    assert_goes_on,
    assert_same_end,
    begun,
    checkpoint_bytes,
    options,
    train,
    whole,
)
from tests.reliability.watched_process import WatchedProcess

__all__ = ["begun", "whole"]


def mount(*arguments: str) -> None:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a disk for a test")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a disk cannot be mounted here: {done.stderr.strip()}")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small_disk(begun, tmp_path) -> Iterator[Path]:
    """The begun run's experiments on a disk of their own, of 4 MiB."""
    disk = tmp_path / "experiments"
    aside = tmp_path / "aside"
    disk.rename(aside)
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk))
    try:
        shutil.copytree(aside, disk, dirs_exist_ok=True)
        yield disk
    finally:
        unmount(disk)


def fill(disk: Path, leave: int) -> Path:
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(max(shutil.disk_usage(disk).free - leave, 0)))
    return ballast


def test_a_disk_that_fills_up_ends_a_run_without_loss(small_disk, tmp_path, whole):
    changes = {"train:total_iter": 100_000, "logger:save_checkpoint_freq": 40, "val:val_freq": 100_000}
    with WatchedProcess("run_train.py", *options(tmp_path, changes), "--auto_resume", folder=tmp_path) as process:
        process.wait_for("iter 5/")
        ballast = fill(small_disk, leave=100_000)
        result = process.wait()
    assert_complaint(result, r"net_g_40.pth", "No space left on device")
    ballast.unlink()
    assert_goes_on(tmp_path, whole)


def test_a_run_warns_when_there_is_room_for_fewer_than_three_checkpoints(small_disk, tmp_path, whole):
    result = train(tmp_path, "--auto_resume")
    assert "room for" not in result.output, result.output
    size = sum(checkpoint_bytes(whole))
    fill(small_disk, leave=int(1.5 * size))
    result = train(tmp_path, "--auto_resume", **{"train:total_iter": 7})
    assert result.code == 0, result.output
    assert "room for 1." in result.output, result.output
    assert "checkpoints of about 0.6 MiB" in result.output


def test_a_disk_that_becomes_read_only_ends_a_run_without_loss(begun, tmp_path, whole):
    models = tmp_path / "experiments/tiny/models"
    changes = {"train:total_iter": 100_000, "logger:save_checkpoint_freq": 40, "val:val_freq": 100_000}
    with WatchedProcess("run_train.py", *options(tmp_path, changes), "--auto_resume", folder=tmp_path) as process:
        process.wait_for("iter 5/")
        mount("--bind", str(models), str(models))
        try:
            mount("-o", "remount,bind,ro", str(models))
            result = process.wait()
        finally:
            unmount(models)
    assert_complaint(result, r"net_g_40.pth", "Read-only file system")
    assert_goes_on(tmp_path, whole)


def test_a_run_on_a_read_only_disk_does_not_start(small_disk, tmp_path, whole):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert_complaint(train(tmp_path, "--auto_resume"), "experiments/tiny", "Read-only file system")
    assert_complaint(train(tmp_path), "experiments/tiny", "Read-only file system")
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert train(tmp_path, "--auto_resume", **CHANGES).code == 0
    assert_same_end(tmp_path, whole)

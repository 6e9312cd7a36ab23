"""A file that cannot be written ends the run with a sentence, and the checkpoint before it is as good as it was."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest
import torch

from tests.reliability.watched_process import Finished, WatchedProcess, run
from tests.support import tiny_training, write_options, write_photographs

CHANGES = {"train:total_iter": 6, "val:val_freq": 3, "logger:save_checkpoint_freq": 3, "logger:print_freq": 1}
TOO_LARGE = "File too large"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A run of 6 iterations that nothing happened to, with checkpoints at 3 and 6."""
    folder = tmp_path_factory.mktemp("whole")
    result = train(folder)
    assert result.code == 0, result.output
    return folder


@pytest.fixture
def begun(whole, tmp_path) -> Path:
    """The same run as it was at iteration 3."""
    shutil.copytree(whole / "experiments", tmp_path / "experiments")
    root = tmp_path / "experiments/tiny"
    for path in ("models/net_g_6.pth", "models/net_g_latest.pth", "training_states/6.state"):
        (root / path).unlink()
    shutil.copyfile(root / "models/net_g_3.pth", root / "models/net_g_latest.pth")
    return tmp_path


def train(folder: Path, *arguments: str, max_file_bytes: int | None = None, **changes: object) -> Finished:
    return run("run_train.py", *options(folder, changes), *arguments, folder=folder, max_file_bytes=max_file_bytes)


def options(folder: Path, changes: dict) -> tuple[str, str]:
    written = tiny_training(folder, **CHANGES | changes)
    write_photographs(folder / "val", 1, 128, 128, seed=50)
    return "-opt", str(write_options(folder / "options.yml", written))


def checkpoint_bytes(folder: Path) -> tuple[int, int]:
    root = folder / "experiments/tiny"
    return (root / "models/net_g_6.pth").stat().st_size, (root / "training_states/6.state").stat().st_size


def assert_complaint(result: Finished, path: str, reason: str = TOO_LARGE) -> None:
    """One sentence with the path and the reason, with the free space where that is it; no traceback of ours."""
    assert result.code == 1, result.output
    space = r" \(\d+\.\d MiB free there\)" if reason == "No space left on device" else ""
    pattern = rf"error: cannot write .*{path}.*: {reason}{space}$"
    assert re.search(pattern, result.output, re.MULTILINE), result.output
    assert "hyperthumb/training" not in result.output, result.output


def assert_goes_on(folder: Path, whole: Path) -> None:
    """Nothing but whole files is there, and with room again the run ends as the one that nothing happened to."""
    root = folder / "experiments/tiny"
    assert not list(root.rglob(".*")), "scraps"
    assert sorted(path.name for path in (root / "training_states").iterdir()) == ["3.state"]
    assert sorted(path.name for path in (root / "models").iterdir()) == ["net_g_3.pth", "net_g_latest.pth"]
    result = train(folder, "--auto_resume")
    assert result.code == 0, result.output
    assert_same_end(folder, whole)


def assert_same_end(folder: Path, whole: Path) -> None:
    first, second = (
        torch.load(place / "experiments/tiny/models/net_g_6.pth", weights_only=True) for place in (folder, whole)
    )
    for key in ("params", "params_ema"):
        assert first[key].keys() == second[key].keys()
        assert all(torch.equal(first[key][name], second[key][name]) for name in first[key])
    tables = [(place / "experiments/tiny/metrics.csv").read_text() for place in (folder, whole)]
    assert tables[0] == tables[1]


def test_a_run_without_room_for_the_weights_ends_with_a_message(begun, whole):
    """With `keep_last: 1` the only checkpoint is the old one: it stays."""
    limit = checkpoint_bytes(whole)[0] // 2
    result = train(begun, "--auto_resume", max_file_bytes=limit, **{"logger:keep_last": 1})
    assert_complaint(result, "net_g_6.pth")
    assert_goes_on(begun, whole)


def test_a_run_with_room_for_the_weights_but_not_the_state_ends_with_a_message(begun, whole):
    weights, state = checkpoint_bytes(whole)
    assert weights < state
    assert_complaint(train(begun, "--auto_resume", max_file_bytes=(weights + state) // 2), "6.state")
    assert_goes_on(begun, whole)


def test_a_run_without_room_for_validation_pictures_ends_with_a_message(begun, whole):
    result = train(begun, "--auto_resume", max_file_bytes=8_000, **{"val:save_img": True})
    assert_complaint(result, "visualization/val/0000006/restored/photo0.png")
    assert_goes_on(begun, whole)


def test_a_run_without_room_for_a_row_of_metrics_ends_with_a_message(begun, whole):
    path = begun / "experiments/tiny/metrics.csv"
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *(rows[:2] * 100)])
    before = path.read_bytes()
    assert_complaint(train(begun, "--auto_resume", max_file_bytes=len(before) + 10), "metrics.csv")
    assert path.read_bytes() == before
    shutil.copyfile(whole / "experiments/tiny/metrics.csv", path)
    assert_goes_on(begun, whole)


def test_a_run_without_room_for_the_log_ends_with_a_message(begun, whole):
    changes = {"train:total_iter": 100, "logger:save_checkpoint_freq": 100, "val:val_freq": 100}
    result = train(begun, "--auto_resume", max_file_bytes=4_000, **changes)
    assert_complaint(result, r"train_tiny_\d+_\d+.log")
    assert_goes_on(begun, whole)


def test_a_run_without_room_for_tensorboard_ends_with_a_message(begun, whole):
    """It writes in a thread of its own, 14 KB of pictures an iteration here."""
    seldom = dict.fromkeys(("train:total_iter", "val:val_freq", "logger:save_checkpoint_freq"), 40)
    changes = {"logger:use_tb_logger": True, "logger:image_freq": 1, "datasets:train:gt_size": 64, **seldom}
    assert_complaint(train(begun, "--auto_resume", max_file_bytes=100_000, **changes), "tb_logger")
    assert_goes_on(begun, whole)


def test_a_run_ends_well_when_its_output_cannot_be_written(begun, whole):
    """A terminal that is gone, or an output file on a full disk, costs its lines and nothing else; the log has them."""
    with WatchedProcess(
        "run_train.py", *options(begun, {}), "--auto_resume", folder=begun, say_to="/dev/full"
    ) as process:
        code = process.wait().code
    logs = [path.read_text() for path in (begun / "experiments/tiny").glob("*.log")]
    assert code == 0, "\n".join([*logs, *(path.read_text() for path in begun.glob("traceback"))])
    assert_same_end(begun, whole)
    assert any("resuming from iteration 3" in log and "done: 6 iterations" in log for log in logs)


def test_a_test_ends_well_when_its_table_cannot_be_printed(whole, tmp_path):
    """The same of a test run: its table is in a file."""
    training = tiny_training(tmp_path)
    testing = {key: training[key] for key in ("name", "scale", "device", "network_g")}
    testing["datasets"] = {"val": training["datasets"]["val"]}
    weights = whole / "experiments/tiny/models/net_g_latest.pth"
    testing["path"] = {**training["path"], "pretrain_network_g": str(weights)}
    path = write_options(tmp_path / "test.yml", testing)
    with WatchedProcess("run_test.py", "-opt", str(path), folder=tmp_path, say_to="/dev/full") as process:
        assert process.wait().code == 0
    assert "photo0" in (tmp_path / "results/tiny/val/metrics.csv").read_text()
    assert (tmp_path / "results/tiny/table.md").exists()


def test_keep_last_never_removes_the_last_good_checkpoint(begun, whole):
    """Of two checkpoints the newer is damaged. One is to be kept, and it is never the damaged one."""
    root = begun / "experiments/tiny"
    damaged = root / "training_states/6.state"
    damaged.write_bytes((whole / "experiments/tiny/training_states/6.state").read_bytes()[:1000])
    changes = {"logger:keep_last": 1, "logger:save_checkpoint_freq": 2, "train:total_iter": 5}
    result = train(begun, "--auto_resume", **changes)
    assert result.code == 0, result.output
    assert "skipping a damaged checkpoint" in result.output
    assert sorted(path.name for path in (root / "training_states").iterdir()) == ["5.state", "6.state"]
    assert sorted(path.name for path in (root / "models").iterdir()) == ["net_g_5.pth", "net_g_latest.pth"]
    result = train(begun, "--auto_resume", **changes | {"train:total_iter": 6})
    assert "resuming from iteration 5" in result.output
    assert sorted(path.name for path in (root / "training_states").iterdir()) == ["6.state"]


def test_half_written_files_of_a_killed_run_are_removed(begun, whole):
    scrap = begun / "experiments/tiny/models/.0123456789abcdef.tmp"
    scrap.write_bytes(b"half a checkpoint")
    result = train(begun, "--auto_resume")
    assert result.code == 0, result.output
    assert not scrap.exists()

"""Runs that fail, are repeated, or lose something on the way."""

from __future__ import annotations

import csv
import re
import tempfile

import pytest

from hyperthumb.base.errors import PeersLostError
from hyperthumb.training import build, state, step, validation
from hyperthumb.training.distributed import average_gradients
from hyperthumb.training.main import main
from hyperthumb.training.validation import Validator
from tests.training.runs import assert_equal_weights, run, weights


def test_a_run_that_cannot_start_does_not_touch_the_earlier_one(tmp_path):
    assert run(tmp_path, **{"train:total_iter": 1}) == 0
    before = sorted(tmp_path.glob("experiments/tiny/**/*"))
    assert run(tmp_path, **{"train:freeze": ["nosuch"]}) == 1
    assert run(tmp_path, **{"datasets:train:gt_size": 96}) == 1
    assert sorted(tmp_path.glob("experiments/tiny/**/*")) == before
    assert [p.name for p in (tmp_path / "experiments").iterdir()] == ["tiny"]


def test_the_log_says_why_a_run_ended(tmp_path, monkeypatch):
    from hyperthumb.base.errors import NonFiniteError

    def fail(*arguments: object) -> None:
        raise NonFiniteError("made up")

    monkeypatch.setattr(step, "average_gradients", fail)
    assert run(tmp_path) == 1
    assert "error: made up" in next((tmp_path / "experiments/tiny").glob("*.log")).read_text()


def test_a_row_of_a_lost_validation_is_not_kept_twice(tmp_path):
    assert run(tmp_path, **{"train:total_iter": 2}) == 0
    for path in (tmp_path / "experiments/tiny/training_states").iterdir():
        path.unlink()
    assert run(tmp_path, "--auto_resume", **{"train:total_iter": 2}) == 0
    with open(tmp_path / "experiments/tiny/metrics.csv", newline="") as file:
        assert [row["iteration"] for row in csv.DictReader(file)] == ["0", "2"]


def test_an_experiments_root_that_is_a_file_is_an_error(tmp_path, capsys):
    (tmp_path / "taken").touch()
    assert run(tmp_path, **{"path:experiments_root": str(tmp_path / "taken")}) == 1
    assert "taken" in capsys.readouterr().err


def test_the_resolved_options_can_be_trained_from(tmp_path):
    assert run(tmp_path, **{"train:total_iter": 2}) == 0
    first = weights(tmp_path, 2)
    assert main(["-opt", str(tmp_path / "experiments/tiny/options.resolved.yml")]) == 0
    assert_equal_weights(weights(tmp_path, 2), first)


def test_a_requeued_job_continues_from_its_own_checkpoints(tmp_path, capsys):
    assert run(tmp_path) == 0
    state = str(tmp_path / "experiments/tiny/training_states/3.state")
    assert run(tmp_path, "--auto_resume", **{"path:resume_state": state}) == 0
    assert "resuming from iteration 8" in capsys.readouterr().err
    assert run(tmp_path, "--auto_resume", **{"path:resume_state": state, "name": "other"}) == 0
    assert "resuming from iteration 3" in capsys.readouterr().err


def test_processes_that_found_different_checkpoints_do_not_start(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(state, "gather_in_order", lambda mine, world: [*mine, 3])
    assert run(tmp_path) == 1
    assert "checkpoints of different iterations" in capsys.readouterr().err
    assert not (tmp_path / "experiments/tiny/models").exists()


def test_what_was_trained_is_saved_when_another_process_is_lost(tmp_path, monkeypatch):
    calls = []

    def lose_the_others_in_the_third_step(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise PeersLostError("gone")
        return average_gradients(*arguments)

    monkeypatch.setattr(step, "average_gradients", lose_the_others_in_the_third_step)
    assert run(tmp_path, **{"logger:save_checkpoint_freq": 100}) == 1
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "experiments/tiny/training_states").iterdir()] == ["2.state"]
    assert run(tmp_path, "--auto_resume") == 0
    whole = tmp_path / "whole"
    whole.mkdir()
    assert run(whole) == 0
    assert_equal_weights(weights(tmp_path, 8), weights(whole, 8))


def test_a_validation_in_which_another_process_is_lost_is_repeated(tmp_path, monkeypatch):
    calls = []

    def lose_the_others_in_the_second_validation(mine, world):
        calls.append(1)
        if len(calls) == 3:  # two gatherings a validation
            raise PeersLostError("gone")
        return mine

    monkeypatch.setattr(validation, "gather_in_order", lose_the_others_in_the_second_validation)
    assert run(tmp_path, **{"logger:save_checkpoint_freq": 100}) == 1
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "experiments/tiny/training_states").iterdir()] == ["4.state"]
    assert run(tmp_path, "--auto_resume") == 0
    with open(tmp_path / "experiments/tiny/metrics.csv", newline="") as file:
        assert [row["iteration"] for row in csv.DictReader(file)] == ["0", "4", "8"]


def test_a_vanished_temporary_folder_gives_a_message_and_a_checkpoint(tmp_path, capsys, monkeypatch):
    class Gone(Validator):
        def run(self, network, iteration, stop):
            if iteration == 4:
                monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
            return super().run(network, iteration, stop)

    monkeypatch.setattr(build, "Validator", Gone)
    assert run(tmp_path, **{"logger:save_checkpoint_freq": 100}) == 1
    assert re.search(r"error: cannot write .*/gone", capsys.readouterr().err)
    assert [path.name for path in (tmp_path / "experiments/tiny/training_states").iterdir()] == ["4.state"]


def test_a_validation_that_never_fits_into_max_minutes_is_an_error(tmp_path, capsys):
    times = ("--auto_resume", "--max_minutes", "0.0001")
    assert run(tmp_path, *times, **{"val:val_freq": 1}) == 0
    assert "stopped at iteration 1" in capsys.readouterr().err
    assert run(tmp_path, *times, **{"val:val_freq": 1}) == 1
    assert "validate iteration 1" in capsys.readouterr().err


def test_half_written_files_are_removed_from_every_folder_of_a_run(tmp_path):
    assert run(tmp_path, **{"val:save_img": True}) == 0
    root = tmp_path / "experiments/tiny"
    (root / "bad_steps").mkdir()
    scraps = [root / folder / ".0123456789abcdef.tmp" for folder in ("visualization/val/0000008/restored", "bad_steps")]
    for scrap in scraps:
        scrap.touch()
    assert run(tmp_path, "--auto_resume", **{"val:save_img": True}) == 0
    assert not any(scrap.exists() for scrap in scraps)


@pytest.mark.parametrize("minutes", ["nan", "inf", "0"])
def test_a_time_limit_that_is_not_a_number_is_an_error(tmp_path, minutes):
    with pytest.raises(SystemExit) as stopped:
        run(tmp_path, "--max_minutes", minutes)
    assert stopped.value.code == 2


@pytest.mark.parametrize("name", ["training_states/8.state", "models/net_g_8.pth", "training_states", "metrics.csv"])
def test_an_unreadable_checkpoint_ends_a_resumed_run_without_loss(tmp_path, capfd, name):
    """Passed over, it would be trained again from an older checkpoint or from the start, and rows would go."""
    assert run(tmp_path) == 0
    root = tmp_path / "experiments/tiny"
    (root / name).rename(root / "aside")
    (root / name).symlink_to((root / name).name)  # nobody can follow it, root neither
    rows = (root / "metrics.csv").read_bytes() if name != "metrics.csv" else b""
    assert run(tmp_path, "--auto_resume") == 1
    assert f"tiny/{name}" in capfd.readouterr().err
    assert (root / name).is_symlink()
    (root / name).unlink()
    (root / "aside").rename(root / name)
    assert not rows or (root / "metrics.csv").read_bytes() == rows
    assert run(tmp_path, "--auto_resume") == 0
    with open(root / "metrics.csv", newline="") as file:
        assert [row["iteration"] for row in csv.DictReader(file)] == ["0", "4", "8"]

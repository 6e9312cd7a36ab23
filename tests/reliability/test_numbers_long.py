"""More ways to go wrong: every kind of fault in every precision, on one process and on one of two."""

from __future__ import annotations

import pytest

from tests.reliability.ranks import BAD_LOSS, checkpoints, finished, largest_difference, train, weights, write_plugin
from tests.reliability.test_numbers import faulty, report

pytestmark = pytest.mark.long

FP16_ON_A_CPU = """
# PyTorch can do fp16 on a CPU, only slowly, and hyperthumb says no to it; here it is the scaler that is looked at.
from hyperthumb.training import build

build._prepare_torch = lambda context: None
"""


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("kind", ["nan_loss", "inf_loss", "inf_gradient"])
def test_every_fault_stops_the_run(tmp_path, kind, precision):
    plugins = write_plugin(tmp_path / "plugins", BAD_LOSS)
    result = train(faulty(tmp_path, kind, at=3, **{"train:precision": precision}), plugins=plugins)
    assert result.returncode == 1, result.stdout
    assert "not finite at iteration 3" in result.stdout
    assert "Traceback" not in result.stdout
    assert checkpoints(tmp_path) == [2]
    found = report(tmp_path, 3)
    assert found["precision"] == precision
    assert found["what"] == kind.split("_")[1]
    assert found["ranks"][0]["images"]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_bad_gradient_on_one_process_is_skipped_on_both(tmp_path, accumulate):
    plugins = write_plugin(tmp_path / "plugins", BAD_LOSS)
    changes = {"train:skip_bad_steps": 1, "train:accumulate": accumulate, "logger:save_checkpoint_freq": 1}
    options = faulty(tmp_path, "inf_gradient", at=2 * accumulate + 1, loss_rank=1, **changes)
    finished(train(options, 2, plugins=plugins))
    assert checkpoints(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert largest_difference(weights(tmp_path, 2), weights(tmp_path, 3)) == 0
    assert largest_difference(weights(tmp_path, 3), weights(tmp_path, 4)) > 0
    assert [entry["rank"] for entry in report(tmp_path, 3)["ranks"]] == [1]


def test_the_limit_of_skipped_steps_counts_across_a_resume(tmp_path):
    plugins = write_plugin(tmp_path / "plugins", BAD_LOSS)
    changes = {"train:skip_bad_steps": 1, "logger:save_checkpoint_freq": 1}
    finished(train(faulty(tmp_path, "nan_loss", at=2, **changes, **{"train:total_iter": 3}), plugins=plugins))
    options = faulty(tmp_path, "nan_loss", at=2, **changes)  # its second pass is iteration 5 now
    result = train(options, 1, "--auto_resume", plugins=plugins)
    assert result.returncode == 1, result.stdout
    assert "not finite at iteration 5" in result.stdout
    assert "1 such steps were skipped before" in result.stdout
    assert checkpoints(tmp_path) == [1, 2, 3, 4]


@pytest.mark.parametrize("processes", [1, 2])
def test_fp16_lowers_its_loss_scale_and_continues(tmp_path, processes):
    """Two overflows are fp16's everyday life: those steps are left out, nothing is reported, training goes on."""
    plugins = write_plugin(tmp_path / "plugins", BAD_LOSS + FP16_ON_A_CPU)
    changes = {"train:precision": "fp16", "device": "auto", "logger:save_checkpoint_freq": 1}
    options = faulty(tmp_path, "inf_gradient", at=2, loss_times=2, loss_rank=processes - 1, **changes)
    finished(train(options, processes, plugins=plugins))
    assert checkpoints(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert largest_difference(weights(tmp_path, 1), weights(tmp_path, 3)) == 0
    assert largest_difference(weights(tmp_path, 5), weights(tmp_path, 6)) > 0
    assert not (tmp_path / "experiments/tiny/bad_steps").exists()


def test_fp16_stops_when_no_loss_scale_helps(tmp_path):
    plugins = write_plugin(tmp_path / "plugins", BAD_LOSS + FP16_ON_A_CPU)
    changes = {"train:precision": "fp16", "device": "auto", "train:total_iter": 40}
    result = train(faulty(tmp_path, "inf_gradient", at=3, loss_times=99, **changes), plugins=plugins)
    assert result.returncode == 1, result.stdout
    assert "the gradient is not finite at iteration 19" in result.stdout  # 65536 is halved 16 times before
    assert checkpoints(tmp_path)[-1] == 18


def test_fp16_stops_at_a_loss_that_is_not_finite(tmp_path):
    plugins = write_plugin(tmp_path / "plugins", BAD_LOSS + FP16_ON_A_CPU)
    result = train(faulty(tmp_path, "nan_loss", at=3, **{"train:precision": "fp16", "device": "auto"}), plugins=plugins)
    assert result.returncode == 1, result.stdout
    assert "the loss is not finite at iteration 3" in result.stdout
    assert checkpoints(tmp_path) == [2]

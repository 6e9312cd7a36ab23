"""A loss or a gradient that is not finite never reaches the weights, whichever process it comes from."""

from __future__ import annotations

import json
from pathlib import Path

from tests.reliability.ranks import (
    BAD_LOSS,
    checkpoints,
    finished,
    largest_difference,
    options_file,
    train,
    weights,
    write_plugin,
)

RUN = {"train:total_iter": 6, "logger:save_checkpoint_freq": 2, "plugins": ["faults"], "datasets:val": None, "val": {}}


def faulty(folder: Path, kind: str, at: int, **changes: object) -> Path:
    """Options of a run whose reconstruction loss goes wrong; `changes` of the loss itself begin with `loss_`."""
    loss = {"type": "Bad", "kind": kind, "at": at, "weight": 1.0}
    loss |= {key.removeprefix("loss_"): changes.pop(key) for key in list(changes) if key.startswith("loss_")}
    return options_file(folder, **{**RUN, "train:losses:reconstruction": loss, **changes})


def report(folder: Path, iteration: int) -> dict:
    return json.loads((folder / f"experiments/tiny/bad_steps/{iteration:07d}.json").read_text())


def test_nan_on_one_process_stops_all(tmp_path):
    """Its gradient is finite, so only the loss shows it; afterwards one process goes on from the checkpoint."""
    plugins = write_plugin(tmp_path / "plugins", BAD_LOSS)
    result = train(faulty(tmp_path, "nan_loss", at=5, loss_rank=1), 2, plugins=plugins)
    assert result.returncode != 0, result.stdout
    assert "the loss is not finite at iteration 5 on rank 1 of 2 processes" in result.stdout
    assert "another process of this run ended" not in result.stdout  # both stopped by themselves
    assert checkpoints(tmp_path) == [2, 4]
    found = report(tmp_path, 5)
    assert (found["seed"], found["iteration"], found["processes"], found["what"]) == (3, 5, 2, "loss")
    assert [entry["rank"] for entry in found["ranks"]] == [1]
    assert found["ranks"][0]["terms"][0]["total"] == "nan"
    assert found["ranks"][0]["terms"][0]["bpp"] > 0
    assert len(found["ranks"][0]["images"]) == 2

    options = faulty(tmp_path, "nan_loss", at=99, **{"datasets:train:batch_size_per_gpu": 4})
    finished(train(options, 1, "--auto_resume", plugins=plugins))
    assert checkpoints(tmp_path) == [2, 4, 6]


def test_bad_steps_are_skipped_up_to_the_limit(tmp_path):
    """An infinite gradient twice in a row, one step may be left out: the second one stops the run."""
    plugins = write_plugin(tmp_path / "plugins", BAD_LOSS)
    changes = {"train:skip_bad_steps": 1, "logger:save_checkpoint_freq": 1}
    result = train(faulty(tmp_path, "inf_gradient", at=4, loss_times=2, **changes), plugins=plugins)
    assert result.returncode == 1, result.stdout
    assert "the gradient is not finite at iteration 4" in result.stdout
    assert "skipped, 1 of 1 (train.skip_bad_steps)" in result.stdout
    assert "the gradient is not finite at iteration 5" in result.stdout
    assert checkpoints(tmp_path) == [1, 2, 3, 4]
    assert largest_difference(weights(tmp_path, 3), weights(tmp_path, 4)) == 0
    assert largest_difference(weights(tmp_path, 2), weights(tmp_path, 3)) > 0
    assert [report(tmp_path, iteration)["what"] for iteration in (4, 5)] == ["gradient", "gradient"]

"""Whole runs of the tiny network, through the command's own entry."""

from __future__ import annotations

import csv
import json
import re

import pytest
import torch
import yaml

from hyperthumb.training import validation
from hyperthumb.training.main import main
from tests.support import tiny_training, write_options
from tests.training.runs import assert_equal_weights, run, weights


def test_a_run_writes_weights_states_log_and_metrics(tmp_path):
    assert run(tmp_path, **{"val:save_img": True, "logger:use_tb_logger": True}) == 0
    root = tmp_path / "experiments/tiny"
    assert sorted(p.name for p in (root / "models").iterdir()) == [
        "net_g_3.pth", "net_g_6.pth", "net_g_8.pth", "net_g_latest.pth",
    ]  # fmt: skip
    assert sorted(p.name for p in (root / "training_states").iterdir()) == ["3.state", "6.state", "8.state"]
    assert (root / "options.yml").read_text() == (tmp_path / "options.yml").read_text()
    assert yaml.safe_load((root / "options.resolved.yml").read_text())["train"]["total_iter"] == 8
    assert "torch" in (root / "environment.txt").read_text()
    log = next(root.glob("train_tiny_*.log")).read_text()
    assert "it/s" in log
    assert "eta" in log
    with open(root / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["iteration"] for row in rows] == ["0", "4", "8"]
    assert all(float(row["bpp"]) > 0 and float(row["psnr_rgb"]) > 5 for row in rows)
    assert (root / "visualization/val/0000008/restored/photo0.png").exists()
    assert list((tmp_path / "tb_logger/tiny").glob("events.*"))


def test_a_run_improves_psnr_and_rate(tmp_path):
    changes = {"train:total_iter": 250, "val:val_freq": 250, "train:optim_g:lr": 4e-3, "logger:print_freq": 50}
    assert run(tmp_path, **changes) == 0
    with open(tmp_path / "experiments/tiny/metrics.csv", newline="") as file:
        before, after = csv.DictReader(file)
    assert float(after["psnr_rgb"]) > float(before["psnr_rgb"]) + 0.2
    assert float(after["rate_estimate_bpp"]) < float(before["rate_estimate_bpp"])


def test_a_resumed_run_equals_one_that_never_stopped(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder in (whole, parts):
        folder.mkdir()
    assert run(whole) == 0
    assert run(parts) == 0
    for name in ("net_g_8.pth", "net_g_latest.pth"):
        (parts / "experiments/tiny/models" / name).unlink()
    (parts / "experiments/tiny/training_states/8.state").unlink()
    assert run(parts, "--auto_resume", **{"datasets:train:num_worker_per_gpu": 2}) == 0
    for key in ("params", "params_ema"):
        assert_equal_weights(weights(whole, 8, key), weights(parts, 8, key))
    tables = [(folder / "experiments/tiny/metrics.csv").read_text() for folder in (whole, parts)]
    assert tables[0] == tables[1]


def test_resuming_lists_changed_settings(tmp_path, capsys):
    assert run(tmp_path, **{"train:total_iter": 3}) == 0
    assert "another setting" not in capsys.readouterr().err
    assert run(tmp_path, "--auto_resume", **{"train:total_iter": 4, "train:optim_g:lr": 2e-3}) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "another setting" in line] == [
        "resuming with another setting: train.total_iter 4, before 3",
        "resuming with another setting: train.optim_g.lr 0.002, before 0.001",
    ]


def test_the_log_has_the_means_of_the_terms_since_its_last_line(tmp_path, capsys):
    changes = {"train:total_iter": 4, "train:accumulate": 2, "val:val_freq": 4}
    lines = {}
    for frequency in (1, 4):
        (tmp_path / str(frequency)).mkdir()
        assert run(tmp_path / str(frequency), **{**changes, "logger:print_freq": frequency}) == 0
        found = re.findall(r"total ([\d.]+)  reconstruction", capsys.readouterr().err)
        lines[frequency] = [float(value) for value in found]
    assert len(lines[1]) == 4
    assert lines[4] == [pytest.approx(sum(lines[1]) / 4, rel=1e-3)]
    assert len(set(lines[1])) > 1


def test_the_best_weights_are_kept_beside_the_latest(tmp_path):
    assert run(tmp_path, **{"logger:keep_best": "psnr_rgb", "logger:save_checkpoint_freq": 4}) == 0
    root = tmp_path / "experiments/tiny"
    note = json.loads((root / "models/net_g_best.json").read_text())
    with open(root / "metrics.csv", newline="") as file:
        values = {int(row["iteration"]): float(row["psnr_rgb"]) for row in csv.DictReader(file)}
    assert note["iteration"] == max(values, key=values.__getitem__)
    assert note["value"] == values[note["iteration"]]
    best = torch.load(root / "models/net_g_best.pth", weights_only=True)
    assert best.keys() == {"params", "params_ema"}
    if note["iteration"]:
        assert_equal_weights(best["params_ema"], weights(tmp_path, note["iteration"], "params_ema"))


@pytest.mark.parametrize(("rate", "warned"), [(1e-4, []), (0.1, ["4", "8"])])
def test_a_network_that_is_worse_than_bicubic_resizing_is_a_warning(tmp_path, capsys, monkeypatch, rate, warned):
    """Of a tiny network that enlarges by a skip connection, a learning rate of 0.1 makes noise."""
    monkeypatch.setattr(validation, "_STEPS_TO_LEARN", 1)
    monkeypatch.setattr(validation, "bicubic_psnr", lambda *_: 20.0)
    assert run(tmp_path, **{"train:optim_g:lr": rate, "train:ema_decay": 0.0}) == 0
    lines = capsys.readouterr().err
    found = re.findall(
        r"at iteration (\d+) the network is worse than bicubic resizing on val: .* against 20\.00 dB", lines
    )
    assert found == warned


def test_a_new_run_moves_the_old_one_aside(tmp_path):
    assert run(tmp_path, **{"train:total_iter": 1}) == 0
    assert run(tmp_path, **{"train:total_iter": 1}) == 0
    names = sorted(p.name for p in (tmp_path / "experiments").iterdir())
    assert names[0] == "tiny"
    assert names[1].startswith("tiny_archived_")


def test_max_minutes_stops_with_a_checkpoint(tmp_path):
    assert run(tmp_path, "--max_minutes", "0.0001") == 0
    assert (tmp_path / "experiments/tiny/training_states/1.state").exists()
    assert run(tmp_path, "--auto_resume") == 0
    whole = tmp_path / "whole"
    whole.mkdir()
    assert run(whole) == 0
    assert_equal_weights(weights(tmp_path, 8), weights(whole, 8))


def test_accumulation_sees_the_same_images_as_a_larger_batch(tmp_path):
    """2 x 2 images in two passes make the step of 4 in one, noise and all."""
    folders = []
    for number, (batch, accumulate) in enumerate(((4, 1), (2, 2))):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert run(
            folder,
            **{
                "train:total_iter": 2,
                "train:accumulate": accumulate,
                "datasets:train:batch_size_per_gpu": batch,
            },
        ) == 0  # fmt: skip
        folders.append(folder)
    first, second = (weights(folder, 2) for folder in folders)
    for name in first:
        torch.testing.assert_close(first[name], second[name], rtol=0, atol=1e-5)


def test_force_yml_and_debug_change_settings(tmp_path):
    assert run(tmp_path, "--debug", "--force_yml", "train:total_iter=2", "manual_seed=9") == 0
    resolved = yaml.safe_load((tmp_path / "experiments/debug_tiny/options.resolved.yml").read_text())
    assert resolved["manual_seed"] == 9
    assert resolved["logger"]["print_freq"] == 1


def test_mistakes_give_a_message_and_exit_code_1(tmp_path, capsys):
    path = write_options(tmp_path / "options.yml", tiny_training(tmp_path, **{"train:totl_iter": 3}))
    assert main(["-opt", str(path)]) == 1
    complaint = capsys.readouterr().err
    assert "options.yml" in complaint
    assert "totl_iter" in complaint
    assert "total_iter" in complaint
    assert main(["-opt", str(tmp_path / "none.yml")]) == 1


def test_infinity_stops_before_the_weights_are_touched(tmp_path, capsys):
    assert run(tmp_path, **{"train:total_iter": 3}) == 0
    before = weights(tmp_path, 3)
    spoiled = {name: value.clone() for name, value in before.items()}
    first = next(name for name, value in spoiled.items() if value.dtype.is_floating_point)
    spoiled[first].fill_(float("nan"))
    path = tmp_path / "spoiled.pth"
    torch.save({"params": spoiled}, path)
    changes = {"path:pretrain_network_g": str(path), "name": "second", "datasets:val": None}
    options = tiny_training(tmp_path, **changes)
    del options["datasets"]["val"]
    assert main(["-opt", str(write_options(tmp_path / "second.yml", options))]) == 1
    complaint = capsys.readouterr().err
    assert "not finite at iteration 1" in complaint
    assert "photo" in complaint
    assert not list((tmp_path / "experiments/second/models").iterdir())


def test_a_test_writes_metrics_json(tmp_path, capsys):
    from hyperthumb.evaluation.main import main as test_main

    assert run(tmp_path, **{"train:total_iter": 1}) == 0
    options = tiny_training(tmp_path)
    test_options = {
        "name": "tiny",
        "scale": 4,
        "device": "cpu",
        "datasets": {"test": {**options["datasets"]["val"], "name": "two"}},
        "network_g": options["network_g"],
        "path": {**options["path"], "pretrain_network_g": str(tmp_path / "experiments/tiny/models/net_g_latest.pth")},
        "baselines": [{"type": "BicubicJpeg"}],
        "comparison": True,
    }
    assert test_main(["-opt", str(write_options(tmp_path / "test.yml", test_options))]) == 0
    root = tmp_path / "results/tiny/two"
    content = json.loads((root / "metrics.json").read_text())
    assert content["dataset"] == "two"
    assert content["protocol"] == "paper"
    assert content["count"] == 2
    assert set(content["mean"]) == {
        "bpp", "psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr", "rate_estimate_bpp",
    }  # fmt: skip
    assert content["mean"]["lpips"] is None
    assert len(content["checkpoint_sha256"]) == 64
    with open(root / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        size = (root / "thumbnails" / f"{row['image']}.jpg").stat().st_size
        assert int(row["bytes"]) == size
        assert float(row["bpp"]) == pytest.approx(8 * size / (41 * 50))
    assert (root / "restored/photo0.png").exists()
    assert (tmp_path / "results/tiny/comparison.png").exists()
    assert "PSNR-RGB" in capsys.readouterr().out


def test_a_run_can_start_from_its_own_copy_of_the_options(tmp_path):
    assert run(tmp_path, **{"train:total_iter": 1}) == 0
    own = tmp_path / "experiments/tiny/options.yml"
    text = own.read_text()
    assert main(["-opt", str(own)]) == 0
    assert main(["-opt", str(own), "--auto_resume"]) == 0
    assert own.read_text() == text

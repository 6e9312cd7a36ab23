"""Every options file that ships loads, and every training one trains."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperthumb.config import load_test_options, load_train_options
from hyperthumb.training.main import main
from tests.support import write_photographs

ROOT = Path(__file__).parents[1]
TRAIN = sorted((ROOT / "options/train").rglob("*.yml"))
TEST = sorted((ROOT / "options/test").rglob("*.yml"))
DATA = ("DIV2K/DIV2K_train_HR", "DIV2K/DIV2K_valid_HR", "train_hr", "gb82", "kodak", "set5", "set14", "bsd100")


@pytest.fixture
def data_root(tmp_path, monkeypatch) -> Path:
    for name in DATA:
        write_photographs(tmp_path / "data" / name, 1)
    for name in ("train", "test"):
        write_photographs(tmp_path / "datasets/demo" / name, 1)
    monkeypatch.setenv("HYPERTHUMB_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_options():
    names = {path.stem for path in TRAIN}
    assert {
        "hyperthumbnail_4x",
        "hyperthumbnail_2x",
        "hyperthumbnail_8x",
        "hyperthumbnail_qpm_only",
        "lite_4x",
    } <= names


@pytest.mark.parametrize("path", TRAIN, ids=lambda p: p.stem)
def test_training_options_load(path, data_root):
    options = load_train_options(path)
    assert options.name == path.stem
    assert options.datasets.train.gt_size is not None
    assert options.datasets.train.gt_size % (8 * options.scale) == 0


@pytest.mark.parametrize("path", TEST, ids=lambda p: p.stem)
def test_test_options_load(path, data_root):
    for name in ("hyperthumbnail_4x", "demo_4x"):
        folder = data_root / f"experiments/{name}/models"
        folder.mkdir(parents=True)
        (folder / "net_g_latest.pth").touch()
    assert load_test_options(path).name == path.stem


@pytest.mark.parametrize("path", TRAIN, ids=lambda p: p.stem)
def test_two_iterations(path, data_root):
    """The networks are the shipped ones at full size; only the data is small."""
    size = 64 if "8x" in path.stem else 32
    for name in DATA:
        write_photographs(data_root / "data" / name, 1, size, size)
    for name in ("train", "test"):
        write_photographs(data_root / "datasets/demo" / name, 1, size, size)
    force = [
        "train:total_iter=2",
        "logger:save_checkpoint_freq=2",
        "logger:use_tb_logger=false",
        "device=cpu",
        f"datasets:train:gt_size={size}",
        "datasets:train:batch_size_per_gpu=1",
        "datasets:train:num_worker_per_gpu=0",
        "val:val_freq=2",
    ]
    assert main(["-opt", str(path), "--force_yml", *force]) == 0
    assert (data_root / f"experiments/{path.stem}/models/net_g_2.pth").exists()

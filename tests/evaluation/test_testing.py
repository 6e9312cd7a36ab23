"""Whole test runs, of bicubic with JPEG: what is written, and under which names."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hyperthumb.baselines import BicubicJpeg
from hyperthumb.config import load_test_options
from hyperthumb.evaluation.evaluator import bicubic_psnr
from hyperthumb.evaluation.testing import test as measure_all
from hyperthumb.metrics import get_protocol
from tests.support import photograph, write_options, write_photographs


def measure(folder: Path, dataset: dict, **val: object) -> Path:
    """Runs a test of one baseline; returns the folder of its results."""
    options = {
        "name": "run",
        "scale": 4,
        "device": "cpu",
        "datasets": {"test": {"name": "set", "type": "HRImageDataset", **dataset}},
        "baselines": [{"type": "BicubicJpeg"}],
        "path": {"results_root": str(folder / "results")},
        "val": val,
    }
    (entry,) = measure_all(load_test_options(write_options(folder / "test.yml", options)))
    (table,) = (folder / "results/run/set").glob("*/metrics.csv")
    assert len(entry.images) == len(rows_of(table.parent))
    return table.parent


def rows_of(results: Path) -> dict[str, dict[str, str]]:
    with open(results / "metrics.csv", newline="") as file:
        return {row["image"]: row for row in csv.DictReader(file)}


def test_protocol_sr_leaves_cells_of_small_pictures_empty(tmp_path):
    """Crop 4 leaves no row of 8; the numbers of the other picture are kept."""
    pictures = write_photographs(tmp_path / "pictures", 1, 41, 50)
    Image.fromarray(photograph(8, 40)).save(pictures / "icon.png")
    with pytest.warns(UserWarning, match="icon: a picture of 40x8 pixels is too small for protocol sr: Y, crop 4"):
        results = measure(tmp_path, {"dataroot_gt": str(pictures)}, protocol="sr")
    rows = rows_of(results)
    assert [rows["icon"][name] for name in ("psnr_rgb", "psnr_y", "ssim")] == [""] * 3
    assert float(rows["icon"]["bpp"]) > 0
    assert float(rows["photo0"]["psnr_y"]) > 10
    mean = json.loads((results / "metrics.json").read_text())["mean"]
    assert [mean[name] for name in ("psnr_rgb", "psnr_y", "ssim")] == [None] * 3
    assert mean["thumb_psnr"] > 10


def test_two_folders_with_pictures_of_one_name_keep_both_files(tmp_path):
    folders = [write_photographs(tmp_path / name, 1, 41, 50, seed=number) for number, name in enumerate("ab")]
    results = measure(tmp_path, {"dataroot_gt": [str(folder) for folder in folders]}, save_img=True)
    rows = rows_of(results)
    assert sorted(rows) == ["a/photo0", "b/photo0"]
    for name, row in rows.items():
        assert (results / f"thumbnails/{name}.jpg").stat().st_size == int(row["bytes"])
        with Image.open(results / f"restored/{name}.png") as restored, Image.open(tmp_path / f"{name}.png") as original:
            found = get_protocol("paper", 4).psnr_rgb(np.asarray(restored), np.asarray(original))
        assert found == pytest.approx(float(row["psnr_rgb"]))
    assert len(list(results.rglob("*.jpg"))) == len(list(results.rglob("*.png"))) == 2


def test_bicubic_resizing_alone_is_what_its_row_has_without_the_files_loss():
    picture = photograph(83, 66)
    protocol = get_protocol("paper", 4)
    down = BicubicJpeg(4).downscale(picture)
    assert bicubic_psnr(picture, 4, protocol) == protocol.psnr_rgb(picture, BicubicJpeg(4).upscale(down, 83, 66)) < 40
    assert bicubic_psnr(np.full_like(picture, 90), 4, protocol) == 100

"""Whole test runs, of bicubic with JPEG: what is written, and under which names."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from hyperthumb.config import load_test_options
from hyperthumb.evaluation.testing import test as measure_all
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
    assert entry.mean.count == len(rows_of(table.parent))
    return table.parent


def rows_of(results: Path) -> dict[str, dict[str, str]]:
    with open(results / "metrics.csv", newline="") as file:
        return {row["image"]: row for row in csv.DictReader(file)}


def test_protocol_sr_leaves_cells_of_small_pictures_empty(tmp_path):
    """Crop 4 leaves nothing of 8 rows; the other picture's numbers are not lost."""
    pictures = write_photographs(tmp_path / "pictures", 1, 41, 50)
    Image.fromarray(photograph(8, 40)).save(pictures / "icon.png")
    with pytest.warns(UserWarning, match="icon: protocol sr: Y, crop 4 leaves nothing of a picture of 40x8"):
        results = measure(tmp_path, {"dataroot_gt": str(pictures)}, protocol="sr")
    rows = rows_of(results)
    assert [rows["icon"][name] for name in ("psnr_rgb", "psnr_y", "ssim")] == [""] * 3
    assert float(rows["icon"]["bpp"]) > 0
    assert float(rows["photo0"]["psnr_y"]) > 10
    mean = json.loads((results / "metrics.json").read_text())["mean"]
    assert [mean[name] for name in ("psnr_rgb", "psnr_y", "ssim")] == [None] * 3
    assert mean["thumb_psnr"] > 10

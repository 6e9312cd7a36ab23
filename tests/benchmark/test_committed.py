"""The benchmarks and ablations kept in results/ are readable, whole, and land where the paper's first row does."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyperthumb.benchmark.results import load_results

RESULTS = Path(__file__).parents[2] / "results"
FOLDERS = sorted(path.parent for kind in ("ablation", "benchmark") for path in RESULTS.glob(f"{kind}/*/results.json"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_every_row_was_measured(folder):
    results = load_results(folder)
    assert [row.name for row in results.rows if row.failure] == []
    assert all(curve.points for row in results.rows for curve in row.curves)
    assert {"report.html", "table.md", "table.tex", "table.csv"} <= {path.name for path in folder.iterdir()}


def test_bicubic_on_kodak_is_the_papers_first_row():
    (folder,) = [folder for folder in FOLDERS if folder.name == "kodak_4x"]
    (row,) = [row for row in load_results(folder).rows if row.name == "Bicubic & JPEG & Bicubic"]
    (point,) = [point for point in row.curves[0].points if point.setting == "quality=96"]
    assert point.bpp == pytest.approx(0.29, abs=0.005)
    assert point.psnr_rgb == pytest.approx(25.18, abs=0.05)

"""What is written is what was measured, whole, and readable by others."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from hyperthumb.base.environment import package_versions
from hyperthumb.base.errors import HyperthumbError
from hyperthumb.evaluation.metrics_files import MethodResult, format_table, write_metrics_csv, write_metrics_json
from hyperthumb.metrics import ImageScores, get_protocol, mean_scores

IMAGES = [
    ImageScores(
        image="kodim01", height=512, width=768, bytes=14000, bpp=0.1 + 0.2, psnr_rgb=25.5, psnr_y=27.0, ssim=0.7,
        thumb_psnr=37.5, seconds_encode=0.5, seconds_decode=0.25,
    ),
    ImageScores(
        image="päivä, 2", height=65, width=257, bytes=900, bpp=0.43, psnr_rgb=24.5, psnr_y=26.0, ssim=0.6,
        lpips=0.25, thumb_psnr=36.5, seconds_encode=0.7, seconds_decode=0.75,
    ),
]  # fmt: skip
COLUMNS = [
    "image", "height", "width", "bytes", "bpp", "psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr",
    "rate_estimate_bpp", "seconds_encode", "seconds_decode", "seconds_downscale", "seconds_upscale",
]  # fmt: skip


def test_csv_has_a_line_an_image_with_every_digit(tmp_path: Path) -> None:
    write_metrics_csv(tmp_path / "new" / "metrics.csv", IMAGES)
    with open(tmp_path / "new" / "metrics.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["image"] for line in lines] == ["kodim01", "päivä, 2"]
    for line, row in zip(lines, IMAGES, strict=True):
        assert list(line) == COLUMNS
        for name, cell in line.items():
            value = getattr(row, name)
            assert cell == ("" if value is None else str(value))
    assert float(lines[0]["bpp"]) == 0.1 + 0.2


def test_json_has_the_means_and_what_repeats_them(tmp_path: Path) -> None:
    result = MethodResult(
        "ours", "kodak", get_protocol("sr", 4), IMAGES, "models/net_g_latest.pth", "ab" * 32, "cpu", "small", "alex"
    )
    write_metrics_json(tmp_path / "metrics.json", result)
    mean = mean_scores(IMAGES)
    assert json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8")) == {
        "dataset": "kodak",
        "protocol": "sr",
        "crop": 4,
        "count": 2,
        "mean": {
            "bpp": mean.bpp,
            "psnr_rgb": 25.0,
            "psnr_y": 26.5,
            "ssim": mean.ssim,
            "lpips": None,
            "thumb_psnr": 37.0,
            "rate_estimate_bpp": None,
        },
        "median": {"seconds_encode": pytest.approx(0.6), "seconds_decode": 0.5},
        "checkpoint": "models/net_g_latest.pth",
        "checkpoint_sha256": "ab" * 32,
        "versions": package_versions(),
        "device": "cpu",
        "profile": "small",
        "lpips": "alex",
    }


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "metrics.csv"
    write_metrics_csv(path, IMAGES)
    before = path.read_bytes()

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(HyperthumbError, match=r"metrics\.csv: No space left on device"):
        write_metrics_csv(path, IMAGES[:1])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_write_replaces_the_first(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    write_metrics_csv(path, IMAGES)
    write_metrics_csv(path, IMAGES[:1])
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_json_of_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HyperthumbError, match="at least one image"):
        write_metrics_json(tmp_path / "metrics.json", MethodResult("ours", "kodak", get_protocol("paper", 4), []))
    assert list(tmp_path.iterdir()) == []


def test_table_is_aligned_and_names_each_protocol() -> None:
    table = format_table(
        [
            MethodResult("bicubic | JPEG q96", "kodak", get_protocol("paper", 4), IMAGES),
            MethodResult("lite", "set5", get_protocol("sr", 2), IMAGES[1:], lpips="alex"),
        ]
    )
    header, rule, first, second = ([cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines())
    assert len({len(line) for line in table.splitlines()}) == 1
    assert len(header) == len(rule) == len(first) == len(second)
    assert set("".join(rule)) == {"-", ":"}
    named = dict(zip(header, first, strict=True))
    assert named["method"] == "bicubic / JPEG q96"
    assert (named["protocol"], named["PSNR-RGB"], named["LPIPS (alex)"]) == ("paper: RGB, whole image", "25.00", "-")
    named = dict(zip(header, second, strict=True))
    assert (named["protocol"], named["PSNR-Y"], named["LPIPS (alex)"]) == ("sr: Y, crop 2", "26.00", "0.2500")
    assert (named["images"], named["bpp"], named["decode s"]) == ("1", "0.4300", "0.750")

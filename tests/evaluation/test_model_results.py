from __future__ import annotations

import dataclasses
import json

import pytest

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.evaluation.model_results import (
    ModelResult,
    average,
    collect,
    format_markdown,
    merge,
    read_results,
    write_results,
)
from hyperthumb.metrics import ImageScores

ROWS = [
    ImageScores(
        image="a", height=10, width=20, bytes=25, bpp=1.0, psnr_rgb=30.0, psnr_y=31.0, ssim=0.8, thumb_psnr=36.0,
        rate_estimate_bpp=1.5,
    ),
    ImageScores(
        image="b", height=20, width=20, bytes=25, bpp=0.5, psnr_rgb=32.123456, psnr_y=33.0, ssim=0.9, thumb_psnr=38.0,
        rate_estimate_bpp=0.25,
    ),
]  # fmt: skip


def result(model: str = "lite", rate_scale: float = 1.0, sha256: str = "ab", **changes: object) -> ModelResult:
    per_image = collect(ROWS, [30, 50])
    row = ModelResult(
        **dataclasses.asdict(average(per_image)), model=model, model_id="0102ab", sha256=sha256, scale=4,
        rate_scale=rate_scale, refine=0, images=2, protocol="paper", profile="small", seconds_decode=0.2, device="cpu",
        versions={"torch": "2"}, command="python it", per_image=per_image,
    )  # fmt: skip
    return dataclasses.replace(row, **changes)


def test_means_are_of_each_image_s_number():
    row = result()
    assert (row.bpp, row.bpp_default) == (0.75, 1.1)
    assert row.psnr_rgb == round((30 + 32.1235) / 2, 6)
    assert (row.psnr_y, row.ssim, row.thumb_psnr) == (32, 0.85, 37)
    assert row.rate_estimate_bpp == 0.875
    assert row.per_image.rate_estimate_bits == [300, 100]


@pytest.mark.parametrize(("missing", "metric"), [("psnr_rgb", "PSNR"), ("psnr_y", "PSNR"), ("ssim", "SSIM")])
def test_pictures_too_small_for_a_metric_are_named(missing, metric):
    with pytest.raises(HyperthumbError, match=f"b: 20x20 is too small for {metric}; leave it out"):
        collect([ROWS[0], dataclasses.replace(ROWS[1], **{missing: None})], [30, 50])


def test_without_a_rate_model_there_is_no_estimate():
    rows = [dataclasses.replace(row, rate_estimate_bpp=None) for row in ROWS]
    images = collect(rows, [30, 50])
    assert images.rate_estimate_bits is None
    assert average(images).rate_estimate_bpp is None


def test_what_is_written_is_read(tmp_path):
    rows = [result(), result(rate_scale=1.5, rate_estimate_bpp=None)]
    write_results(tmp_path / "kodak.json", rows)
    assert read_results(tmp_path / "kodak.json") == rows
    text = (tmp_path / "kodak.json").read_text()
    assert '"bytes": [25, 25],\n' in text
    assert json.loads(text)["dataset"] == "kodak"
    assert read_results(tmp_path / "missing.json") == []


def test_rows_from_before_there_was_refinement_are_unrefined(tmp_path):
    path = tmp_path / "kodak.json"
    write_results(path, [result()])
    content = json.loads(path.read_text())
    del content["rows"][0]["refine"]
    path.write_text(json.dumps(content))
    assert read_results(path) == [result()]


def test_refined_rows_stand_beside_the_others():
    assert [row.refine for row in merge([result()], [result(refine=25)])] == [0, 25]


@pytest.mark.parametrize("content", ["", "[]", '{"rows": [{}]}', '{"rows": [{"per_image": 3}]}', '{"mean": 1}'])
def test_other_files_are_a_sentence(tmp_path, content):
    (tmp_path / "it.json").write_text(content)
    with pytest.raises(HyperthumbError, match=r"it\.json holds no results"):
        read_results(tmp_path / "it.json")


def test_new_rows_replace_their_like_and_drop_those_of_older_weights():
    old = [result("lite", 1.0, "old"), result("lite", 2.0, "old"), result("rich", 1.0, "rich")]
    assert merge(old, [result("lite", 1.0, "new")]) == [result("lite", 1.0, "new"), result("rich", 1.0, "rich")]
    same = merge(old, [result("lite", 3.0, "old"), result("lite", 1.0, "old", bpp=9.0)])
    assert [(row.model, row.rate_scale, row.bpp) for row in same] == [
        ("lite", 1.0, 9.0), ("lite", 2.0, 0.75), ("lite", 3.0, 0.75), ("rich", 1.0, 0.75)
    ]  # fmt: skip


def test_the_table_has_a_row_for_each():
    lines = format_markdown({"kodak": [result()], "set5": [result("rich", rate_estimate_bpp=None)]}).splitlines()
    assert lines[2] == "| lite | kodak | 2 | 1 | 0 | 0.750 | 1.100 | 0.875 | 31.06 | 32.00 | 0.8500 | 37.00 | 0.20 |"
    assert lines[3].startswith("| rich | set5 | 2 | 1 | 0 | 0.750 | 1.100 | - |")
    assert len({line.count("|") for line in lines}) == 1

"""Rows and means."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hyperthumb.base.errors import HyperthumbError, TooSmallError
from hyperthumb.metrics import PSNR_CAP, MetricRow, accumulate, get_protocol, measure, psnr

PAPER = get_protocol("paper", 4)


def picture(seed: int, height: int = 45, width: int = 37) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def row(**changes: object) -> MetricRow:
    filled = MetricRow("a", 8, 8, 10, 1.0, 30.0, 31.0, 0.9, 0.1, 33.0, 0.9, 0.5, 0.25)
    return dataclasses.replace(filled, **changes)  # type: ignore[arg-type]


def test_measures_everything_it_is_given() -> None:
    hr, restored, thumbnail, reference = picture(1), picture(2), picture(3, 12, 10), picture(4, 12, 10)
    measured = measure(
        "kodim01",
        hr,
        restored,
        450,
        PAPER,
        thumbnail=thumbnail,
        reference=reference,
        rate_estimate_bits=45 * 37 * 2.0,
        lpips=lambda first, second: float(np.mean(first == hr) + np.mean(second == restored)) / 4,
        seconds_encode=0.5,
        seconds_decode=0.25,
    )
    assert measured == MetricRow(
        image="kodim01",
        height=45,
        width=37,
        bytes=450,
        bpp=8 * 450 / (45 * 37),
        psnr_rgb=PAPER.psnr_rgb(hr, restored),
        psnr_y=PAPER.psnr_y(hr, restored),
        ssim=PAPER.ssim(hr, restored),
        lpips=0.5,
        thumb_psnr=psnr(thumbnail, reference),
        rate_estimate_bpp=2.0,
        seconds_encode=0.5,
        seconds_decode=0.25,
    )


def test_leaves_empty_what_it_is_not_given() -> None:
    measured = measure("a", picture(1), picture(2), 450, PAPER, thumbnail=picture(3, 12, 10))
    optional = (measured.lpips, measured.thumb_psnr, measured.rate_estimate_bpp)
    assert (*optional, measured.seconds_encode, measured.seconds_decode) == (None,) * 5


def test_psnr_of_equal_pictures_is_capped() -> None:
    hr, small = picture(1), picture(3, 12, 10)
    measured = measure("a", hr, hr, 450, PAPER, thumbnail=small, reference=small)
    assert (measured.psnr_rgb, measured.psnr_y, measured.thumb_psnr) == (PSNR_CAP,) * 3


def test_complaints_name_the_image() -> None:
    with pytest.raises(HyperthumbError, match=r"^kodim07: two pictures of different sizes"):
        measure("kodim07", picture(1), picture(2, 44, 37), 450, PAPER)


def test_mean_is_of_images_and_times_are_medians() -> None:
    rows = [
        row(bpp=1.0, psnr_rgb=20.0, seconds_decode=0.1),
        row(bpp=2.0, psnr_rgb=30.0, seconds_decode=0.2),
        row(bpp=6.0, psnr_rgb=43.0, seconds_decode=9.0),
    ]
    mean = accumulate(rows)
    assert (mean.count, mean.bpp, mean.psnr_rgb, mean.psnr_y) == (3, 3.0, 31.0, 31.0)
    assert (mean.lpips, mean.thumb_psnr, mean.rate_estimate_bpp) == pytest.approx((0.1, 33.0, 0.9))
    assert (mean.seconds_encode, mean.seconds_decode) == (0.5, 0.2)


def test_a_picture_too_small_for_a_metric_leaves_its_cell_empty() -> None:
    def needs_32(first: np.ndarray, second: np.ndarray) -> float:
        raise TooSmallError("LPIPS needs sides of 32 pixels or more")

    hr, restored = picture(1, 10, 40), picture(2, 10, 40)
    with pytest.warns(UserWarning, match=r"^kodim07: ") as caught:
        measured = measure("kodim07", hr, restored, 450, PAPER, lpips=needs_32)
    assert [("SSIM" in str(warning.message), "LPIPS" in str(warning.message)) for warning in caught] == [
        (True, False),
        (False, True),
    ]
    assert (measured.ssim, measured.lpips) == (None, None)
    assert measured.psnr_rgb == PAPER.psnr_rgb(hr, restored)


def test_a_picture_smaller_than_the_crop_leaves_its_cells_empty() -> None:
    hr, restored, small = picture(1, 8, 40), picture(2, 8, 40), picture(3, 2, 10)
    with pytest.warns(
        UserWarning, match=r"^icon/7: protocol sr: Y, crop 4 leaves nothing of a picture of 40x8"
    ) as caught:
        measured = measure("icon/7", hr, restored, 450, get_protocol("sr", 4), thumbnail=small, reference=small)
    assert len(caught) == 1
    assert (measured.psnr_rgb, measured.psnr_y, measured.ssim) == (None, None, None)
    assert (measured.bpp, measured.thumb_psnr) == (8 * 450 / (8 * 40), PSNR_CAP)
    mean = accumulate([row(), measured])
    assert (mean.count, mean.psnr_rgb, mean.psnr_y, mean.ssim) == (2, None, None, None)


@pytest.mark.parametrize(
    "name",
    ["psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr", "rate_estimate_bpp", "seconds_encode", "seconds_decode"],
)
def test_no_mean_over_a_part_of_the_images(name: str) -> None:
    mean = accumulate([row(), row(**{name: None})])
    assert getattr(mean, name) is None
    assert mean.bpp == 1.0


def test_no_mean_of_nothing() -> None:
    with pytest.raises(HyperthumbError, match="no image"):
        accumulate([])

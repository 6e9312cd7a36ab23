"""Scores of one image, and their means."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hyperthumb.base.errors import HyperthumbError, TooSmallError
from hyperthumb.metrics import PSNR_CAP, ImageScores, get_protocol, mean_scores, measure, psnr

PAPER = get_protocol("paper", 4)


def picture(seed: int, height: int = 45, width: int = 37) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def scores(**changes: object) -> ImageScores:
    filled = ImageScores(
        image="a", height=8, width=8, bytes=10, bpp=1.0, psnr_rgb=30.0, psnr_y=31.0, ssim=0.9, lpips=0.1,
        thumb_psnr=33.0, rate_estimate_bpp=0.9, seconds_encode=0.5, seconds_decode=0.25,
    )  # fmt: skip
    return dataclasses.replace(filled, **changes)  # type: ignore[arg-type]


def test_measures_everything_it_is_given() -> None:
    hr, restored, thumbnail, reference = picture(1), picture(2), picture(3, 12, 10), picture(4, 12, 10)
    measured = measure(
        "kodim01",
        hr,
        restored,
        450,
        PAPER,
        thumbnails=(thumbnail, reference),
        rate_estimate_bits=45 * 37 * 2.0,
        lpips=lambda first, second: float(np.mean(first == hr) + np.mean(second == restored)) / 4,
    )
    assert measured == ImageScores(
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
    )


def test_leaves_empty_what_it_is_not_given() -> None:
    measured = measure("a", picture(1), picture(2), 450, PAPER)
    optional = (measured.lpips, measured.thumb_psnr, measured.rate_estimate_bpp)
    assert (*optional, measured.seconds_encode, measured.seconds_decode) == (None,) * 5


def test_psnr_of_equal_pictures_is_capped() -> None:
    hr, small = picture(1), picture(3, 12, 10)
    measured = measure("a", hr, hr, 450, PAPER, thumbnails=(small, small))
    assert (measured.psnr_rgb, measured.psnr_y, measured.thumb_psnr) == (PSNR_CAP,) * 3


def test_complaints_name_the_image() -> None:
    with pytest.raises(HyperthumbError, match=r"^kodim07: two pictures of different sizes"):
        measure("kodim07", picture(1), picture(2, 44, 37), 450, PAPER)


def test_mean_is_of_images_and_times_are_medians() -> None:
    rows = [
        scores(bpp=1.0, psnr_rgb=20.0, seconds_decode=0.1),
        scores(bpp=2.0, psnr_rgb=30.0, seconds_decode=0.2),
        scores(bpp=6.0, psnr_rgb=43.0, seconds_decode=9.0),
    ]
    mean = mean_scores(rows)
    assert (mean.bpp, mean.psnr_rgb, mean.psnr_y) == (3.0, 31.0, 31.0)
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
        UserWarning, match=r"^icon/7: a picture of 40x8 pixels is too small for protocol sr: Y, crop 4"
    ) as caught:
        measured = measure("icon/7", hr, restored, 450, get_protocol("sr", 4), thumbnails=(small, small))
    assert len(caught) == 1
    assert (measured.psnr_rgb, measured.psnr_y, measured.ssim) == (None, None, None)
    assert (measured.bpp, measured.thumb_psnr) == (8 * 450 / (8 * 40), PSNR_CAP)
    mean = mean_scores([scores(), measured])
    assert (mean.psnr_rgb, mean.psnr_y, mean.ssim) == (None, None, None)


@pytest.mark.parametrize(
    "name",
    ["psnr_rgb", "psnr_y", "ssim", "lpips", "thumb_psnr", "rate_estimate_bpp", "seconds_encode", "seconds_decode"],
)
def test_a_mean_needs_a_number_for_every_image(name: str) -> None:
    mean = mean_scores([scores(), scores(**{name: None})])
    assert getattr(mean, name) is None
    assert mean.bpp == 1.0


def test_a_mean_needs_an_image() -> None:
    with pytest.raises(HyperthumbError, match="at least one image"):
        mean_scores([])

"""Protocols: which pixels and channels a number is taken from."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from hyperthumb.base.errors import HyperthumbError, TooSmallError
from hyperthumb.metrics import Protocol, get_protocol


def pair() -> tuple[np.ndarray, np.ndarray]:
    """A picture whose border is damaged far more than its inside, and its blue more than its green."""
    generator = np.random.default_rng(7)
    first = generator.integers(40, 200, (45, 37, 3), dtype=np.uint8)
    second = first.astype(int) + generator.integers(-4, 5, first.shape) * np.array([1, 1, 3])
    second[:4] += 30
    return first, second.astype(np.uint8)


def test_paper_is_rgb_on_the_whole_image() -> None:
    first, second = pair()
    protocol = get_protocol("paper", scale=4)
    assert protocol == Protocol("paper", crop=0, channels="RGB")
    assert protocol.label == "paper: RGB, whole image"
    assert protocol.psnr(first, second) == protocol.psnr_rgb(first, second)
    expected = peak_signal_noise_ratio(first, second, data_range=255)
    assert protocol.psnr(first, second) == pytest.approx(expected, abs=1e-9)


def test_sr_is_luma_without_a_border_of_the_scale() -> None:
    first, second = pair()
    protocol = get_protocol("sr", scale=4)
    assert protocol == Protocol("sr", crop=4, channels="Y")
    assert protocol.label == "sr: Y, crop 4"
    assert protocol.psnr(first, second) == protocol.psnr_y(first, second)
    luma_first, luma_second = (rgb2ycbcr(image[4:-4, 4:-4])[:, :, 0] for image in (first, second))
    expected = peak_signal_noise_ratio(luma_first, luma_second, data_range=255)
    assert protocol.psnr(first, second) == pytest.approx(expected, abs=1e-9)
    similarity = structural_similarity(
        luma_first, luma_second, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )
    assert protocol.ssim(first, second) == pytest.approx(similarity, abs=1e-9)


def test_ssim_of_paper_is_the_mean_of_the_channels() -> None:
    first, second = pair()
    similarity = structural_similarity(
        first.astype(float),
        second.astype(float),
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
    )
    assert get_protocol("paper", 4).ssim(first, second) == pytest.approx(similarity, abs=1e-9)


def test_the_crop_applies_to_both_psnr() -> None:
    first, second = pair()
    whole, cropped = get_protocol("paper", 4), get_protocol("sr", 4)
    assert cropped.psnr_rgb(first, second) == whole.psnr_rgb(first[4:-4, 4:-4], second[4:-4, 4:-4])
    assert whole.psnr_y(first[4:-4, 4:-4], second[4:-4, 4:-4]) == cropped.psnr_y(first, second)
    assert cropped.psnr_rgb(first, second) > whole.psnr_rgb(first, second) + 1


def test_a_crop_that_leaves_nothing_is_an_error() -> None:
    small = np.zeros((16, 40, 3), np.uint8)
    with pytest.raises(TooSmallError, match="a picture of 40x16 pixels is too small for protocol sr: Y, crop 8"):
        get_protocol("sr", 8).psnr(small, small)


def test_unknown_name() -> None:
    with pytest.raises(HyperthumbError, match=r'"div2k" \(known: paper, sr\)'):
        get_protocol("div2k", 4)


def test_metrics_do_without_torch() -> None:
    code = "import sys, hyperthumb.metrics; sys.exit('torch' in sys.modules or 'lpips' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

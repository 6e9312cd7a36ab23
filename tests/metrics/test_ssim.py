"""SSIM against scikit-image's, with the original authors' window."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.metrics import luma, ssim
from hyperthumb.metrics.ssim import ssim_luma


def oracle(first: np.ndarray, second: np.ndarray) -> float:
    """Wang et al.'s settings, as scikit-image documents them; its mean leaves the border out too."""
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    channel_axis = 2 if first.ndim == 3 else None
    return float(
        structural_similarity(first.astype(float), second.astype(float), channel_axis=channel_axis, **settings)
    )


def to_uint8(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def smooth_pair(height: int, width: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    picture = 128 + 90 * np.sin(rows / 5)[..., None] * np.cos(columns[..., None] / np.array([3.0, 5.0, 9.0]))
    noisy = picture + generator.normal(0, 20, picture.shape)
    return to_uint8(picture), to_uint8(noisy)


@pytest.mark.parametrize(("height", "width"), [(11, 11), (12, 47), (65, 33), (139, 21), (300, 13)])
def test_agrees_with_skimage_at_odd_sizes_and_across_strips(height: int, width: int) -> None:
    first, second = smooth_pair(height, width)
    assert ssim(first, second) == pytest.approx(oracle(first, second), abs=1e-9)


def test_single_channel() -> None:
    first, second = smooth_pair(40, 31)
    assert ssim(first[:, :, 1], second[:, :, 1]) == pytest.approx(oracle(first[:, :, 1], second[:, :, 1]), abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 99), height=st.integers(11, 60), width=st.integers(11, 30), rows=st.integers(1, 60))
def test_strips_give_what_the_whole_gives(seed: int, height: int, width: int, rows: int) -> None:
    first, second = smooth_pair(height, width, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["hyperthumb.metrics.ssim"], "_STRIP", rows)  # the package has a function of that name
        in_strips = ssim(first, second), ssim_luma(first, second)
    assert in_strips == pytest.approx((oracle(first, second), oracle(luma(first), luma(second))), abs=1e-9)


def test_equal_pictures_give_one_and_order_does_not_matter() -> None:
    first, second = smooth_pair(33, 40)
    assert ssim(first, first) == pytest.approx(1.0, abs=1e-12)
    assert ssim(first, second) == pytest.approx(ssim(second, first), abs=1e-12)
    assert ssim(first, second) < 0.9


def test_an_inverted_picture_is_dissimilar() -> None:
    first, _ = smooth_pair(40, 40)
    assert ssim(first, 255 - first) < 0


def test_refuses_pictures_below_the_window_or_of_two_sizes() -> None:
    with pytest.raises(HyperthumbError, match="at least 11x11 pixels, not 40x10"):
        ssim(np.zeros((10, 40, 3), np.uint8), np.zeros((10, 40, 3), np.uint8))
    with pytest.raises(HyperthumbError, match="different sizes"):
        ssim(np.zeros((12, 40, 3), np.uint8), np.zeros((12, 41, 3), np.uint8))

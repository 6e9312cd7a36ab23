"""PSNR and luma against scikit-image, and by their laws."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.metrics import luma, psnr
from hyperthumb.metrics.psnr import psnr_luma

SMALL = arrays(np.uint8, (5, 3, 3))


def noisy_pair(seed: int, height: int = 65, width: int = 33) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    first = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    noise = generator.normal(0, 12, first.shape)
    return first, np.clip(np.rint(first + noise), 0, 255).astype(np.uint8)


def test_agrees_with_skimage() -> None:
    first, second = noisy_pair(1)
    assert psnr(first, second) == pytest.approx(peak_signal_noise_ratio(first, second, data_range=255), abs=1e-9)


def test_luma_is_matlabs() -> None:
    picture, _ = noisy_pair(2)
    np.testing.assert_allclose(luma(picture), rgb2ycbcr(picture)[:, :, 0], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("level", "expected"), [(0, 16.0), (255, 235.0)])
def test_luma_spans_the_studio_range(level: int, expected: float) -> None:
    assert luma(np.full((2, 2, 3), level, np.uint8)) == pytest.approx(np.full((2, 2), expected), abs=0.01)


def test_psnr_of_luma_agrees_with_skimage() -> None:
    first, second = noisy_pair(3)
    expected = peak_signal_noise_ratio(rgb2ycbcr(first)[:, :, 0], rgb2ycbcr(second)[:, :, 0], data_range=255)
    assert psnr_luma(first, second) == pytest.approx(expected, abs=1e-9)


def test_large_differences_do_not_wrap() -> None:
    black, white = np.zeros((3, 5, 3), np.uint8), np.full((3, 5, 3), 255, np.uint8)
    assert psnr(black, white) == 0.0
    assert psnr(white, black) == 0.0


@given(first=SMALL, second=SMALL)
def test_does_not_depend_on_order_or_mirroring(first: np.ndarray, second: np.ndarray) -> None:
    assert psnr(first, second) == psnr(second, first)
    assert psnr(first[::-1, ::-1], second[::-1, ::-1]) == pytest.approx(psnr(first, second))


@given(level=st.integers(0, 205), offset=st.integers(1, 50))
def test_of_a_constant_offset_is_its_decibels(level: int, offset: int) -> None:
    first = np.full((4, 3, 3), level, np.uint8)
    assert psnr(first, first + np.uint8(offset)) == pytest.approx(20 * math.log10(255 / offset))


@settings(max_examples=10)
@given(seed=st.integers(0, 99), height=st.integers(1, 40), width=st.integers(1, 9), rows=st.integers(1, 45))
def test_strips_give_what_the_whole_gives(seed: int, height: int, width: int, rows: int) -> None:
    pair = noisy_pair(seed, height, width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["hyperthumb.metrics.psnr"], "_STRIP", rows)  # the package has a function of that name
        in_strips = psnr(*pair), psnr_luma(*pair)
    squares = np.square(pair[0].astype(float) - pair[1]).mean(), np.square(luma(pair[0]) - luma(pair[1])).mean()
    assert in_strips == pytest.approx([10 * math.log10(255**2 / square) for square in squares], abs=1e-9)


@given(picture=SMALL)
def test_equal_pictures_give_infinity(picture: np.ndarray) -> None:
    assert psnr(picture, picture.copy()) == math.inf
    assert psnr_luma(picture, picture.copy()) == math.inf


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.zeros((4, 4, 3)), np.zeros((4, 4, 3)), "float64"),
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8), "RGB"),
        (np.zeros((0, 4, 3), np.uint8), np.zeros((0, 4, 3), np.uint8), "RGB"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 1, 3), np.uint8), "different sizes"),
    ],
)
def test_refuses_what_cannot_be_compared(first: np.ndarray, second: np.ndarray, message: str) -> None:
    with pytest.raises(HyperthumbError, match=message):
        psnr(first, second)

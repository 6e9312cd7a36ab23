from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.codec.rate_control import RatedFile
from hyperthumb.codec.slope import Tried, find_slope, tried
from hyperthumb.metrics import bits_per_pixel, psnr
from tests.codec.photographs import PHOTOGRAPH


class Curve:
    """A photograph whose PSNR rises by `rise` dB with the logarithm of the rate, and whose rate falls with the scale.

    Its slope at a rate is rise / rate.
    """

    def __init__(self, rise: float, rate_of_model: float = 0.3) -> None:
        self.rise, self.rate_of_model, self.count = rise, rate_of_model, 0

    def __call__(self, scale: float) -> Tried:
        self.count += 1
        bpp = self.rate_of_model * scale**-0.8
        return Tried(RatedFile(b"", scale), bpp, 30 + self.rise * math.log(bpp))


@given(st.floats(1, 6), st.floats(2, 30))
def test_the_rate_has_the_slope(rise, slope):
    curve = Curve(rise)
    found = find_slope(curve, slope)
    bpp = 0.3 * found.rate_scale**-0.8
    assert bpp == pytest.approx(rise / slope, rel=0.02)
    assert curve.count <= 30


def test_few_files_are_written_near_the_model_s_rate():
    curve = Curve(1.8)
    find_slope(curve, 6)
    assert curve.count <= 5


@pytest.mark.parametrize(("rise", "scale"), [(0.0, 1.25**20), (1e9, 1.25**-20)])
def test_the_search_ends_where_bits_always_or_never_pay(rise, scale):
    curve = Curve(rise)
    assert find_slope(curve, 6).rate_scale == pytest.approx(scale, rel=0.26)
    assert curve.count <= 25


def test_a_perfect_restoration_is_not_worth_more_than_rounding_to_8_bits():
    found = tried(b"12", 1.0, PHOTOGRAPH, PHOTOGRAPH)
    assert found.psnr == 60
    assert found.bpp == bits_per_pixel(2, *PHOTOGRAPH.shape[:2])


def test_no_other_rate_scale_is_better(codec):
    def gain(data: bytes) -> float:
        return psnr(PHOTOGRAPH, codec.restore(data)) - 2 * bits_per_pixel(len(data), *PHOTOGRAPH.shape[:2])

    found = codec.compress_at_slope(PHOTOGRAPH, 2)
    assert found.data == codec.compress(PHOTOGRAPH, rate_scale=found.rate_scale)
    others = [codec.compress(PHOTOGRAPH, rate_scale=found.rate_scale * factor) for factor in (0.7, 1 / 0.7)]
    assert gain(found.data) >= max(map(gain, others))


def test_a_steeper_slope_makes_a_smaller_file(codec):
    small, large = (len(codec.compress_at_slope(PHOTOGRAPH, slope).data) for slope in (8, 0.5))
    assert small < large


@pytest.mark.parametrize("slope", [0, -1, math.nan, math.inf, True, "6", np.zeros(2)])
def test_other_slopes_are_refused(codec, slope):
    with pytest.raises(HyperthumbError, match="slope must be a number above 0"):
        codec.compress_at_slope(PHOTOGRAPH, slope)

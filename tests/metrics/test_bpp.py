"""Bits per pixel of a file."""

from __future__ import annotations

import pytest

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.metrics import bits_per_pixel


def test_is_bits_of_the_file_over_pixels_of_the_unpadded_image() -> None:
    assert bits_per_pixel(19300, 321, 481) == pytest.approx(154400 / 154401)


@pytest.mark.parametrize(("num_bytes", "height", "width"), [(100, 0, 8), (100, 8, -1), (-1, 8, 8)])
def test_refuses_what_has_no_rate(num_bytes: int, height: int, width: int) -> None:
    with pytest.raises(HyperthumbError, match="bits per pixel"):
        bits_per_pixel(num_bytes, height, width)

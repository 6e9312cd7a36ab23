from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperthumb.data.crops import CropSpec, apply_crop, draw_crop
from tests.support import photograph


@given(
    seed=st.integers(0, 2**64),
    position=st.integers(0, 10**12),
    height=st.integers(16, 200),
    width=st.integers(16, 200),
    align=st.sampled_from([1, 2, 4, 8]),
)
def test_crops_lie_inside_and_are_aligned(seed, position, height, width, align):
    crop = draw_crop(seed, position, height, width, 16, True, True, align)
    assert 0 <= crop.top <= height - 16
    assert 0 <= crop.left <= width - 16
    assert crop.top % align == crop.left % align == 0
    assert crop == draw_crop(seed, position, height, width, 16, True, True, align)


def test_all_corners_and_orientations_occur():
    crops = [draw_crop(0, position, 18, 17, 16, True, True) for position in range(2000)]
    counts = np.unique([(c.top, c.left) for c in crops], axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert counts.min() > 250
    counts = np.unique([(c.flip_horizontal, c.flip_vertical, c.transpose) for c in crops], axis=0, return_counts=True)[
        1
    ]
    assert len(counts) == 8
    assert counts.min() > 180


def test_disabling_flips_does_not_move_the_crop():
    for position in range(50):
        turned = draw_crop(5, position, 90, 80, 16, True, True)
        plain = draw_crop(5, position, 90, 80, 16, False, False)
        assert plain == CropSpec(turned.top, turned.left, 16, False, False, False)
        flipped = draw_crop(5, position, 90, 80, 16, True, False)
        assert flipped == plain._replace(flip_horizontal=turned.flip_horizontal)


def test_an_image_of_the_size_of_the_crop_is_used_whole():
    crop = draw_crop(0, 0, 16, 16, 16, False, False)
    image = photograph(16, 16)
    np.testing.assert_array_equal(apply_crop(image, crop), image)


def test_flips_and_transposition_are_applied_in_order():
    image = photograph(20, 30)
    window = image[3:11, 5:13]
    spec = CropSpec(3, 5, 8, False, False, False)
    for settings, expected in [
        ({}, window),
        ({"flip_horizontal": True}, np.fliplr(window)),
        ({"flip_vertical": True}, np.flipud(window)),
        ({"transpose": True}, np.swapaxes(window, 0, 1)),
        ({"flip_horizontal": True, "transpose": True}, np.rot90(window)),
        ({"flip_vertical": True, "transpose": True}, np.rot90(window, -1)),
        ({"flip_horizontal": True, "flip_vertical": True}, np.rot90(window, 2)),
    ]:
        patch = apply_crop(image, spec._replace(**settings))
        np.testing.assert_array_equal(patch, expected)
        assert patch.flags.c_contiguous


def test_shrink_gives_the_same_crop_of_the_thumbnail():
    """The thumbnail is every fourth pixel, so its crop must be every fourth pixel of the photograph's crop."""
    hr = photograph(40, 52)
    thumbnail = hr[::4, ::4]
    for position in range(20):
        crop = draw_crop(1, position, 40, 52, 16, True, True, align=4)
        small = apply_crop(thumbnail, crop.shrink(4))
        unturned = hr[crop.top : crop.top + 16 : 4, crop.left : crop.left + 16 : 4]
        np.testing.assert_array_equal(small, apply_crop(unturned, crop._replace(top=0, left=0, size=4)))


def test_shrinking_an_unaligned_crop_is_an_error():
    with pytest.raises(AssertionError):
        CropSpec(2, 4, 16, False, False, False).shrink(4)

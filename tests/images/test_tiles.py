"""Tiles cover each pixel of a picture once, with the requested margin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperthumb.images.tiles import cover, cover_small, map_tiles

SIDES, MARGINS, MULTIPLES = st.integers(1, 40), st.integers(0, 20), st.sampled_from([1, 2, 4, 7, 8])


@given(height=st.integers(1, 120), width=st.integers(1, 120), side=SIDES, margin=MARGINS, multiple=MULTIPLES)
def test_every_pixel_belongs_to_one_tile(height, width, side, margin, multiple):
    owners = np.zeros((height, width), int)
    for tile in cover((height, width), side, margin, multiple):
        owners[tile.own] += 1
        for own, seen, inner, length in zip(tile.own, tile.seen, tile.inner, (height, width), strict=True):
            assert own.start % multiple == seen.start % multiple == 0
            assert all(stop % multiple == 0 or stop == length for stop in (own.stop, seen.stop))
            assert seen.start <= max(own.start - margin, 0)
            assert seen.stop >= min(own.stop + margin, length)
            rounded = -(-margin // multiple) * multiple
            assert own.stop - own.start < side + multiple or length <= side + 2 * rounded
            assert (inner.start + seen.start, inner.stop + seen.start) == (own.start, own.stop)
    assert (owners == 1).all()


@given(height=st.integers(1, 60), width=st.integers(1, 60), side=SIDES, margin=MARGINS, scale=st.integers(1, 4))
def test_mapping_tiles_equals_mapping_the_whole_picture(height, width, side, margin, scale):
    picture = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    every = slice(None, None, scale)
    small = map_tiles(picture, cover((height, width), side, margin, scale), lambda part: part[every, every], down=scale)
    np.testing.assert_array_equal(small, picture[every, every])

    def enlarge(part):
        return part.repeat(scale, 0).repeat(scale, 1)

    tiles = cover_small(small.shape[:2], scale, side, margin)
    np.testing.assert_array_equal(map_tiles(small, tiles, enlarge, up=scale), enlarge(small))


@pytest.mark.parametrize(("side", "count"), [(None, 1), (100, 1), (60, 1), (59, 4), (34, 9)])
def test_the_number_of_tiles_is_minimal(side, count):
    assert len(list(cover((100, 100), side, 20))) == count

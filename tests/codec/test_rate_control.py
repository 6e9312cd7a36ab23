from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.codec.rate_control import CLOSE_ENOUGH, RatedFile, distinct_scales, find_rate

VARIED = np.geomspace(3, 40, 128).reshape(2, 8, 8)


def tables_of(steps: np.ndarray, *scales: float) -> np.ndarray:
    """(scales, 2, 8, 8) integers."""
    return np.clip(np.round(np.multiply.outer(np.float32(scales), steps.astype(np.float32))), 1, 255)


class Writer:
    """A file whose size falls with its tables, by a power law with or without noise; counts how often it is asked."""

    def __init__(self, steps: np.ndarray, noise: float = 0.0, at_one: int = 20_000) -> None:
        self.steps, self.noise, self.at_one, self.count = steps, noise, at_one, 0

    def sizes(self, scales: np.ndarray) -> np.ndarray:
        tables = tables_of(self.steps, *scales)
        wobbles = [np.random.default_rng(int(n)).uniform(-1, 1) if self.noise else 0 for n in tables.sum((1, 2, 3))]
        mean = (tables / self.steps).mean((1, 2, 3))
        return (600 + self.at_one * mean**-0.85 * (1 + self.noise * np.array(wobbles))).astype(int)

    def size(self, scale: float) -> int:
        return int(self.sizes(np.array([scale]))[0])

    def __call__(self, scale: float) -> bytes:
        self.count += 1
        return bytes(self.size(scale))


def test_every_pair_of_tables_has_one_scale():
    scales = distinct_scales(VARIED)
    assert (np.diff(scales) > 0).all()
    assert 1.0 in scales
    different = tables_of(VARIED, *scales)
    assert len({tables.tobytes() for tables in different}) == len(scales)
    assert (different[0] == 1).all()
    assert (different[-1] == 255).all()
    # No table between two neighbours is missed: at each step entries grow by one.
    assert set(np.unique(np.diff(different, axis=0))) == {0, 1}


def test_flat_steps_have_255_tables():
    assert len(distinct_scales(np.full((2, 8, 8), 9.0))) == 255


@pytest.mark.parametrize("max_bytes", [3000, 7777, 20_000, 20_600, 45_000, 90_000])
def test_a_size_is_hit_from_below_with_few_files(max_bytes):
    write = Writer(VARIED)
    found = find_rate(VARIED, write, max_bytes)
    assert CLOSE_ENOUGH * max_bytes <= len(found.data) <= max_bytes
    assert found.data == write(found.rate_scale)
    assert write.count <= 10


@settings(max_examples=30)
@given(
    st.integers(1300, 120_000),
    st.sampled_from([0.0, 0.0, 0.01, 0.05]),
    st.lists(st.floats(0.4, 200), min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_the_size_is_close_and_never_exceeded_for_any_curve(max_bytes, noise, some, seed):
    steps = np.resize(np.array(some, np.float32), (2, 8, 8)) * np.random.default_rng(seed).uniform(0.9, 1.1, (2, 8, 8))
    write = Writer(steps, noise)
    sizes = write.sizes(distinct_scales(steps)[:: 1 if noise == 0 else 50])
    try:
        found = find_rate(steps, write, max_bytes)
    except ThumbnailError:
        assert sizes.min() > max_bytes or noise > 0
        return
    assert len(found.data) <= max_bytes
    assert write.count <= 60
    if noise == 0:  # a curve that only falls: whatever fits is at most this large, or within the tolerance
        assert len(found.data) >= min(sizes[sizes <= max_bytes].max(), math.floor(CLOSE_ENOUGH * max_bytes))


def test_the_models_own_size_is_found_with_one_file():
    write = Writer(VARIED)
    own = write.size(1.0)
    assert find_rate(VARIED, write, own) == RatedFile(bytes(own), 1.0)
    assert write.count == 1


def test_more_bytes_than_the_finest_tables_take_give_the_finest():
    found = find_rate(VARIED, Writer(VARIED), 10**9)
    assert (tables_of(VARIED, found.rate_scale) == 1).all()


def test_the_nearest_smaller_file_is_taken_where_there_are_few_tables():
    flat = np.full((2, 8, 8), 2.0)
    write = Writer(flat)
    sizes = sorted(write.sizes(distinct_scales(flat)))
    between = (sizes[-3] + sizes[-2]) // 2
    assert len(find_rate(flat, write, between).data) == sizes[-3]


def test_an_impossible_size_names_the_smallest_possible_one():
    write = Writer(VARIED)
    with pytest.raises(ThumbnailError, match=r"as small as 500 bytes; .* size is [0-9,]+ bytes") as caught:
        find_rate(VARIED, write, 500)
    least = int(str(caught.value).split()[-2].replace(",", ""))
    assert len(find_rate(VARIED, write, least).data) == least
    with pytest.raises(ThumbnailError):
        find_rate(VARIED, write, least - 1)


def test_the_smallest_file_may_not_have_the_coarsest_tables():
    coarsest = float(distinct_scales(VARIED)[-1])

    def write(scale: float) -> bytes:
        return bytes(1000 if scale < 0.9 * coarsest else 1010)

    assert len(find_rate(VARIED, write, 1005).data) == 1000


def test_the_smallest_size_is_stated_in_the_callers_unit():
    with pytest.raises(ThumbnailError, match="small as <500>; the least possible size is <"):
        find_rate(VARIED, Writer(VARIED), 500, "<{}>".format)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperthumb.data.order import BatchPositions, image_index, random_words


def test_random_words_have_fixed_values():
    """A run that is resumed after an upgrade must continue with the same pictures."""
    assert [hex(word) for word in random_words(3, 7, 1, 3)] == [
        "0x1d40fc125b21d2c5",
        "0x3ce90c0308cdc19e",
        "0x92a13b2de9e1dd8b",
    ]
    assert [image_index(0, position, 7) for position in range(14)] == [0, 2, 1, 5, 4, 3, 6, 5, 3, 2, 4, 1, 0, 6]


@given(seed=st.integers(-(2**70), 2**70), epoch=st.integers(0, 10**9), count=st.integers(1, 60))
def test_each_epoch_shows_each_photograph_once(seed, epoch, count):
    shown = [image_index(seed, epoch * count + place, count) for place in range(count)]
    assert sorted(shown) == list(range(count))


def test_seeds_and_epochs_have_different_orders():
    orders = {
        tuple(image_index(seed, 20 * e + place, 20) for place in range(20)) for seed in range(5) for e in range(5)
    }
    assert len(orders) == 25


def test_every_photograph_comes_first_about_equally_often():
    first = np.bincount([image_index(1, 8 * epoch, 8) for epoch in range(4000)], minlength=8)
    assert np.abs(first - 500).max() < 5 * np.sqrt(500)


@given(
    batch_size=st.integers(1, 5),
    world_size=st.integers(1, 4),
    accumulate=st.integers(1, 4),
    start=st.integers(0, 6),
    length=st.integers(0, 4),
)
def test_ranks_and_micro_batches_divide_one_large_batch(batch_size, world_size, accumulate, start, length):
    total = start + length
    large = list(BatchPositions(start, total, batch_size * world_size * accumulate))
    ranks = [BatchPositions(start, total, batch_size, rank, world_size, accumulate) for rank in range(world_size)]
    assert all(len(rank) == len(list(rank)) == length * accumulate for rank in ranks)
    micro_batches = [list(rank) for rank in ranks]
    for i, expected in enumerate(large):
        step = slice(i * accumulate, (i + 1) * accumulate)
        assert sorted(p for rank in micro_batches for batch in rank[step] for p in batch) == expected


def test_starting_later_skips_earlier_places():
    whole = list(BatchPositions(0, 10, 3, 1, 2, 2))
    assert list(BatchPositions(4, 10, 3, 1, 2, 2)) == whole[8:]
    assert list(BatchPositions(10, 10, 3)) == []


def test_places_follow_the_documented_formula():
    assert list(BatchPositions(2, 3, 2, rank=1, world_size=2, accumulate=2)) == [[18, 19], [22, 23]]


@pytest.mark.parametrize("settings", [{"rank": 2, "world_size": 2}, {"accumulate": 0}, {"batch_size": 0}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(AssertionError):
        BatchPositions(**{"start_iteration": 0, "total_iterations": 1, "batch_size": 1} | settings)

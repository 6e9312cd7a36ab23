from __future__ import annotations

import warnings

import numpy as np
import pytest

from hyperthumb.base.errors import CorruptImageError, OptionsWarning
from hyperthumb.data import HRImageDataset, ImagePair, ImageSource
from hyperthumb.data.cache import CachedSource, cache_in_memory
from tests.support import photograph, write_photographs


class Counting(ImageSource):
    """Counts how often photographs are decoded; those in `damaged` raise an error."""

    def __init__(self, count: int, damaged: tuple[int, ...] = ()) -> None:
        self.names = [f"photo{number}" for number in range(count)]
        self.damaged = damaged
        self.loads: list[int] = []

    def load(self, index: int) -> ImagePair:
        self.loads.append(index)
        if index in self.damaged:
            raise CorruptImageError(f"photo{index}: damaged")
        return ImagePair(self.names[index], photograph(20, 30, index), None)


def test_each_photograph_is_decoded_once():
    source = Counting(9)
    cached = CachedSource(source)
    for index in (3, 8, 3, 0):
        name, hr, reference = cached.load(index)
        assert (name, reference) == (f"photo{index}", None)
        np.testing.assert_array_equal(hr, photograph(20, 30, index))
    assert sorted(source.loads) == list(range(9))


def test_errors_of_damaged_photographs_are_cached():
    cached = CachedSource(Counting(3, damaged=(1,)))
    for _ in range(2):
        with pytest.raises(CorruptImageError, match="photo1: damaged"):
            cached.load(1)
    assert cached.load(2).name == "photo2"


def test_keep_damaged_false_raises_the_first_error():
    with pytest.raises(CorruptImageError, match="photo1: damaged"):
        CachedSource(Counting(3, damaged=(1,)), keep_damaged=False)


def test_a_set_that_does_not_fit_is_not_cached_with_a_warning(tmp_path):
    source = HRImageDataset(str(write_photographs(tmp_path, 4, 50, 50)))
    needed = 4 * 50 * 50 * 3
    with pytest.warns(OptionsWarning, match="cache: ram has no effect"):
        assert cache_in_memory(source, limit_gb=(needed - 1) / 1e9) is source
    assert isinstance(cache_in_memory(source, limit_gb=needed / 1e9), CachedSource)


def test_half_of_the_available_memory_is_divided_among_processes(monkeypatch, tmp_path):
    source = HRImageDataset(str(write_photographs(tmp_path, 4, 50, 50)))
    monkeypatch.setattr("hyperthumb.data.cache.available_memory", lambda: 4 * 4 * 50 * 50 * 3)
    assert isinstance(cache_in_memory(source, processes=2), CachedSource)
    with pytest.warns(OptionsWarning):
        assert cache_in_memory(source, processes=3) is source


def test_a_set_that_fits_is_cached_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(cache_in_memory(Counting(2))) == 2

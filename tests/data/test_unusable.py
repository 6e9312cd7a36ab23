from __future__ import annotations

import numpy as np
import pytest

from hyperthumb.base.errors import CorruptImageError, HyperthumbError, UnusableImageError
from hyperthumb.data import ImagePair, ImageSource
from hyperthumb.data.unusable import without_unusable


class Numbers(ImageSource):
    def __init__(self, damaged: set[int], gone: bool = False) -> None:
        self.names = [f"photo{number}" for number in range(5)]
        self.damaged, self.gone = damaged, gone

    def load(self, index: int) -> ImagePair:
        if self.gone:
            raise HyperthumbError("the disk is gone")
        if index in self.damaged:
            raise CorruptImageError(f"{self.names[index]}: damaged")
        return ImagePair(self.names[index], np.full((4, 6 + index, 3), index, np.uint8), None)


def test_the_remaining_photographs_keep_their_order(recwarn):
    source = without_unusable(Numbers({1, 3}), limit=2)
    assert source.names == [source.load(index).name for index in range(len(source))] == ["photo0", "photo2", "photo4"]
    assert [source.size(index) for index in range(3)] == [(4, 6), (4, 8), (4, 10)]
    assert source.label(2) == "photo4"
    assert source.nbytes_decoded(1) == 96
    assert [str(warning.message) for warning in recwarn] == [
        "skipped, 1 of at most 2: photo1: damaged",
        "skipped, 2 of at most 2: photo3: damaged",
    ]


@pytest.mark.filterwarnings("ignore:skipped")
def test_more_bad_photographs_than_the_limit_are_an_error():
    with pytest.raises(UnusableImageError, match="photo3: damaged; this is more than max_corrupt = 1"):
        without_unusable(Numbers({1, 3}), limit=1)
    with pytest.raises(UnusableImageError, match="every photograph"):
        without_unusable(Numbers(set(range(5))), limit=5)


def test_a_missing_disk_is_not_counted_as_a_bad_picture():
    with pytest.raises(HyperthumbError, match="the disk is gone"):
        without_unusable(Numbers(set(), gone=True), limit=5)

"""The photographs of a validation or test set that can be used, when the options ask to skip the others."""

from __future__ import annotations

from hyperthumb.base.errors import UnusableImageError

from .contract import ImagePair, ImageSource
from .damage import DamageRecord


class UsableSource(ImageSource):
    """Another source without the photographs that cannot be used; each of those is warned of.

    All are decoded once, here: what is left out, and with it what the numbers are means over, is known from the start
    and the same in every process.

    Args:
        source: the other one.
        limit: how many may be left out.

    Raises:
        UnusableImageError: when there are more than the limit, or nothing is left.
    """

    def __init__(self, source: ImageSource, limit: int) -> None:
        self.source = source
        unusable = DamageRecord(len(source), limit)
        for index in range(len(source)):
            try:
                source.load(index)
            except UnusableImageError as error:
                unusable.add(index, error)
        self._indices = [index for index in range(len(source)) if index not in unusable]
        self.names = [source.names[index] for index in self._indices]
        if not self.names:
            raise UnusableImageError("every photograph of the set was skipped: none can be used")

    def load(self, index: int) -> ImagePair:
        return self.source.load(self._indices[index])

    def size(self, index: int) -> tuple[int, int]:
        return self.source.size(self._indices[index])

    def label(self, index: int) -> str:
        return self.source.label(self._indices[index])

    def nbytes_decoded(self, index: int) -> int:
        return self.source.nbytes_decoded(self._indices[index])

"""Finds and counts photographs that cannot be used, and leaves them out if the options allow it."""

from __future__ import annotations

import mmap
import warnings
from concurrent.futures import ThreadPoolExecutor

from hyperthumb.base.errors import UnusableImageError

from .contract import ImageSource, SourceView


class UnusableRecord:
    """Which of `count` photographs cannot be used, by index; at most `limit` may be left out.

    Worker processes that are forked later share the record.
    """

    def __init__(self, count: int, limit: int) -> None:
        self.limit = limit
        self._flags = mmap.mmap(-1, count)  # shared memory: all processes see a worker's writes

    def __contains__(self, index: int) -> bool:
        return self._flags[index] == 1

    def add(self, index: int, error: UnusableImageError) -> None:
        """Records a photograph that cannot be used, and issues a warning with the count so far.

        Raises:
            UnusableImageError: when the count exceeds the limit.
        """
        if index in self:
            return
        self._flags[index] = 1
        count = self._flags[:].count(1)
        if count > self.limit:
            raise UnusableImageError(
                f"{error}; this is more than max_corrupt = {self.limit} photographs that cannot be used"
            )
        warnings.warn(f"skipped, {count} of at most {self.limit}: {error}", stacklevel=2)


def without_unusable(source: ImageSource, limit: int) -> ImageSource:
    """Leaves out the photographs of a validation or test set that cannot be used, with warnings.

    All photographs are decoded once. Therefore the images that are averaged are known from the start, and are the same
    in every process.

    Raises:
        UnusableImageError: when more than `limit` cannot be used, or none can.
    """
    unusable = UnusableRecord(len(source), limit)
    for index in range(len(source)):
        try:
            source.load(index)
        except UnusableImageError as error:
            unusable.add(index, error)
    left = [index for index in range(len(source)) if index not in unusable]
    if not left:
        raise UnusableImageError("every photograph of the set was skipped: none can be used")
    return SourceView(source, left)


def unusable_headers(source: ImageSource, size: int) -> dict[int, UnusableImageError]:
    """Reads all headers; returns an error by index for each that is damaged or of a photograph smaller than `size`."""

    def complaint(index: int) -> UnusableImageError | None:
        try:
            height, width = source.size(index)
        except UnusableImageError as error:
            return error
        return too_small(source.names[index], height, width, size) if min(height, width) < size else None

    with ThreadPoolExecutor(8) as pool:  # network disks are faster with several requests
        found = enumerate(pool.map(complaint, range(len(source))))
        return {index: error for index, error in found if error is not None}


def too_small(name: str, height: int, width: int, size: int) -> UnusableImageError:
    """The error for a photograph of width x height that is smaller than crops of `size`."""
    return UnusableImageError(f"{name}: {width}x{height} is too small for training crops of {size}x{size}")

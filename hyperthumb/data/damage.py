"""Which photographs cannot be used, when the options ask to skip those."""

from __future__ import annotations

import mmap
import warnings

from hyperthumb.base.errors import UnusableImageError


class DamageRecord:
    """Photographs that cannot be used by index, known to every worker process that is forked after this was made.

    Args:
        count: how many photographs there are.
        limit: how many of them may be passed over.
    """

    def __init__(self, count: int, limit: int) -> None:
        self.limit = limit
        self._flags = mmap.mmap(-1, count)  # anonymous and shared: a forked worker's writes are everyone's

    def __contains__(self, index: int) -> bool:
        return self._flags[index] == 1

    def __len__(self) -> int:
        return self._flags[:].count(1)

    def add(self, index: int, error: UnusableImageError) -> None:
        """Notes a photograph that cannot be used, and warns of it with their count.

        Raises:
            UnusableImageError: when there are more than the limit.
        """
        if index in self:
            return
        self._flags[index] = 1
        if len(self) > self.limit:
            raise UnusableImageError(
                f"{error}; with it, more than max_corrupt = {self.limit} photographs cannot be used"
            )
        warnings.warn(f"skipped, {len(self)} of at most {self.limit}: {error}", stacklevel=2)

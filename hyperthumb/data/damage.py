"""Which photographs turned out to be damaged, when the options ask to skip those."""

from __future__ import annotations

import mmap
import warnings

from hyperthumb.errors import CorruptImageError


class DamageRecord:
    """Damaged photographs by index, known to every worker process that is forked after this was made.

    Args:
        count: how many photographs there are.
        limit: how many of them may be damaged.
    """

    def __init__(self, count: int, limit: int) -> None:
        self.limit = limit
        self._flags = mmap.mmap(-1, count)  # anonymous and shared: a forked worker's writes are everyone's

    def __contains__(self, index: int) -> bool:
        return self._flags[index] == 1

    def __len__(self) -> int:
        return self._flags[:].count(1)

    def add(self, index: int, error: CorruptImageError) -> None:
        """Notes a damaged photograph and warns of it.

        Raises:
            CorruptImageError: when there are more than the limit.
        """
        if index in self:
            return
        self._flags[index] = 1
        if len(self) > self.limit:
            raise CorruptImageError(f"{error}; with it, more than max_corrupt = {self.limit} photographs are damaged")
        warnings.warn(f"skipped: {error}", stacklevel=2)

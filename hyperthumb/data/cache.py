"""Keeps decoded photographs in memory if they fit. The cache changes the speed, but no result."""

from __future__ import annotations

import os
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

from tqdm import tqdm

from hyperthumb.base.errors import OptionsWarning, UnusableImageError

from .contract import ImagePair, ImageSource, SourceView
from .memory import available_memory


class CachedSource(SourceView):
    """A source whose photographs are all decoded by threads in the constructor.

    Create it before the worker processes are forked, so that they share one copy. For a photograph that cannot be used
    the error is kept, and `load` raises it; without `keep_damaged` the constructor raises the first such error.
    """

    def __init__(self, source: ImageSource, keep_damaged: bool = True) -> None:
        super().__init__(source)
        self._keep_damaged = keep_damaged
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            decoded = pool.map(self._decode, range(len(source)))
            hidden = not sys.stderr.isatty()
            try:
                self._decoded = list(tqdm(decoded, "caching", len(source), leave=False, unit="image", disable=hidden))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def load(self, index: int) -> ImagePair:
        decoded = self._decoded[index]
        if isinstance(decoded, UnusableImageError):
            raise decoded
        return decoded

    def _decode(self, index: int) -> ImagePair | UnusableImageError:
        try:
            return self.source.load(index)
        except UnusableImageError as error:
            if not self._keep_damaged:
                raise
            return error


def cache_in_memory(
    source: ImageSource, limit_gb: float | None = None, processes: int = 1, keep_damaged: bool = False
) -> ImageSource:
    """Caches the source. If it does not fit into memory, warns and returns the source itself.

    Args:
        source: the photographs.
        limit_gb: the memory for this process's cache, in units of 1e9 bytes; None means half of the available memory,
            divided by `processes`, each of which has its own cache.
        processes: the number of training processes.
        keep_damaged: see `CachedSource`.
    """
    needed = sum(source.nbytes_decoded(index) for index in range(len(source)))
    limit = available_memory() / 2 / processes if limit_gb is None else limit_gb * 1e9
    if needed > limit:
        message = (
            f"cache: ram has no effect: the decoded photographs need {needed / 1e9:.2f} GB, "
            f"but only {limit / 1e9:.2f} GB may be used; raise cache_limit_gb to allow more"
        )
        warnings.warn(OptionsWarning(message), stacklevel=2)
        return source
    return CachedSource(source, keep_damaged)

"""Decoded photographs kept in memory, if they fit. The cache changes no number, only the time it takes."""

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
    """Another source with all its photographs decoded once, here, by threads.

    Create it before the worker processes are forked, so that they share one copy. A photograph that cannot be used is
    kept as its error, which `load` raises again.

    Args:
        source: the photographs.
        keep_damaged: False raises the first such error here.
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
    """The source cached, or the source itself with a warning if it does not fit.

    Args:
        source: the photographs.
        limit_gb: memory that this process may use for it, in units of 1e9 bytes; None takes half of what is available,
            divided by `processes`.
        processes: training processes, each with a cache of its own.
        keep_damaged: see `CachedSource`.
    """
    needed = sum(source.nbytes_decoded(index) for index in range(len(source)))
    limit = available_memory() / 2 / processes if limit_gb is None else limit_gb * 1e9
    if needed > limit:
        message = (
            f"cache: ram has no effect: the decoded photographs take {needed / 1e9:.2f} GB, "
            f"and {limit / 1e9:.2f} GB may be used; raise cache_limit_gb to allow more"
        )
        warnings.warn(OptionsWarning(message), stacklevel=2)
        return source
    return CachedSource(source, keep_damaged)

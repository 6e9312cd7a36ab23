"""A folder of pictures that takes long to create: it gets its name when it is complete, and a second run resumes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import pretty_json, write_atomically

_SETTINGS = ".settings.json"
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class UnfinishedFolder:
    """The folder `TARGET.partial`, which `finish` renames to `TARGET`.

    Args:
        source: the folder of pictures from which `target` is made.
        target: the folder to create.
        settings: the settings that determine the content. A folder begun with other settings is refused.

    Attributes:
        path: the folder to write to until `finish`.

    Raises:
        HyperthumbError: when the target exists, lies in the source, or was begun with another source or settings.
    """

    def __init__(self, source: Path, target: Path, settings: Mapping[str, int | str]) -> None:
        if target.exists():
            raise HyperthumbError(f"{target}: already exists; remove it or give another folder")
        if source.resolve() in target.resolve().parents:
            raise HyperthumbError(f"{target}: is inside {source}, the folder of its sources; give a folder outside it")
        self._target = target
        self.path = target.with_name(f"{target.name}.partial")
        content = pretty_json({"source": str(source.resolve()), **settings}) + "\n"
        begun = self.path / _SETTINGS
        if not self.path.exists():
            write_atomically(begun, content.encode())
            return
        try:
            same = json.loads(begun.read_text(encoding="utf-8")) == json.loads(content)
        except (OSError, ValueError):
            same = False
        if not same:
            raise HyperthumbError(
                f"{self.path}: was begun with another source or other settings; remove it to start again"
            )

    def discard(self) -> None:
        """Removes the folder if nothing was written to it."""
        (self.path / _SETTINGS).unlink()
        self.path.rmdir()

    def finish(self) -> None:
        """Renames the folder to its final name.

        Raises:
            HyperthumbError: when that fails.
        """
        try:
            (self.path / _SETTINGS).unlink(missing_ok=True)
            self.path.rename(self._target)
        except OSError as error:
            raise HyperthumbError(f"{self._target}: cannot be made ({error.strerror or error})") from error


def in_threads(function: Callable[[_Item], _Result], items: Sequence[_Item], jobs: int) -> Iterator[_Result]:
    """Applies the function to every item with `jobs` threads; yields results in order. Codecs release Python's lock."""
    if jobs == 1:  # in this thread, where Ctrl+C stops it at once
        yield from map(function, items)
        return
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(function, items)

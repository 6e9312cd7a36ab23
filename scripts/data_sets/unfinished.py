"""A folder of pictures that takes long to make: it gets its name when it is whole, and a second run goes on."""

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
    """`TARGET.partial`, which becomes `TARGET`.

    Args:
        source: the folder of pictures that `target` is made of.
        target: the folder to make.
        settings: what the content depends on; work that was begun with others is not mixed with this.

    Attributes:
        path: where to write until `finish`.

    Raises:
        HyperthumbError: when the target exists or lies in the source, or was begun with other settings.
    """

    def __init__(self, source: Path, target: Path, settings: Mapping[str, int | str]) -> None:
        if target.exists():
            raise HyperthumbError(f"{target}: exists already; remove it or name another folder")
        if source.resolve() in target.resolve().parents:
            raise HyperthumbError(f"{target}: lies in {source}, whose pictures it would join; name a folder beside it")
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
                f"{self.path}: was begun with another source or other settings; remove it to start anew"
            )

    def discard(self) -> None:
        """Removes the folder, in which nothing was written."""
        (self.path / _SETTINGS).unlink()
        self.path.rmdir()

    def finish(self) -> None:
        """Gives the folder its name.

        Raises:
            HyperthumbError: when that fails.
        """
        try:
            (self.path / _SETTINGS).unlink(missing_ok=True)
            self.path.rename(self._target)
        except OSError as error:
            raise HyperthumbError(f"{self._target}: cannot be made ({error.strerror or error})") from error


def in_threads(function: Callable[[_Item], _Result], items: Sequence[_Item], jobs: int) -> Iterator[_Result]:
    """The function of every item, in order, `jobs` at a time; decoding and encoding run outside of Python's lock."""
    if jobs == 1:  # here, where Ctrl-C stops it at once
        yield from map(function, items)
        return
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(function, items)

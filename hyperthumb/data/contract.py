"""What a set of photographs is to the rest of the program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from hyperthumb.base.errors import HyperthumbError, UnusableImageError


class ImagePair(NamedTuple):
    """A photograph, with the thumbnail it should have where the data set brings one.

    Attributes:
        name: the source's `names` at this index.
        hr: uint8 (H, W, 3) RGB.
        reference: uint8 (h, w, 3) RGB, or None: the bicubic downscale is computed then.
    """

    name: str
    hr: np.ndarray
    reference: np.ndarray | None


class ImageSource(ABC):
    """Photographs by index, in an order that is the same on every machine.

    To add a kind of data set, set `names`, write `load`, and register the class in `DATASETS`; override `size` and
    `nbytes_decoded` where they can be had without decoding.

    Attributes:
        names: one for each photograph, no two alike, and `load(index).name == names[index]`. Results (thumbnails,
            restored pictures, rows of tables) are written under these names. Each is a relative path with forward
            slashes, without extension and without "..": `kodim01`, `holiday/beach`.
    """

    names: list[str]

    @abstractmethod
    def load(self, index: int) -> ImagePair:
        """Decodes one photograph.

        Raises:
            UnusableImageError: when its file is damaged, or holds what cannot be used.
            HyperthumbError: when it cannot be had for another reason, such as a folder that is gone.
        """

    def __len__(self) -> int:
        return len(self.names)

    def size(self, index: int) -> tuple[int, int]:
        """(H, W) of one photograph. Raises as `load` does."""
        height, width, _ = self.load(index).hr.shape
        return height, width

    def label(self, index: int) -> str:
        """Where one photograph is read from, for messages."""
        return self.names[index]

    def nbytes_decoded(self, index: int) -> int:
        """Bytes that one photograph with its reference takes in memory; 0 for one that cannot be used."""
        try:
            height, width = self.size(index)
        except UnusableImageError:
            return 0
        return 3 * height * width


class SourceView(ImageSource):
    """Some of the photographs of another source, whose names are held to the contract of `ImageSource`.

    Args:
        source: the other one.
        indices: which of them, in order; None takes all.
    """

    def __init__(self, source: ImageSource, indices: Sequence[int] | None = None) -> None:
        self.source = source
        check_names(source)
        self._indices = range(len(source)) if indices is None else indices
        self.names = [source.names[index] for index in self._indices]

    def load(self, index: int) -> ImagePair:
        own = self._indices[index]
        pair = self.source.load(own)
        name, wanted = pair[0], self.names[index]
        if name != wanted:
            raise HyperthumbError(
                f'{type(self.source).__name__}.load({own}) gives the name "{name}", but names[{own}] is "{wanted}"; '
                "let it give that one, because results are written under it"
            )
        return pair

    def size(self, index: int) -> tuple[int, int]:
        return self.source.size(self._indices[index])

    def label(self, index: int) -> str:
        return self.source.label(self._indices[index])

    def nbytes_decoded(self, index: int) -> int:
        return self.source.nbytes_decoded(self._indices[index])


def check_names(source: ImageSource) -> None:
    """Holds a source's names to the contract of `ImageSource`.

    Raises:
        HyperthumbError: when there are none, two are alike, or one leads out of the folder of results.
    """
    kind, names = type(source).__name__, getattr(source, "names", None)
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise HyperthumbError(f"{kind}.names has to be a list with one name (str) for each photograph")
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            raise HyperthumbError(
                f'{kind}.names has "{name}" twice, at {first[name]} and {index}; give each photograph a name of its '
                "own, because results are written under it"
            )
        if leads_out(name):
            raise HyperthumbError(
                f'{kind}.names[{index}] is "{name}"; give it a relative path without "..", because results are '
                "written under it"
            )


def leads_out(name: str) -> bool:
    """Whether a file of this name would not lie below the folder that it is written into."""
    path = PurePosixPath(name)
    return not name or path.is_absolute() or ".." in path.parts

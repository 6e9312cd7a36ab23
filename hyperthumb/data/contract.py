"""The interface of data sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from hyperthumb.base.errors import HyperthumbError, UnusableImageError


class ImagePair(NamedTuple):
    """A photograph and, if the data set has one, its reference thumbnail.

    Attributes:
        name: the entry of the source's `names` at this index.
        hr: uint8 (H, W, 3) RGB.
        reference: uint8 (h, w, 3) RGB; None means that the bicubic downscale is computed as the reference.
    """

    name: str
    hr: np.ndarray
    reference: np.ndarray | None


class ImageSource(ABC):
    """Photographs by index, in an order that is the same on every machine.

    To add a kind of data set, set `names`, define `load`, and register the class in `DATASETS`. Override `size` and
    `nbytes_decoded` if they can be determined without decoding.

    Attributes:
        names: a unique name for each photograph; `load(index).name == names[index]`. Results (thumbnails, restored
            pictures, rows of tables) are stored under these names. A name is a relative path with forward slashes,
            without an extension and without "..": `kodim01`, `holiday/beach`.
    """

    names: list[str]

    @abstractmethod
    def load(self, index: int) -> ImagePair:
        """Decodes one photograph.

        Raises:
            UnusableImageError: when the file is damaged or its content cannot be used.
            HyperthumbError: when it cannot be read for another reason, such as a missing folder.
        """

    def __len__(self) -> int:
        return len(self.names)

    def size(self, index: int) -> tuple[int, int]:
        """(H, W) of one photograph; raises the same errors as `load`."""
        height, width, _ = self.load(index).hr.shape
        return height, width

    def label(self, index: int) -> str:
        """The path of one photograph, for messages."""
        return self.names[index]

    def nbytes_decoded(self, index: int) -> int:
        """The memory of one decoded photograph and its reference, in bytes; 0 if it cannot be used."""
        try:
            height, width = self.size(index)
        except UnusableImageError:
            return 0
        return 3 * height * width


class SourceView(ImageSource):
    """A selection of another source's photographs. It checks that the names fulfil the contract of `ImageSource`.

    Args:
        source: the other source.
        indices: the selected photographs, in order; None selects all.
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
                f'{type(self.source).__name__}.load({own}) returns the name "{name}", but names[{own}] is "{wanted}"; '
                "make them equal, because results are stored under this name"
            )
        return pair

    def size(self, index: int) -> tuple[int, int]:
        return self.source.size(self._indices[index])

    def label(self, index: int) -> str:
        return self.source.label(self._indices[index])

    def nbytes_decoded(self, index: int) -> int:
        return self.source.nbytes_decoded(self._indices[index])


def check_names(source: ImageSource) -> None:
    """Checks that a source's names fulfil the contract of `ImageSource`.

    Raises:
        HyperthumbError: when there are no names, two are equal, or one leads out of the folder of results.
    """
    kind, names = type(source).__name__, getattr(source, "names", None)
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise HyperthumbError(f"{kind}.names must be a list with one name (str) for each photograph")
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            raise HyperthumbError(
                f'{kind}.names has "{name}" twice, at {first[name]} and {index}; give each photograph its own name, '
                "because results are stored under it"
            )
        if leads_out(name):
            raise HyperthumbError(
                f'{kind}.names[{index}] is "{name}"; it must be a relative path without "..", because results are '
                "stored under it"
            )


def leads_out(name: str) -> bool:
    """Whether a file of this name would lie outside the folder into which it is written."""
    path = PurePosixPath(name)
    return not name or path.is_absolute() or ".." in path.parts

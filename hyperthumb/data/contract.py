"""What a set of photographs is to the rest of the program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from hyperthumb.base.errors import UnusableImageError


class ImagePair(NamedTuple):
    """A photograph, with the thumbnail it should have where the data set brings one.

    Attributes:
        name: the path below the data set's root, without extension.
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
    """The first photographs of another source.

    Args:
        source: the other one.
        count: how many, at most; all by default.
    """

    def __init__(self, source: ImageSource, count: int | None = None) -> None:
        self.source = source
        self.names = source.names[:count]

    def load(self, index: int) -> ImagePair:
        return self.source.load(index)

    def size(self, index: int) -> tuple[int, int]:
        return self.source.size(index)

    def label(self, index: int) -> str:
        return self.source.label(index)

    def nbytes_decoded(self, index: int) -> int:
        return self.source.nbytes_decoded(index)

"""The interface of every method that can be measured: it turns a photograph into bytes and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from hyperthumb.base.limits import Profile

from .complexity import Complexity

Thumbnail = TypeVar("Thumbnail")


class Rescaler(ABC, Generic[Thumbnail]):
    """A method in three steps that can be timed separately: downscale, write and read the bytes, upscale.

    Images are uint8 arrays (H, W, 3), RGB, of any size. The evaluator writes the bytes to a file, reads the file, and
    continues with what it read. Only the bytes pass from `write` to `read`.
    """

    name: str
    scale: int
    checkpoint: Path | None = None
    """The file of the weights, if the method has weights."""
    has_thumbnail: bool = True
    """Whether the file is an ordinary JPEG (or PNG) of a thumbnail; False for codecs at full size."""
    suffix: str = ".jpg"
    """The suffix of its files."""
    profile: Profile | None = None
    """The profile of the files, if they are hyperthumb's own thumbnails."""

    @abstractmethod
    def downscale(self, image: np.ndarray) -> Thumbnail:
        """The thumbnail of an HR image."""

    @abstractmethod
    def write(self, thumbnail: Thumbnail) -> bytes:
        """The file's bytes: an ordinary JPEG or PNG where the method has a thumbnail."""

    @abstractmethod
    def read(self, data: bytes) -> Thumbnail:
        """Reads the thumbnail from the file's bytes."""

    @abstractmethod
    def upscale(self, thumbnail: Thumbnail, height: int, width: int) -> np.ndarray:
        """The restored image, (height, width, 3)."""

    def complexity(self) -> Complexity | None:
        """The size and the operations of the method's network; None for a method without a network."""
        return None

    def rate_estimate(self, thumbnail: Thumbnail) -> float | None:
        """A rate model's estimate for the thumbnail in bits, or None without a rate model."""
        return None

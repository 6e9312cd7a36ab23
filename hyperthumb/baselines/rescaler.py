"""What is measured: anything that turns a photograph into bytes and the bytes into a photograph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from hyperthumb.base.limits import Profile

from .complexity import Complexity

Thumbnail = TypeVar("Thumbnail")


class Rescaler(ABC, Generic[Thumbnail]):
    """Three steps, so that each can be timed: downscale, write and read the bytes, upscale.

    Images are uint8 arrays (H, W, 3), RGB, of any size. The evaluator writes the bytes to a file, reads the file, and
    goes on from what it read: no value passes from `write` to `read` but the bytes.
    """

    name: str
    scale: int
    checkpoint: Path | None = None
    """The file of the weights, of a method that has any."""
    has_thumbnail: bool = True
    """Whether the file is an ordinary JPEG that shows the picture small; False for codecs at full size."""
    suffix: str = ".jpg"
    """Of its files."""
    profile: Profile | None = None
    """How the files are coded, where they are ours."""

    @abstractmethod
    def downscale(self, image: np.ndarray) -> Thumbnail:
        """The thumbnail of an HR image."""

    @abstractmethod
    def write(self, thumbnail: Thumbnail) -> bytes:
        """The file's bytes: an ordinary JPEG where the method has a thumbnail."""

    @abstractmethod
    def read(self, data: bytes) -> Thumbnail:
        """What the file holds."""

    @abstractmethod
    def upscale(self, thumbnail: Thumbnail, height: int, width: int) -> np.ndarray:
        """The restored image, (height, width, 3)."""

    def complexity(self) -> Complexity | None:
        """How large the method's network is and how much it computes; None for a method without one."""
        return None

    def rate_estimate(self, thumbnail: Thumbnail) -> float | None:
        """A rate model's estimate for the thumbnail in bits, or None without one."""
        return None

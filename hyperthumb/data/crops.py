"""Positions and flips of training crops, as functions of the seed and of the place in the run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .order import CROP_STREAM, random_words


class CropSpec(NamedTuple):
    """A square of `size` pixels; flips are applied before the transposition.

    Together they reach all eight orientations of a square, each with the same probability.
    """

    top: int
    left: int
    size: int
    flip_horizontal: bool
    flip_vertical: bool
    transpose: bool

    def shrink(self, scale: int) -> CropSpec:
        """The same crop on a thumbnail that is `scale` times smaller; the crop must be aligned to `scale`."""
        assert self.top % scale == self.left % scale == self.size % scale == 0
        return self._replace(top=self.top // scale, left=self.left // scale, size=self.size // scale)


def draw_crop(
    seed: int, position: int, height: int, width: int, size: int, use_flip: bool, use_rot: bool, align: int = 1
) -> CropSpec:
    """Draws the crop for one place of a run, counted from its start.

    Args:
        seed: the run's seed.
        position: the place.
        height: the photograph's height, at least `size`.
        width: the photograph's width, at least `size`.
        size: the crop's side.
        use_flip: flip horizontally with probability 1/2.
        use_rot: flip vertically and transpose, each with probability 1/2, as BasicSR does.
        align: top and left are multiples of this.

    Returns:
        The crop. Its position does not depend on `use_flip` and `use_rot`.
    """
    assert height >= size
    assert width >= size
    words = [int(word) for word in random_words(seed, position, CROP_STREAM, 5)]
    return CropSpec(
        top=words[0] % ((height - size) // align + 1) * align,
        left=words[1] % ((width - size) // align + 1) * align,
        size=size,
        flip_horizontal=use_flip and words[2] % 2 == 1,
        flip_vertical=use_rot and words[3] % 2 == 1,
        transpose=use_rot and words[4] % 2 == 1,
    )


def apply_crop(image: np.ndarray, crop: CropSpec) -> np.ndarray:
    """Cuts the crop out of an (H, W, 3) image, as a contiguous (size, size, 3) array."""
    patch = image[crop.top : crop.top + crop.size, crop.left : crop.left + crop.size]
    if crop.flip_horizontal:
        patch = patch[:, ::-1]
    if crop.flip_vertical:
        patch = patch[::-1]
    if crop.transpose:
        patch = patch.transpose(1, 0, 2)
    return np.ascontiguousarray(patch)

"""Where a training crop is cut and how it is turned: a function of the seed and of its place in the run."""

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
    """Draws the crop of one place.

    Args:
        seed: the run's.
        position: the place, counted from the start of the run.
        height: of the photograph, at least `size`.
        width: of the photograph, at least `size`.
        size: the crop's side.
        use_flip: flip horizontally, half of the time.
        use_rot: flip vertically half of the time and transpose half of the time, as BasicSR does.
        align: top and left are multiples of this.

    Returns:
        The crop. Turning flips or rotations off does not move it.
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
    """The crop of an (H, W, 3) image as a contiguous (size, size, 3) array."""
    patch = image[crop.top : crop.top + crop.size, crop.left : crop.left + crop.size]
    if crop.flip_horizontal:
        patch = patch[:, ::-1]
    if crop.flip_vertical:
        patch = patch[::-1]
    if crop.transpose:
        patch = patch.transpose(1, 0, 2)
    return np.ascontiguousarray(patch)

"""Color profiles of pictures (ICC.1:2022): whether they are whole and say anything, and how to do without them."""

from __future__ import annotations

import functools
import io
import struct
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image, ImageCms

from hyperthumb.base.errors import HyperthumbError

IccChoice = Literal["keep", "srgb", "drop"]
"""keep: a profile stays as it is; srgb: the pixels become sRGB's, which needs none; drop: it is left out."""

WRONG_PROFILE = "its color profile is not one for RGB and was left out"
DAMAGED_PROFILE = "its color profile is damaged and was left out"

_HEADER, _COLOR_SPACE, _SIGNATURE = 128, slice(16, 20), slice(36, 40)  # table 17
_SPACES = {"1": b"GRAY", "L": b"GRAY", "CMYK": b"CMYK"}  # of Pillow's modes, where it is not RGB
_SAME = 1  # levels of 8 bits, by which roundings of the same curve differ


class Colors(NamedTuple):
    """A picture whose colors were settled.

    Attributes:
        image: Pillow's, in RGB; CMYK where nothing says which colors they are.
        icc: the RGB profile that goes with it; None stands for sRGB.
        note: a sentence about what was changed or lost.
    """

    image: Image.Image
    icc: bytes | None
    note: str | None = None


def settle_colors(image: Image.Image, icc: bytes | None, choice: IccChoice = "keep") -> Colors:
    """The picture as RGB, with the profile that belongs to these numbers.

    A profile that describes sRGB is dropped in any case. Grey and CMYK have no place for their own profile in an RGB
    file, so they are converted to sRGB, CMYK even with `drop`: its numbers mean nothing else.

    Args:
        image: opaque, of 8 bits.
        icc: the profile that came with it; damaged ones too.
        choice: what becomes of it.
    """
    if icc is None or (choice == "drop" and image.mode != "CMYK"):
        return Colors(_as_rgb(image), None)
    if not is_whole(icc):
        return Colors(_as_rgb(image), None, DAMAGED_PROFILE)
    own = icc[_COLOR_SPACE] == _SPACES.get(image.mode)
    if not own and (image.mode == "CMYK" or not rgb_profile(icc)):
        return Colors(_as_rgb(image), None, WRONG_PROFILE)
    if not own and is_srgb(icc):
        return Colors(_as_rgb(image), None)
    if not own and choice == "keep":
        return Colors(_as_rgb(image), icc)
    try:
        converted = to_srgb(image.convert("L") if image.mode == "1" else image if own else _as_rgb(image), icc)
    except HyperthumbError as error:
        return Colors(_as_rgb(image), None, f"{error}; it was left out")
    return Colors(converted, None, "its CMYK colors were converted to sRGB" if image.mode == "CMYK" else None)


def is_whole(icc: bytes) -> bool:
    """Whether everything that a profile's header and tag table declare is there (7.2, 7.3)."""
    if len(icc) < _HEADER + 4 or icc[_SIGNATURE] != b"acsp":
        return False
    (size,), (count,) = struct.unpack_from(">I", icc), struct.unpack_from(">I", icc, _HEADER)
    if size > len(icc) or count > (len(icc) - _HEADER - 4) // 12:
        return False
    tags = (struct.unpack_from(">4sII", icc, _HEADER + 4 + 12 * number) for number in range(count))
    return all(start + length <= len(icc) for _, start, length in tags)


def rgb_profile(icc: bytes | None) -> bytes | None:
    """The profile if it is whole and describes RGB, else None."""
    return icc if icc is not None and is_whole(icc) and icc[_COLOR_SPACE] == b"RGB " else None


@functools.lru_cache(maxsize=64)
def is_srgb(icc: bytes) -> bool:
    """Whether an RGB profile describes sRGB, whatever its name: whether converting to sRGB changes no color.

    There are dozens of profiles for sRGB, and some with "sRGB" in their names that have another curve.
    """
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    colors = np.concatenate([grey, lattice])[None]
    try:
        converted = np.asarray(to_srgb(Image.fromarray(colors), icc))
    except HyperthumbError:
        return False
    return int(np.abs(converted.astype(int) - colors).max()) <= _SAME


def to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """The picture in the numbers of sRGB: relative colorimetric, with black point compensation.

    Args:
        image: L, RGB or CMYK.
        icc: what its numbers mean.

    Raises:
        HyperthumbError: when littleCMS cannot use the profile for such a picture.
    """
    exact = ImageCms.Flags.NOOPTIMIZE  # else a coarse table makes shadows wrong by ten levels
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(icc)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=exact | ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise HyperthumbError(f"its color profile cannot be used ({error})") from error
    assert converted is not None
    return converted


def _as_rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "CMYK" else image.convert("RGB")

"""Color profiles of pictures (ICC.1:2022): checks them, and converts pictures to sRGB."""

from __future__ import annotations

import functools
import io
import struct
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image, ImageCms

from hyperthumb.base.errors import HyperthumbError

IccChoice = Literal["keep", "srgb", "drop"]
"""keep: the profile is kept. srgb: the pixels are converted to sRGB, which needs no profile. drop: it is removed."""

WRONG_PROFILE = "its color profile is not one for RGB and was left out"
DAMAGED_PROFILE = "its color profile is damaged and was left out"

_HEADER, _COLOR_SPACE, _SIGNATURE = 128, slice(16, 20), slice(36, 40)  # table 17
_SPACES = {"1": b"GRAY", "L": b"GRAY", "CMYK": b"CMYK"}  # color spaces of Pillow's modes that are not RGB
_SAME = 1  # roundings of the same curve differ by up to so many 8-bit levels


class Colors(NamedTuple):
    """A picture in RGB (in CMYK if there is no profile to convert it with) with its profile; None means sRGB.

    The note is a sentence about what was changed or lost.
    """

    image: Image.Image
    icc: bytes | None
    note: str | None = None


def settle_colors(image: Image.Image, icc: bytes | None, choice: IccChoice = "keep") -> Colors:
    """Converts a picture to RGB and determines its profile.

    A profile that describes sRGB is always dropped. An RGB file cannot hold a grey or CMYK profile, so such pictures
    are converted to sRGB. CMYK is converted even with `drop`, because it has no meaning without its profile.

    Args:
        image: an opaque picture with 8-bit samples.
        icc: the picture's profile, possibly damaged.
        choice: how to treat the profile.
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
    """Whether a profile contains everything that its header and tag table declare (7.2, 7.3)."""
    if len(icc) < _HEADER + 4 or icc[_SIGNATURE] != b"acsp":
        return False
    (size,), (count,) = struct.unpack_from(">I", icc), struct.unpack_from(">I", icc, _HEADER)
    if size > len(icc) or count > (len(icc) - _HEADER - 4) // 12:
        return False
    tags = (struct.unpack_from(">4sII", icc, _HEADER + 4 + 12 * number) for number in range(count))
    return all(start + length <= len(icc) for _, start, length in tags)


def rgb_profile(icc: bytes | None) -> bytes | None:
    """The profile if it is complete and describes RGB, else None."""
    return icc if icc is not None and is_whole(icc) and icc[_COLOR_SPACE] == b"RGB " else None


@functools.lru_cache(maxsize=64)
def is_srgb(icc: bytes) -> bool:
    """Whether an RGB profile describes sRGB, that is, whether converting to sRGB changes no color.

    The name does not tell: there are dozens of sRGB profiles, and some with "sRGB" in their name have another curve.
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
    """Converts an L, RGB or CMYK picture with its profile to sRGB: relative colorimetric, with black point
    compensation.

    Raises:
        HyperthumbError: when littleCMS cannot use the profile for this picture.
    """
    exact = ImageCms.Flags.NOOPTIMIZE  # otherwise a coarse table changes shadows by ten levels
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

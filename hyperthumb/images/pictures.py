"""Reads picture files into uint8 RGB arrays and writes them. Notes name what was lost; unsuitable files are refused."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
from PIL import ExifTags, Image, ImageOps

from hyperthumb.base.errors import HyperthumbError, UnusableImageError
from hyperthumb.base.limits import MAX_JPEG_SIDE, MAX_PICTURE_PIXELS
from hyperthumb.base.orientation import STEPS, UPRIGHT
from hyperthumb.base.wording import join_words, printable

from .exif import PREFIX, ExifChoice, read_orientation, select_exif
from .extras import find_extras
from .opening import OpenedPicture, damage_named, open_picture
from .png_writing import write_png
from .profiles import DAMAGED_PROFILE, WRONG_PROFILE, IccChoice, is_whole, rgb_profile, settle_colors

WRITABLE = (".png", ".webp", ".jpg", ".jpeg")

_MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr", "CMYK")
_UNREAD_MODES = {"I": "32-bit or signed", "F": "floating-point", "LAB": "CIELAB"}
_WEBP_MAX_SIDE = 16383
_JPEG_QUALITY = 95


class Picture(NamedTuple):
    """A decoded picture.

    Attributes:
        pixels: uint8 (H, W, 3), upright, contiguous.
        icc: the color profile of the pixels; None means sRGB.
        exif: the selected EXIF data, without a prefix and without an orientation; None if there are none.
        notes: sentences about what was changed or lost.
    """

    pixels: np.ndarray
    icc: bytes | None = None
    exif: bytes | None = None
    notes: tuple[str, ...] = ()


def decode_picture(
    data: bytes,
    label: str,
    background: tuple[int, int, int] | None = None,
    max_pixels: int = MAX_PICTURE_PIXELS,
    icc: IccChoice = "keep",
    exif: ExifChoice = "none",
) -> Picture:
    """Decodes the picture in a file's bytes.

    Grey and palette pictures become RGB. 16-bit samples keep their high byte. The EXIF orientation is applied. If there
    are several frames, the first is used.

    Args:
        data: the file's content.
        label: the file's name, for messages.
        background: the RGB color, 0..255, for transparent places; None refuses transparent pictures.
        max_pixels: a larger picture is refused before it is decoded. Pillow has its own limit, too.
        icc: how to treat a color profile, see `profiles.settle_colors`.
        exif: which EXIF data to keep, see `exif.ExifChoice`.

    Raises:
        CorruptImageError: when the picture cannot be decoded completely.
        UnusableImageError: for transparent, floating-point and enormous pictures, and for CMYK without a profile.
        HyperthumbError: when `icc` or `exif` has an unknown value.
    """
    _check_choice("icc", icc, get_args(IccChoice))
    _check_choice("exif", exif, get_args(ExifChoice))
    opened = open_picture(io.BytesIO(data), label)
    with opened.image as image:
        if image.height * image.width > max_pixels:
            raise UnusableImageError(
                f"{label}: {image.width}x{image.height} is more than {max_pixels:,} pixels; cut it up or shrink it"
            )
        notes = [*opened.png.notes] if opened.png else []
        if _has_deep_samples(opened):
            notes.append("16-bit samples were reduced to 8 bits")
        with damage_named(label):
            image.load()
            notes += find_extras(image, data, opened.png)
        orientation = read_orientation(image)
        if orientation is None:
            notes.append("its EXIF data are damaged; it was taken to lie upright")
        kept = select_exif(image, exif)
        if orientation is not None and kept.damaged:
            notes.append("its EXIF data are damaged and were left out")
        opaque = _flatten(_as_8_bits(opened, label), label, background, notes)
        colors = settle_colors(opaque, _profile(image), icc)
        if colors.image.mode == "CMYK":
            raise UnusableImageError(
                f"{label}: CMYK pictures are not supported without a color profile; convert it to 8-bit RGB"
            )
        notes += [colors.note] if colors.note else []
        return Picture(turn(np.asarray(colors.image), orientation or 1), colors.icc, kept.data, tuple(notes))


def read_picture(
    path: str | os.PathLike[str],
    background: tuple[int, int, int] | None = None,
    icc: IccChoice = "keep",
    exif: ExifChoice = "none",
    max_pixels: int = MAX_PICTURE_PIXELS,
) -> Picture:
    """See `hyperthumb.read_picture`."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise HyperthumbError(f"{printable(str(path))}: cannot be read ({error.strerror or error})") from error
    return decode_picture(data, printable(str(path)), background, max_pixels, icc, exif)


def encode_picture(pixels: np.ndarray, extension: str, icc: bytes | None = None, exif: bytes | None = None) -> bytes:
    """Encodes a uint8 (H, W, 3) image as the bytes of a file.

    Args:
        pixels: the image.
        extension: `.png`, `.webp` (lossless) or `.jpg` (quality 95, 4:4:4), in any case.
        icc: a profile to put into the file.
        exif: EXIF data to put into the file, without a prefix.

    Raises:
        HyperthumbError: when the extension is not supported, or the image is too large for the format.
    """
    extension = extension.lower()
    check_writable(extension)
    if extension == ".png":
        return write_png(pixels, icc, exif)
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    limit = {".webp": _WEBP_MAX_SIDE, ".jpg": MAX_JPEG_SIDE, ".jpeg": MAX_JPEG_SIDE}.get(extension)
    if limit is not None and max(image.size) > limit:
        raise HyperthumbError(
            f"{image.width}x{image.height} is too large: a side of a {extension} file has at most {limit} pixels; "
            "write a .png"
        )
    metadata = ({"icc_profile": icc} if icc else {}) | ({"exif": PREFIX + exif} if exif else {})
    if extension == ".webp":
        image.save(buffer, "WEBP", lossless=True, quality=40, method=2, **metadata)
    else:
        image.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=True, **metadata)
    return buffer.getvalue()


def resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A uint8 (H, W, 3) image at another (height, width), bicubic, antialiased where it shrinks."""
    return np.asarray(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BICUBIC))


def check_writable(extension: str) -> None:
    """Raises HyperthumbError when `encode_picture` does not know the extension."""
    if extension.lower() not in WRITABLE:
        raise HyperthumbError(f'cannot write "{extension}" pictures; the name must end in .png, .webp or .jpg')


class Presentation(NamedTuple):
    """The metadata that determine how a picture file is displayed, and its EXIF data.

    Attributes:
        icc: the RGB profile; None means sRGB.
        orientation: the EXIF orientation, 1 to 8; 1 if the file has none or an invalid one.
        note: a sentence if the file has a profile that cannot be used.
        exif: EXIF data without a prefix and without the orientation; None if there are none or they are damaged.
    """

    icc: bytes | None
    orientation: int
    note: str | None
    exif: bytes | None


def read_presentation(data: bytes) -> Presentation:
    """Reads the profile, orientation and EXIF data of a picture file that is known to be decodable."""
    with open_picture(io.BytesIO(data), "the picture").image as image:
        icc = _profile(image)
        orientation = read_orientation(image)
        exif = select_exif(image, "all").data
    usable = rgb_profile(icc)
    note = None if icc == usable else WRONG_PROFILE if icc and is_whole(icc) else DAMAGED_PROFILE
    return Presentation(usable, orientation if orientation in STEPS else UPRIGHT, note, exif)


def turn(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Applies an EXIF orientation to an (H, W, 3) image; unknown orientations are ignored."""
    steps = STEPS.get(orientation, STEPS[UPRIGHT])
    if steps.transposes:
        pixels = pixels.transpose(1, 0, 2)
    if steps.mirrors:
        pixels = pixels[:, ::-1]
    if steps.flips:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise HyperthumbError(f"{name} must be {join_words(choices)}, not {value!r}")


def _profile(image: Image.Image) -> bytes | None:
    """The file's profile, even if damaged; empty if a JPEG lacks a part of it (Pillow then has None)."""
    return (image.info["icc_profile"] or b"") if "icc_profile" in image.info else None


def _has_deep_samples(opened: OpenedPicture) -> bool:
    """Whether the file holds 16-bit samples. Pillow reduces some of them silently."""
    if opened.png:
        return opened.png.depth == 16
    if opened.image.format == "TIFF":
        return max(opened.image.tag_v2.get(ExifTags.Base.BitsPerSample, (8,))) > 8  # type: ignore[attr-defined]
    return False


def _as_8_bits(opened: OpenedPicture, label: str) -> Image.Image:
    """The decoded image with 8-bit samples; 0 is black."""
    image = opened.image
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in (None, "PNG")):
        high = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        image = Image.fromarray(high)
    if image.mode not in _MODES:
        kind = _UNREAD_MODES.get(image.mode, image.mode)
        raise UnusableImageError(f"{label}: {kind} pictures are not supported; convert it to 8-bit RGB")
    if not opened.negative:
        return image
    if not image.mode.lower().endswith("a"):
        return ImageOps.invert(image.convert("L"))
    grey, alpha = image.convert("LA").split()
    return Image.merge("LA", (ImageOps.invert(grey), alpha))


def _flatten(image: Image.Image, label: str, background: tuple[int, int, int] | None, notes: list[str]) -> Image.Image:
    """Removes the alpha channel; transparent places get the background's color."""
    if not ("A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info):
        return image
    image = image.convert("RGBA")
    lowest_alpha, _ = image.getchannel("A").getextrema()
    if lowest_alpha == 255:
        return image
    if background is None:
        raise UnusableImageError(
            f"{label}: the picture is transparent in places; flatten it onto a background first "
            "(--background white does)"
        )
    notes.append("its transparent places were flattened onto the background")
    return Image.alpha_composite(Image.new("RGBA", image.size, (*background, 255)), image)

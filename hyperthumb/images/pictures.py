"""Picture files to uint8 RGB arrays and back. What cannot become that faithfully is refused; what is lost is said."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from hyperthumb.base.errors import CorruptImageError, HyperthumbError, UnusableImageError

from .extras import find_extras
from .png import Png, is_png, read_png
from .tiff import as_min_is_black

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
WRITABLE = (".png", ".webp", ".jpg", ".jpeg")

MAX_PIXELS = 89_478_485
"""Pillow's own line between a photograph and a decompression bomb: 256 MiB as RGB."""

# By content, whatever the name: Pillow would hand PostScript to an interpreter.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
_MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr")
_WRONG_PROFILE = "its color profile is not one for RGB and was left out"
_WEBP_MAX_SIDE = 16383
_JPEG_MAX_SIDE = 65500
_JPEG_QUALITY = 95
_PNG_LEVEL = 4  # of 9; the levels above cost seconds on a large photograph and save 1 or 2 %
_COLOR_SPACE, _SIGNATURE = slice(16, 20), slice(36, 40)  # in an ICC profile's header (ICC.1:2022, table 17)


class Picture(NamedTuple):
    """A decoded picture.

    Attributes:
        pixels: uint8 (H, W, 3), upright, contiguous.
        icc: the profile that says what the RGB numbers mean; None stands for sRGB.
        notes: sentences about what was changed or lost on the way.
    """

    pixels: np.ndarray
    icc: bytes | None
    notes: tuple[str, ...]


def decode_picture(
    data: bytes, label: str, background: tuple[int, int, int] | None = None, max_pixels: int = MAX_PIXELS
) -> Picture:
    """The picture in a file's bytes.

    Grey and palette pictures become RGB, 16-bit samples keep their high byte, EXIF's orientation is applied. Of several
    frames the first is taken. An RGB profile is handed on; grey with a profile of its own becomes sRGB.

    Args:
        data: the file's content.
        label: the file's name, for messages.
        background: the RGB color, 0..255, that shows through where the picture is transparent; None refuses those.
        max_pixels: a picture of more is refused before it is decoded. Pillow has a limit of its own beside it.

    Raises:
        CorruptImageError: when the picture cannot be decoded whole.
        UnusableImageError: for transparent, CMYK, floating-point and enormous pictures.
    """
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
        rgb, icc = _to_rgb(opened, image.info.get("icc_profile"), label, background, notes)
        return Picture(turn(rgb, orientation or 1), icc, tuple(notes))


def encode_picture(pixels: np.ndarray, extension: str, icc: bytes | None = None) -> bytes:
    """A uint8 (H, W, 3) image as the bytes of a file.

    Args:
        pixels: the image.
        extension: `.png`, `.webp` (lossless) or `.jpg` (quality 95, 4:4:4), in any case.
        icc: a profile to put into the file.

    Raises:
        HyperthumbError: for another extension, and for an image too large for the format.
    """
    extension = extension.lower()
    check_writable(extension)
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    limit = {".webp": _WEBP_MAX_SIDE, ".jpg": _JPEG_MAX_SIDE, ".jpeg": _JPEG_MAX_SIDE}.get(extension)
    if limit is not None and max(image.size) > limit:
        raise HyperthumbError(
            f"a {extension} file's sides are at most {limit} pixels, not {image.width}x{image.height}; write a .png"
        )
    if extension == ".png":
        image.save(buffer, "PNG", compress_level=_PNG_LEVEL, icc_profile=icc)
    elif extension == ".webp":
        image.save(buffer, "WEBP", lossless=True, quality=40, method=2, icc_profile=icc or b"")
    else:
        image.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=True, icc_profile=icc)
    return buffer.getvalue()


def check_writable(extension: str) -> None:
    """Raises HyperthumbError when `encode_picture` does not know the extension."""
    if extension.lower() not in WRITABLE:
        raise HyperthumbError(f'cannot write "{extension}" pictures; the name has to end in .png, .webp or .jpg')


@contextmanager
def damage_named(label: str) -> Iterator[None]:
    """Decoders raise nearly anything on damaged bytes (OSError, SyntaxError, struct.error): CorruptImageError it is."""
    try:
        yield
    except (HyperthumbError, MemoryError):
        raise
    except Exception as error:
        raise CorruptImageError(f"{label}: the picture is damaged ({error or type(error).__name__})") from error


class OpenedPicture(NamedTuple):
    """A picture file whose header was read.

    Attributes:
        image: Pillow's. Its `info` has a PNG's profile, EXIF data and XMP too, which Pillow did not see.
        png: what a PNG file holds beside the pixels.
        negative: whether the samples, once decoded, are to be inverted.
    """

    image: Image.Image
    png: Png | None
    negative: bool


def open_picture(file: IO[bytes], label: str, with_pixels: bool = True) -> OpenedPicture:
    """Opens a picture and reads its header.

    Args:
        file: the picture.
        label: the file's name, for messages.
        with_pixels: False when the picture is not going to be decoded, which saves reading some files whole.

    Raises:
        CorruptImageError: when it is none, or damage shows before it is decoded.
        UnusableImageError: when it has more pixels than Pillow allows.
    """
    with damage_named(label):
        png = read_png(file, label, with_pixels) if is_png(file) else None
        positive = as_min_is_black(file)
        source = io.BytesIO(png.pixels) if png else positive or file
        try:
            image = Image.open(source, formats=_FORMATS)
            if png:
                image.info |= {"exif": png.exif} if png.exif is not None else {}
                image.info |= {"xmp": png.xmp} if png.xmp is not None else {}
                image.info |= {"icc_profile": png.profile} if png.profile is not None else {}
            return OpenedPicture(image, png, positive is not None)
        except UnidentifiedImageError as error:
            raise CorruptImageError(f"{label}: not a picture, or one with a damaged header") from error
        except Image.DecompressionBombError as error:
            raise UnusableImageError(
                f"{label}: it has more pixels than a photograph; cut it up or shrink it"
            ) from error


def rgb_profile(icc: bytes | None) -> bytes | None:
    """The profile if it is whole and describes RGB, else None."""
    whole = icc is not None and len(icc) >= 132 and icc[_SIGNATURE] == b"acsp"
    return icc if icc is not None and whole and icc[_COLOR_SPACE] == b"RGB " else None


class Presentation(NamedTuple):
    """What a picture file says about how its pixels are to be shown.

    Attributes:
        icc: the RGB profile; None stands for sRGB.
        orientation: EXIF's, 1 to 8.
        note: a sentence when there is a profile that cannot be used.
    """

    icc: bytes | None
    orientation: int
    note: str | None


def read_presentation(data: bytes) -> Presentation:
    """The profile and orientation of a picture file that is known to decode."""
    with open_picture(io.BytesIO(data), "the picture").image as image:
        icc = image.info.get("icc_profile")
        orientation = read_orientation(image)
    return Presentation(rgb_profile(icc), orientation or 1, _WRONG_PROFILE if icc and not rgb_profile(icc) else None)


def turn(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """An (H, W, 3) image with an EXIF orientation (Exif 3.0, tag 0x0112) applied; unknown ones do nothing."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def read_orientation(image: Image.Image) -> int | None:
    """EXIF's orientation, 1 where none is given, None when the EXIF data are damaged.

    Of a loaded picture: Pillow turns TIFFs upright as it loads them.
    """
    try:
        return int(Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1))
    except Exception:  # Pillow's parser raises nearly anything, and pixels do not depend on it
        return None


def _has_deep_samples(opened: OpenedPicture) -> bool:
    """Whether the file holds 16-bit samples; Pillow reduces some of them without a word."""
    if opened.png:
        return opened.png.depth == 16
    if opened.image.format == "TIFF":
        return max(opened.image.tag_v2.get(ExifTags.Base.BitsPerSample, (8,))) > 8  # type: ignore[attr-defined]
    return False


def _to_rgb(
    opened: OpenedPicture, icc: bytes | None, label: str, background: tuple[int, int, int] | None, notes: list[str]
) -> tuple[np.ndarray, bytes | None]:
    """The decoded image as RGB, and the profile that goes with it."""
    image = opened.image
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in (None, "PNG")):
        high = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        image = Image.fromarray(high)
    if image.mode not in _MODES:
        raise UnusableImageError(f"{label}: {image.mode} pictures are not supported; convert it to 8-bit RGB")
    if opened.negative:
        image = _inverted(image)
    image = _flatten(image, label, background, notes)
    if icc is None or rgb_profile(icc):
        return np.asarray(image.convert("RGB")), icc
    if image.mode in ("1", "L") and icc[_COLOR_SPACE] == b"GRAY":
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            grey, srgb = ImageCms.ImageCmsProfile(io.BytesIO(icc)), ImageCms.createProfile("sRGB")
            exact = ImageCms.Flags.NOOPTIMIZE  # else a coarse table makes shadows wrong by ten levels
            converted = ImageCms.profileToProfile(image.convert("L"), grey, srgb, outputMode="RGB", flags=exact)
            assert converted is not None
            return np.asarray(converted), None
    notes.append(_WRONG_PROFILE)
    return np.asarray(image.convert("RGB")), None


def _inverted(image: Image.Image) -> Image.Image:
    """A grey image with white for black; its alpha channel stays."""
    if not image.mode.lower().endswith("a"):
        return ImageOps.invert(image.convert("L"))
    grey, alpha = image.convert("LA").split()
    return Image.merge("LA", (ImageOps.invert(grey), alpha))


def _flatten(image: Image.Image, label: str, background: tuple[int, int, int] | None, notes: list[str]) -> Image.Image:
    """The image without its alpha channel, which is only ignored when it says opaque everywhere."""
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

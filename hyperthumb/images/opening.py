"""Opens picture files and reads their headers, but not their pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from hyperthumb.base.errors import CorruptImageError, HyperthumbError, UnusableImageError

from .png import Png, is_png, read_png
from .tiff import as_pillow_reads, correct_planes
from .unread import explain_unread

EXTENSIONS = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff")
# Formats are recognized by content. Others are excluded, because Pillow would hand PostScript to an interpreter.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")


@contextmanager
def damage_named(label: str) -> Iterator[None]:
    """Turns the many exceptions that decoders raise on damaged bytes into a CorruptImageError."""
    try:
        yield
    except (HyperthumbError, MemoryError):
        raise
    except Exception as error:
        raise CorruptImageError(f"{label}: the picture is damaged ({error or type(error).__name__})") from error


class OpenedPicture(NamedTuple):
    """A picture file whose header was read.

    Attributes:
        image: Pillow's image. Its `info` includes a PNG's profile, EXIF data and XMP.
        png: the content of a PNG file; None for other formats.
        negative: whether the decoded samples must be inverted.
    """

    image: Image.Image
    png: Png | None
    negative: bool


def open_picture(file: IO[bytes], label: str, with_pixels: bool = True) -> OpenedPicture:
    """Opens a picture and reads its header.

    Args:
        file: the picture.
        label: the file's name, for messages.
        with_pixels: False if the picture will not be decoded; then less of some files is read.

    Raises:
        CorruptImageError: when it is not a picture, or its header is damaged.
        UnusableImageError: when it has more pixels than Pillow allows.
    """
    with damage_named(label):
        png = read_png(file, label, with_pixels) if is_png(file) else None
        readable = as_pillow_reads(file)
        source = io.BytesIO(png.pixels) if png else readable.file
        try:
            image = Image.open(source, formats=_FORMATS)
            if png:
                image.info |= {"exif": png.exif} if png.exif is not None else {}
                image.info |= {"xmp": png.xmp} if png.xmp is not None else {}
                image.info |= {"icc_profile": png.profile} if png.profile is not None else {}
            if isinstance(image, TiffImageFile) and not correct_planes(image):
                raise UnusableImageError(
                    f"{label}: a TIFF picture whose planes are stored apart; save it again with interleaved samples"
                )
            return OpenedPicture(image, png, readable.is_negative)
        except UnidentifiedImageError as error:
            raise CorruptImageError(f"{label}: {explain_unread(file)}") from error
        except Image.DecompressionBombError as error:
            raise UnusableImageError(
                f"{label}: it has too many pixels for a photograph; cut it up or shrink it"
            ) from error

"""Lists and reads picture files as uint8 (H, W, 3) RGB arrays, and writes PNG files."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from hyperthumb.base.errors import HyperthumbError
from hyperthumb.base.files import write_atomically
from hyperthumb.base.search import search
from hyperthumb.base.wording import printable
from hyperthumb.images.exif import read_orientation
from hyperthumb.images.opening import EXTENSIONS, open_picture
from hyperthumb.images.pictures import read_picture

_TRANSPOSING_ORIENTATIONS = (5, 6, 7, 8)


def list_images(folder: str | Path) -> list[str]:
    """Lists all pictures in a folder and its subfolders, see `hyperthumb.base.search.search`.

    Returns:
        Paths relative to `folder`, with forward slashes, sorted by code point, so the same on every machine.

    Raises:
        HyperthumbError: when the folder is missing, cannot be read, or contains no pictures.

    Warns:
        UserWarning: one line that lists hidden files and files of other programs, which are left out.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise HyperthumbError(f"{folder}: this folder of pictures does not exist")
    found = search(folder, EXTENSIONS)
    for place, reason in found.unreadable:
        raise HyperthumbError(f"{place}: this folder cannot be read ({reason})")
    left_out = found.describe_left_out()
    if left_out:
        warnings.warn(f"{folder}: {left_out}", stacklevel=2)
    if not found.files:
        raise HyperthumbError(f"{folder}: contains no pictures ({', '.join(EXTENSIONS)})")
    return found.files


def read_image(path: str | Path) -> np.ndarray:
    """Reads a picture file as contiguous uint8 (H, W, 3) RGB, turned upright; errors as for `decode_picture`.

    Color profiles are not applied.
    """
    return read_picture(path).pixels


def read_size(path: str | Path) -> tuple[int, int]:
    """Reads (H, W) of the upright picture in a file, without decoding it.

    Raises:
        CorruptImageError: when the header is damaged, or a PNG is truncated.
        HyperthumbError: when the file cannot be read.
    """
    label = printable(path)
    try:
        with open(path, "rb") as file:
            image = open_picture(file, label, with_pixels=False).image
            turned = read_orientation(image) in _TRANSPOSING_ORIENTATIONS
            return (image.width, image.height) if turned else (image.height, image.width)
    except OSError as error:
        raise HyperthumbError(f"{label}: cannot be read ({error.strerror or error})") from error


def encode_png(image: np.ndarray, compress_level: int = 6) -> bytes:
    """Encodes a uint8 (H, W, 3) image as PNG; `compress_level` is that of zlib, 0..9."""
    assert image.dtype == np.uint8
    assert image.shape[2:] == (3,)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()


def write_png(path: str | Path, image: np.ndarray) -> None:
    """Writes a uint8 (H, W, 3) image as a PNG file, atomically.

    Raises:
        HyperthumbError: when it cannot be written.
    """
    write_atomically(Path(path), encode_png(image))

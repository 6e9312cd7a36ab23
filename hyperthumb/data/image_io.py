"""Picture files to uint8 (H, W, 3) RGB arrays and back; what cannot become that faithfully is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from hyperthumb.base.errors import CorruptImageError, HyperthumbError
from hyperthumb.base.files import find_files, write_atomically
from hyperthumb.base.wording import printable
from hyperthumb.images.pictures import EXTENSIONS, damage_named, decode_picture, open_picture

_TRANSPOSING_ORIENTATIONS = (5, 6, 7, 8)
_ORIENTATION_TAG = 0x0112
_PNG_SIGNATURE_BYTES, _PNG_CHECKSUM_BYTES = 8, 4
_EXIF_CHUNKS = {b"eXIf", b"tEXt", b"zTXt", b"iTXt"}


def list_images(folder: str | Path) -> list[str]:
    """Every picture below a folder, links to folders followed, hidden files left out.

    Args:
        folder: where to look.

    Returns:
        Paths relative to `folder`, with forward slashes, sorted by code point: the same on every machine.

    Raises:
        HyperthumbError: when the folder is missing or holds no picture.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise HyperthumbError(f"{folder}: there is no such folder of pictures")
    found = find_files(folder, EXTENSIONS)
    if not found:
        raise HyperthumbError(f"{folder}: holds no pictures ({', '.join(EXTENSIONS)})")
    return found


def read_image(path: str | Path) -> np.ndarray:
    """The picture in a file as uint8 (H, W, 3) RGB, turned upright; see `decode_image`."""
    return decode_image(_read_bytes(path), printable(path))


def read_size(path: str | Path) -> tuple[int, int]:
    """(H, W) of the upright picture in a file, without decoding it.

    Raises:
        CorruptImageError: when the header cannot be read, or a PNG is cut off.
        HyperthumbError: when the file cannot be.
    """
    label = printable(path)
    try:
        with open(path, "rb") as file, open_picture(file, label).image as image, damage_named(label):
            # Pillow decodes a PNG whole to learn whether EXIF data come after the pixels; its chunks say it at once.
            known = image.format != "PNG" or _EXIF_CHUNKS.isdisjoint(_chunks_after_the_pixels(file, label))
            exif = Image.Image.getexif(image) if known else image.getexif()
            turned = exif.get(_ORIENTATION_TAG) in _TRANSPOSING_ORIENTATIONS
            return (image.width, image.height) if turned else (image.height, image.width)
    except OSError as error:
        raise HyperthumbError(f"{label}: cannot be read ({error.strerror or error})") from error


def _chunks_after_the_pixels(file: IO[bytes], label: str) -> list[bytes]:
    """The types of a PNG's chunks from its first pixels on (PNG, third edition, 5.3); the position stays where it is.

    Raises:
        CorruptImageError: for a file that is cut off.
    """
    start, types = file.tell(), list[bytes]()
    file.seek(_PNG_SIGNATURE_BYTES)
    while b"IEND" not in types[-1:]:
        header = file.read(8)
        if len(header) < 8:
            raise CorruptImageError(f"{label}: the picture is damaged (its end is missing)")
        types.append(header[4:])
        file.seek(int.from_bytes(header[:4], "big") + _PNG_CHECKSUM_BYTES, io.SEEK_CUR)
    file.seek(start)
    return types[types.index(b"IDAT") :] if b"IDAT" in types else []


def decode_image(data: bytes, label: str) -> np.ndarray:
    """The picture in a file's bytes as uint8 (H, W, 3) RGB, contiguous; colour profiles are not applied.

    Raises what `hyperthumb.images.pictures.decode_picture` raises, which says the rest.
    """
    return decode_picture(data, label).pixels


def encode_png(image: np.ndarray, compress_level: int = 6) -> bytes:
    """A uint8 (H, W, 3) image as the bytes of a PNG file; `compress_level` is zlib's, 0..9."""
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()


def write_png(path: str | Path, image: np.ndarray) -> None:
    """Writes a uint8 (H, W, 3) image; the file appears whole or not at all.

    Raises:
        HyperthumbError: when it cannot be written.
    """
    write_atomically(Path(path), encode_png(image))


def _read_bytes(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise HyperthumbError(f"{printable(path)}: cannot be read ({error.strerror or error})") from error

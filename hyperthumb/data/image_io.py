"""Picture files to uint8 (H, W, 3) RGB arrays and back; what cannot become that faithfully is refused."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from hyperthumb.errors import CorruptImageError, HyperthumbError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")

MAX_PIXELS = 89_478_485
"""Pillow's own line between a photograph and a decompression bomb: 256 MiB as RGB."""

_TRANSPOSING_ORIENTATIONS = (5, 6, 7, 8)
_ORIENTATION_TAG = 0x0112


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
    found: list[str] = []
    visited: set[str] = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in visited:  # a link that leads back up
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            (Path(parent) / name).relative_to(folder).as_posix()
            for name in files
            if not name.startswith(".") and name.lower().endswith(EXTENSIONS)
        ]
    if not found:
        raise HyperthumbError(f"{folder}: holds no pictures ({', '.join(EXTENSIONS)})")
    return sorted(found)


def read_image(path: str | Path) -> np.ndarray:
    """The picture in a file as uint8 (H, W, 3) RGB, turned upright; see `decode_image`."""
    return decode_image(_read_bytes(path), str(path))


def read_size(path: str | Path) -> tuple[int, int]:
    """(H, W) of the upright picture in a file, from its header alone.

    Raises:
        CorruptImageError: when the header cannot be read.
        HyperthumbError: when the file cannot be.
    """
    try:
        with open(path, "rb") as file, _open(file, str(path)) as image, _damage_named(str(path)):
            turned = image.getexif().get(_ORIENTATION_TAG) in _TRANSPOSING_ORIENTATIONS
            return (image.width, image.height) if turned else (image.height, image.width)
    except OSError as error:
        raise HyperthumbError(f"{path}: cannot be read ({error.strerror or error})") from error


def decode_image(data: bytes, label: str) -> np.ndarray:
    """The picture in a file's bytes as RGB.

    Grey and palette pictures become RGB, 16-bit samples keep their high byte, EXIF's orientation is applied. Of several
    frames the first is taken. Colour profiles are not applied.

    Args:
        data: the file's content.
        label: the file's name, for messages.

    Returns:
        uint8 (H, W, 3), contiguous.

    Raises:
        CorruptImageError: when the picture cannot be decoded whole.
        HyperthumbError: for transparent, CMYK, floating-point and enormous pictures.
    """
    with _open(io.BytesIO(data), label) as image:
        height, width = image.height, image.width
        if height * width > MAX_PIXELS:
            raise HyperthumbError(
                f"{label}: {width}x{height} is more than {MAX_PIXELS:,} pixels; cut it up or shrink it"
            )
        if image.format == "PNG":  # decoding alone overlooks a tail of zeros, as a crash leaves it
            with _damage_named(label):
                image.verify()
    with _open(io.BytesIO(data), label) as image:
        with _damage_named(label):
            image.load()
            upright = ImageOps.exif_transpose(image)
        return np.ascontiguousarray(_to_rgb(upright, label))


def encode_png(image: np.ndarray, compress_level: int = 6) -> bytes:
    """A uint8 (H, W, 3) image as the bytes of a PNG file; `compress_level` is zlib's, 0..9."""
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()


def write_png(path: str | Path, image: np.ndarray) -> None:
    """Writes a uint8 (H, W, 3) image; the file appears whole or not at all."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(encode_png(image))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _read_bytes(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise HyperthumbError(f"{path}: cannot be read ({error.strerror or error})") from error


@contextmanager
def _damage_named(label: str) -> Iterator[None]:
    """Decoders raise nearly anything on damaged bytes: OSError, SyntaxError, struct.error, ..."""
    try:
        yield
    except (HyperthumbError, MemoryError):
        raise
    except Exception as error:
        raise CorruptImageError(f"{label}: the picture is damaged ({error or type(error).__name__})") from error


def _open(file: IO[bytes], label: str) -> Image.Image:
    with _damage_named(label):
        try:
            return Image.open(file)
        except UnidentifiedImageError as error:
            raise CorruptImageError(f"{label}: not a picture, or one with a damaged header") from error
        except Image.DecompressionBombError as error:
            raise HyperthumbError(f"{label}: more than {MAX_PIXELS:,} pixels; cut it up or shrink it") from error


def _to_rgb(image: Image.Image, label: str) -> np.ndarray:
    if image.mode.startswith("I;16"):
        high = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.repeat(high[:, :, None], 3, axis=2)
    if image.mode not in ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr"):
        raise HyperthumbError(f"{label}: {image.mode} pictures are not supported; convert it to 8-bit RGB")
    if "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        lowest_alpha, _ = image.getchannel("A").getextrema()
        if lowest_alpha != 255:
            raise HyperthumbError(f"{label}: the picture is transparent in places; flatten it onto a background first")
    return np.asarray(image.convert("RGB"))

"""Photographs for the tests of this folder, and what becomes of their thumbnails."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image

from hyperthumb.base.errors import ThumbnailWarning
from hyperthumb.codec.codec import Codec
from hyperthumb.jpeg.file import read_jpeg, write_jpeg
from tests.jpeg.other_programs import marker_of, with_marker, without_marker
from tests.support import photograph

PHOTOGRAPH = photograph(131, 170)


WHOLE_BLOCKS = photograph(64, 96)


def recompressed(data: bytes, mode: str = "RGB", **settings: object) -> bytes:
    """What a service makes of a file: decoded, and saved by Pillow."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).convert(mode).save(buffer, "JPEG", **settings)
    return buffer.getvalue()


def restore_with_warnings(codec: Codec, data: bytes, **arguments: object) -> tuple[np.ndarray, str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = codec.restore(data, **arguments)
    assert all(warning.category is ThumbnailWarning and warning.filename == __file__ for warning in caught)
    return image, "\n".join(str(warning.message) for warning in caught)


def error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def cropped(data: bytes, rows: int, columns: int) -> bytes:
    """What `jpegtran -copy all -crop` makes of a file: its first rows and columns of blocks."""
    read = read_jpeg(without_marker(data))
    picture = type(read)(read.coefficients[:, :rows, :columns], read.tables, 8 * rows, 8 * columns)
    return with_marker(write_jpeg(picture), marker_of(data))


def with_exif(data: bytes, orientation: int) -> bytes:
    """A file with EXIF's orientation after its first segment."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", exif=exif)
    written = buffer.getvalue()
    start = written.index(b"\xff\xe1")
    return data[:20] + written[start : start + 2 + int.from_bytes(written[start + 2 : start + 4], "big")] + data[20:]

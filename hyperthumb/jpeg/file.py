"""Between quantized coefficients and the bytes of an ordinary JPEG file (4:4:4, baseline, 8-bit tables).

The integers of the simulator go into the entropy coder as they are, and come out again as they are: no pixel is rounded
on the way. jpeglib does the coding; nothing else in hyperthumb knows it.
"""

from __future__ import annotations

import io
import math
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from ..errors import ThumbnailError
from .marker import SCALES, Origin, find_origin, insert_origin, segments

MAX_SIDE = 65500  # libjpeg's limit
MAX_AC = 1023  # ITU-T T.81, table F.2: AC magnitude categories of 8-bit baseline end at 10 bits
MAX_DC_STEP = 2047  # table F.1: differences between neighbouring blocks' DC, at 11 bits
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_READABLE_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended and progressive Huffman


@dataclass(frozen=True)
class JpegThumbnail:
    """What a thumbnail file holds.

    Attributes:
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) int16 quantized coefficients of Y, Cb, Cr, in natural
            order (v, u).
        tables: (2, 8, 8) integers in 1..255, for Y and for both chroma planes, natural order.
        height: rows that a viewer shows, ceil(hr_height / scale).
        width: columns that a viewer shows.
        hr_height: the photograph's rows; None, like the next two, when the file does not say.
        hr_width: the photograph's columns.
        scale: 1, 2, 4 or 8.
    """

    coefficients: np.ndarray
    tables: np.ndarray
    height: int
    width: int
    hr_height: int | None = None
    hr_width: int | None = None
    scale: int | None = None


def write_jpeg(thumbnail: JpegThumbnail, huffman: Literal["optimized", "default"] = "optimized") -> bytes:
    """The file's bytes.

    Args:
        thumbnail: what to write. With all of hr_height, hr_width and scale the file says them; with none it does not.
        huffman: code tables made for this file, or the standard's (ITU-T T.81, annex K.3).

    Raises:
        ThumbnailError: for sizes, tables or coefficients that no baseline JPEG can hold, or that disagree.
    """
    import jpeglib

    if huffman not in ("optimized", "default"):
        raise ThumbnailError(f'Huffman tables are "optimized" or "default", not "{huffman}"')
    origin = _check(thumbnail)
    y, cb, cr = np.ascontiguousarray(thumbnail.coefficients, dtype=np.int16)
    tables = np.ascontiguousarray(thumbnail.tables, dtype=np.uint16)
    image = jpeglib.from_dct(Y=y, Cb=cb, Cr=cr, qt=tables, quant_tbl_no=np.array([0, 1, 1]))
    image.height, image.width = thumbnail.height, thumbnail.width  # else rounded up to blocks
    with _temporary_file() as path:
        image.write_dct(str(path), flags=["+OPTIMIZE_CODING"] if huffman == "optimized" else [])
        data = path.read_bytes()
    return insert_origin(data, origin, thumbnail.height, thumbnail.width) if origin else data


def read_jpeg(data: bytes) -> JpegThumbnail:
    """What `write_jpeg` wrote, or any 4:4:4 JPEG holds.

    Raises:
        ThumbnailError: for bytes that are no whole JPEG file, or one that is not 4:4:4 color.
    """
    import jpeglib

    height, width = _check_frame(data)
    origin = find_origin(data, height, width)
    _decode(data)  # libjpeg reads coefficients of a truncated file without a word; Pillow does not
    with _temporary_file() as path:
        path.write_bytes(data)
        try:
            image = jpeglib.read_dct(str(path))
            y, (cb, cr), tables = image.load()
        except OSError as error:
            raise ThumbnailError(f"damaged JPEG file: {error}") from error
    if image.jpeg_color_space.name != "JCS_YCbCr":
        raise ThumbnailError("this JPEG file does not hold YCbCr, and cannot be restored")
    used = [int(index) for index in image.quant_tbl_no]
    if used[1] != used[2]:
        raise ThumbnailError("Cb and Cr have tables of their own in this JPEG file; hyperthumb's share one")
    return JpegThumbnail(
        coefficients=np.stack([y, cb, cr]).astype(np.int16),
        tables=np.stack([tables[used[0]], tables[used[1]]]).astype(np.int64),
        height=height,
        width=width,
        hr_height=origin.height if origin else None,
        hr_width=origin.width if origin else None,
        scale=origin.scale if origin else None,
    )


def decode_rgb(data: bytes) -> np.ndarray:
    """What a viewer shows: uint8 (height, width, 3) RGB, by Pillow.

    Raises:
        ThumbnailError: when the bytes are no whole JPEG file.
    """
    next(segments(data))
    return np.asarray(_decode(data).convert("RGB"))


def _decode(data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=["JPEG"])
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ThumbnailError(f"damaged JPEG file: {error}") from error
    return image


def _check_frame(data: bytes) -> tuple[int, int]:
    """Height and width, once the frame header promises what we can hold and the data can fill."""
    frame = next((segment for segment in segments(data) if segment.marker in _START_OF_FRAME), None)
    if frame is None or len(frame.payload) < 6:
        raise ThumbnailError("damaged JPEG file: it has no frame header")
    precision, height, width, components = struct.unpack_from(">BHHB", frame.payload)
    if frame.marker not in _READABLE_FRAMES or precision != 8:
        raise ThumbnailError("this kind of JPEG (arithmetic, lossless or of more than 8 bits) cannot be restored")
    sampling = [frame.payload[7 + 3 * i] for i in range((len(frame.payload) - 6) // 3)]
    if components != 3 or sampling != [0x11] * 3:
        raise ThumbnailError("only a color JPEG without chroma subsampling (4:4:4) can be restored")
    if not height or not width:
        raise ThumbnailError("damaged JPEG file: it has no size")
    # Every block costs a bit at the least, for its DC: a size that the data cannot fill must not be allocated.
    if 3 * math.ceil(height / 8) * math.ceil(width / 8) > 8 * len(data):
        raise ThumbnailError(f"damaged JPEG file: {len(data)} bytes cannot hold {width}x{height} pixels")
    return height, width


def _check(thumbnail: JpegThumbnail) -> Origin | None:
    height, width = thumbnail.height, thumbnail.width
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise ThumbnailError(f"a JPEG file's sides are 1 to {MAX_SIDE} pixels, not {width}x{height}")
    coefficients, tables = np.asarray(thumbnail.coefficients), np.asarray(thumbnail.tables)
    expected = (3, math.ceil(height / 8), math.ceil(width / 8), 8, 8)
    if coefficients.shape != expected or coefficients.dtype.kind not in "iu":
        raise ThumbnailError(
            f"a thumbnail of {width}x{height} has integer coefficients of shape {expected}, not {coefficients.dtype} "
            f"of shape {coefficients.shape}"
        )
    if tables.shape != (2, 8, 8) or tables.dtype.kind not in "iu" or tables.min() < 1 or tables.max() > 255:
        raise ThumbnailError("quantization tables are two of 8x8 integers in 1..255")
    _check_range(coefficients)
    return _check_origin(thumbnail)


def _check_range(coefficients: np.ndarray) -> None:
    magnitude = np.abs(coefficients.astype(np.int64)).reshape(-1, 64)
    if magnitude[:, 1:].max() > MAX_AC:
        raise ThumbnailError(f"an AC coefficient of a baseline JPEG is in -{MAX_AC}..{MAX_AC}")
    dc = coefficients[..., 0, 0].reshape(3, -1).astype(np.int64)
    if np.abs(np.diff(dc, axis=1, prepend=0)).max() > MAX_DC_STEP:
        raise ThumbnailError(f"neighbouring DC coefficients of a baseline JPEG differ by {MAX_DC_STEP} at the most")


def _check_origin(thumbnail: JpegThumbnail) -> Origin | None:
    given = (thumbnail.hr_height, thumbnail.hr_width, thumbnail.scale)
    if given == (None, None, None):
        return None
    hr_height, hr_width, scale = given
    if hr_height is None or hr_width is None or scale is None:
        raise ThumbnailError("hr_height, hr_width and scale are given together or not at all")
    if scale not in SCALES:
        raise ThumbnailError(f"the scale is 1, 2, 4 or 8, not {scale}")
    if (math.ceil(hr_height / scale), math.ceil(hr_width / scale)) != (thumbnail.height, thumbnail.width):
        raise ThumbnailError(
            f"a photograph of {hr_width}x{hr_height} at scale {scale} has no thumbnail of "
            f"{thumbnail.width}x{thumbnail.height}"
        )
    return Origin(hr_height, hr_width, scale)


@contextmanager
def _temporary_file() -> Iterator[Path]:
    """The path of an empty file that is gone afterwards: jpeglib takes and gives paths."""
    descriptor, name = tempfile.mkstemp(suffix=".jpg")
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)

"""What other programs make of a file of ours, without those programs, and files as earlier versions wrote them."""

from __future__ import annotations

import dataclasses
import struct
import zlib

import numpy as np

from hyperthumb.base.limits import Profile
from hyperthumb.jpeg.file import JpegThumbnail, read_jpeg, write_jpeg
from hyperthumb.jpeg.segments import segments

ORIENTATIONS = range(1, 9)
JPEGTRAN = {
    2: ("-flip", "horizontal"),
    3: ("-rotate", "180"),
    4: ("-flip", "vertical"),
    5: ("-transpose",),
    6: ("-rotate", "90"),
    7: ("-transverse",),
    8: ("-rotate", "270"),
}
"""jpegtran's arguments by the EXIF orientation that does the same to upright pixels."""


def marker_of(data: bytes) -> bytes:
    """The whole segment of our marker in a file."""
    part = next(part for part in segments(data) if part.marker == 0xE9)
    return data[part.start : part.end]


def sealed(content: bytes) -> bytes:
    """The whole segment of a marker of 7 bytes whose seal fits, whatever they say."""
    return b"\xff\xe9\x00\x0b" + struct.pack(">H", zlib.crc32(b"hyperthumb" + content) & 0xFFFF) + content


def with_marker(data: bytes, marker: bytes) -> bytes:
    """A file with that segment in place of our marker, or after its first segment where it has none."""
    plain = without_marker(data)
    place = next(segments(plain)).end
    return plain[:place] + marker + plain[place:]


def without_marker(data: bytes) -> bytes:
    """A file without application segments of our kind."""
    for part in reversed(list(segments(data))):
        if part.marker == 0xE9:
            data = data[: part.start] + data[part.end :]
    return data


def as_version_1(data: bytes) -> bytes:
    """A file of ours with the marker that version 1 wrote, built from its description alone."""
    read = read_jpeg(data)
    missing = (read.height * read.scale - read.hr_height) << 4 | (read.width * read.scale - read.hr_width)
    fields = b"HT" + bytes([0x10 | read.scale, missing]) + (read.model_id or bytes(3))
    checked = fields + struct.pack(">HH", read.height, read.width)
    checked += read.tables.astype(np.uint8).tobytes() + read.coefficients.astype("<i2").tobytes()
    return with_marker(data, b"\xff\xe9\x00\x0b" + fields + struct.pack(">H", zlib.crc32(checked) & 0xFFFF))


def turned(data: bytes, orientation: int, trim: bool = False, profile: Profile = "optimized") -> bytes:
    """The file that `jpegtran -copy all` makes of one of ours; `trim` leaves out blocks that cannot be turned."""
    read = read_jpeg(without_marker(data))  # with the marker it would be turned back
    coefficients, tables, size = turn_slowly(read.coefficients, read.tables, (read.height, read.width), orientation)
    if trim:
        rows = size[0] // 8 * 8 if orientation in (3, 4, 7, 8) else size[0]
        columns = size[1] // 8 * 8 if orientation in (2, 3, 6, 7) else size[1]
        size = (rows or size[0], columns or size[1])
        coefficients = coefficients[:, : -(-size[0] // 8), : -(-size[1] // 8)]
    picture = JpegThumbnail(coefficients, tables, *size)
    return with_marker(write_jpeg(picture, profile), marker_of(data))


def turn_slowly(
    coefficients: np.ndarray, tables: np.ndarray, size: tuple[int, int], orientation: int
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """jpegtran's rule (libjpeg's transupp.c), number by number, each turn a sequence of three simple ones."""
    height, width = size
    if orientation in (5, 6, 7, 8):
        coefficients, tables = coefficients.transpose(0, 2, 1, 4, 3), tables.transpose(0, 2, 1)
        height, width = width, height
    if orientation in (3, 4, 7, 8):
        coefficients = _flip_slowly(coefficients, height // 8)
    if orientation in (2, 3, 6, 7):
        across = _flip_slowly(coefficients.transpose(0, 2, 1, 4, 3), width // 8)
        coefficients = across.transpose(0, 2, 1, 4, 3)
    return np.ascontiguousarray(coefficients), np.ascontiguousarray(tables), (height, width)


def changed(data: bytes, place: tuple[int, ...] = (0, 0, 0, 0, 1)) -> bytes:
    """A file of ours whose picture was edited: one coefficient is another."""
    read = read_jpeg(data)
    coefficients = read.coefficients.copy()
    coefficients[place] += 1
    other = dataclasses.replace(
        read, coefficients=coefficients, hr_height=None, hr_width=None, scale=None, model_id=None
    )
    return with_marker(write_jpeg(other, "default"), marker_of(data))


def _flip_slowly(coefficients: np.ndarray, whole_rows: int) -> np.ndarray:
    out = coefficients.copy()
    for row in range(whole_rows):
        for v in range(8):
            out[:, row, :, v] = (-1) ** v * coefficients[:, whole_rows - 1 - row, :, v]
    return out

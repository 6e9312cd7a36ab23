"""The one thing an ordinary JPEG cannot say: how large the photograph was that the thumbnail restores to.

It travels in an application segment that every other program skips, 12 bytes in all:

    FF E9 | 00 0A | "HyTh" | version 1 | scale | missing rows | missing columns

The photograph has `scale` times the file's height, less the missing rows (0 to scale - 1), and so for columns.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import ThumbnailError

APP9 = 0xE9
SCALES = (1, 2, 4, 8)
_MAGIC = b"HyTh"
_VERSION = 1
_PAYLOAD = struct.Struct(">4s4B")
_STANDALONE = {0x01, *range(0xD0, 0xD8)}  # TEM and RSTn have no length


class Segment(NamedTuple):
    """A marker segment of a JPEG file.

    Attributes:
        marker: its code, the byte after FF.
        start: where its FF stands in the file.
        end: where the next one starts.
        payload: what follows the length.
    """

    marker: int
    start: int
    end: int
    payload: bytes


class Origin(NamedTuple):
    """The photograph's size in pixels, and the scale between it and the thumbnail."""

    height: int
    width: int
    scale: int


def segments(data: bytes) -> Iterator[Segment]:
    """The segments between SOI and the first scan's data, that scan's header included.

    Raises:
        ThumbnailError: when the bytes are no JPEG, or end before a scan.
    """
    if data[:2] != b"\xff\xd8":
        raise ThumbnailError("this is not a JPEG file")
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise ThumbnailError(f"damaged JPEG file: no marker at byte {position}")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _STANDALONE:
            position += 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        end = position + 2 + length
        if length < 2 or end > len(data):
            raise ThumbnailError(f"damaged JPEG file: the segment at byte {position} does not end")
        yield Segment(marker, position, end, data[position + 4 : end])
        if marker == 0xDA:
            return
        position = end
    raise ThumbnailError("damaged JPEG file: it ends before the picture")


def insert_origin(data: bytes, origin: Origin, height: int, width: int) -> bytes:
    """The file with our segment after its first one (JFIF's).

    Args:
        data: a JPEG file of `height` rows and `width` columns.
        origin: what to say; its size over its scale, rounded up, is height by width.
        height: of the thumbnail.
        width: of the thumbnail.
    """
    missing_rows, missing_columns = height * origin.scale - origin.height, width * origin.scale - origin.width
    payload = _PAYLOAD.pack(_MAGIC, _VERSION, origin.scale, missing_rows, missing_columns)
    place = next(segments(data)).end
    return b"".join((data[:place], struct.pack(">BBH", 0xFF, APP9, len(payload) + 2), payload, data[place:]))


def find_origin(data: bytes, height: int, width: int) -> Origin | None:
    """What our segment says, or None in a file without one.

    Raises:
        ThumbnailError: when there is one that makes no sense, or one of a later version.
    """
    for segment in segments(data):
        if segment.marker != APP9 or not segment.payload.startswith(_MAGIC):
            continue
        if len(segment.payload) < 5 or segment.payload[4] != _VERSION:
            raise ThumbnailError("the thumbnail was written by a later version of hyperthumb")
        if len(segment.payload) != _PAYLOAD.size:
            raise ThumbnailError("the thumbnail's note of the photograph's size is damaged")
        _, _, scale, missing_rows, missing_columns = _PAYLOAD.unpack(segment.payload)
        if scale not in SCALES or missing_rows >= scale or missing_columns >= scale:
            raise ThumbnailError("the thumbnail's note of the photograph's size is damaged")
        return Origin(height * scale - missing_rows, width * scale - missing_columns, scale)
    return None

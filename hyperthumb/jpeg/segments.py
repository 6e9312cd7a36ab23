"""Reads the marker segments of a JPEG file (ITU-T T.81, annex B) without decoding it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from hyperthumb.base.errors import ThumbnailError

SOF_MARKERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
METADATA = {*range(0xE0, 0xF0), 0xFE}  # application segments and comments
DHT, SOI, EOI, SOS, DQT, DRI = 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD
_SKIPPED = {0x01, *range(0xD0, 0xD9)}  # TEM, RSTn, SOI: they have no length and no meaning between segments
_WITHIN_SCAN = {0x00, *range(0xD0, 0xD8), 0xFF}  # the byte after FF: a stuffed FF, a restart marker, a fill byte


class Segment(NamedTuple):
    """A marker segment of a JPEG file.

    Attributes:
        marker: its code, the byte after FF.
        start: position of its FF in the file.
        end: position after its last byte. The entropy-coded data of a scan is not part of its segment.
        payload: the bytes after the length.
    """

    marker: int
    start: int
    end: int
    payload: bytes


class Component(NamedTuple):
    """A color plane as the frame header declares it: its identifier, sampling factors and quantization table."""

    identifier: int
    horizontal: int
    vertical: int
    table: int


class Frame(NamedTuple):
    """The frame header: kind of coding (its marker code), bits per sample, size in pixels, planes."""

    marker: int
    precision: int
    height: int
    width: int
    components: tuple[Component, ...]


def segments(data: bytes) -> Iterator[Segment]:
    """Yields all segments after SOI up to EOI, which has an empty payload.

    Raises:
        ThumbnailError: during the iteration, if the bytes are not a JPEG or end before EOI.
    """
    if data[:2] != b"\xff\xd8":
        raise ThumbnailError("this is not a JPEG file")
    position = 2
    while position + 2 <= len(data):
        if data[position] != 0xFF:
            raise ThumbnailError(f"damaged JPEG file: there is no marker at byte {position}")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _SKIPPED:
            position += 2
            continue
        if marker == EOI:
            yield Segment(marker, position, position + 2, b"")
            return
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        end = position + 2 + length
        if length < 2 or end > len(data):
            raise ThumbnailError(f"damaged JPEG file: the segment at byte {position} has an invalid length")
        yield Segment(marker, position, end, data[position + 4 : end])
        position = scan_end(data, end) if marker == SOS else end
    raise ThumbnailError("damaged JPEG file: it ends before the picture does")


def scan_end(data: bytes, start: int) -> int:
    """The end of the entropy-coded data that starts at `start`: the next marker, or the end of the file."""
    position = data.find(b"\xff", start)
    while 0 <= position < len(data) - 1:
        follower = data[position + 1]
        if follower not in _WITHIN_SCAN:
            return position
        position = data.find(b"\xff", position + (1 if follower == 0xFF else 2))
    return len(data)


def parse_frame(segment: Segment) -> Frame:
    """Parses a frame header (ITU-T T.81, B.2.2).

    Raises:
        ThumbnailError: if its length does not fit its number of planes.
    """
    payload = segment.payload
    if len(payload) < 6 or len(payload) != 6 + 3 * payload[5]:
        raise ThumbnailError("damaged JPEG file: its frame header has the wrong length")
    precision, height, width, count = struct.unpack_from(">BHHB", payload)
    planes = (payload[6 + 3 * i : 9 + 3 * i] for i in range(count))
    components = tuple(Component(plane[0], plane[1] >> 4, plane[1] & 15, plane[2]) for plane in planes)
    return Frame(segment.marker, precision, height, width, components)


def without_metadata(data: bytes, parts: list[Segment]) -> bytes:
    """The file without application segments and comments, which a decoder of coefficients does not need."""
    pieces = [data[:2]]
    for part in parts:
        if part.marker in METADATA:
            continue
        pieces.append(data[part.start : scan_end(data, part.end) if part.marker == SOS else part.end])
    return b"".join(pieces)

"""The marker segments of a JPEG file (ITU-T T.81, annex B), read without decoding anything."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from hyperthumb.base.errors import ThumbnailError

SOF_MARKERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
METADATA = {*range(0xE0, 0xF0), 0xFE}  # application segments and comments
DHT, SOI, EOI, SOS, DQT, DRI = 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD
_NOT_WANTED = {0x01, *range(0xD0, 0xD9)}  # TEM, RSTn, SOI: no length, and nothing to say between segments
_WITHIN_SCAN = {0x00, *range(0xD0, 0xD8), 0xFF}  # after an FF: a stuffed FF, a restart, a fill byte


class Segment(NamedTuple):
    """A marker segment of a JPEG file.

    Attributes:
        marker: its code, the byte after FF.
        start: where its FF stands in the file.
        end: where the next one starts; a scan's entropy-coded data is not part of its header's segment.
        payload: what follows the length.
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
    """The frame header: kind of coding (its marker), bits per sample, size in pixels, planes."""

    marker: int
    precision: int
    height: int
    width: int
    components: tuple[Component, ...]


def segments(data: bytes) -> Iterator[Segment]:
    """All segments after SOI, through every scan, EOI included (with an empty payload).

    Raises:
        ThumbnailError: when the bytes are no JPEG, or end before EOI; while it iterates.
    """
    if data[:2] != b"\xff\xd8":
        raise ThumbnailError("this is not a JPEG file")
    position = 2
    while position + 2 <= len(data):
        if data[position] != 0xFF:
            raise ThumbnailError(f"damaged JPEG file: no marker at byte {position}")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _NOT_WANTED:
            position += 2
            continue
        if marker == EOI:
            yield Segment(marker, position, position + 2, b"")
            return
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        end = position + 2 + length
        if length < 2 or end > len(data):
            raise ThumbnailError(f"damaged JPEG file: the segment at byte {position} does not end")
        yield Segment(marker, position, end, data[position + 4 : end])
        position = scan_end(data, end) if marker == SOS else end
    raise ThumbnailError("damaged JPEG file: it ends before the picture does")


def scan_end(data: bytes, start: int) -> int:
    """Where the entropy-coded data that starts at `start` ends: the place of the next marker, or the file's end."""
    position = data.find(b"\xff", start)
    while 0 <= position < len(data) - 1:
        follower = data[position + 1]
        if follower not in _WITHIN_SCAN:
            return position
        position = data.find(b"\xff", position + (1 if follower == 0xFF else 2))
    return len(data)


def parse_frame(segment: Segment) -> Frame:
    """A frame header's content.

    Raises:
        ThumbnailError: when its length does not fit what it declares.
    """
    payload = segment.payload
    if len(payload) < 6 or len(payload) != 6 + 3 * payload[5]:
        raise ThumbnailError("damaged JPEG file: its frame header is not as long as it should be")
    precision, height, width, count = struct.unpack_from(">BHHB", payload)
    planes = (payload[6 + 3 * i : 9 + 3 * i] for i in range(count))
    components = tuple(Component(plane[0], plane[1] >> 4, plane[1] & 15, plane[2]) for plane in planes)
    return Frame(segment.marker, precision, height, width, components)


def without_metadata(data: bytes, parts: list[Segment]) -> bytes:
    """The file without application segments and comments: what a decoder needs for the coefficients, and no more."""
    pieces = [data[:2]]
    for part in parts:
        if part.marker in METADATA:
            continue
        pieces.append(data[part.start : scan_end(data, part.end) if part.marker == SOS else part.end])
    return b"".join(pieces)

"""Checks of a JPEG file before a decoder sees it.

They limit the memory and time that reading costs. They also refuse the headers that libjpeg cannot read: on those,
jpeglib 1.0.2 closes a file that it has not opened, which ends the process.
"""

from __future__ import annotations

import math
import struct

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import MAX_JPEG_SIDE, MAX_THUMBNAIL_PIXELS

from .segments import DHT, DQT, DRI, EOI, METADATA, SOF_MARKERS, SOS, Frame, Segment, parse_frame

MAX_SCANS = 100  # encoders that search for the best progressive scans write about ten
_KNOWN = {DHT, DQT, DRI, SOS, EOI} | METADATA | SOF_MARKERS
_SAVE_AGAIN = "save it again as an ordinary JPEG"
_ARITHMETIC = "arithmetic-coded", "`jpegtran -copy all` rewrites it without loss"
_LOSSLESS, _HIERARCHICAL = ("a lossless JPEG", _SAVE_AGAIN), ("a hierarchical JPEG", _SAVE_AGAIN)
# Markers of files that are not supported: the kind of file, and what to do about it (T.81, table B.1).
_NOT_READ = {
    **dict.fromkeys((0xC9, 0xCA, 0xCC), _ARITHMETIC),
    **dict.fromkeys((0xC3, 0xCB), _LOSSLESS),
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF, 0xDE, 0xDF), _HIERARCHICAL),
    0xDC: ("a JPEG with its height after the picture (DNL)", _SAVE_AGAIN),
}


def check_file(parts: list[Segment], size: int) -> Frame:
    """Checks that an 8-bit Huffman decoder can read a file safely, and returns its frame header.

    Args:
        parts: all segments of the file.
        size: bytes of the file.

    Raises:
        ThumbnailError: for arithmetic-coded, lossless, hierarchical and 12-bit files, those with DNL, damaged headers
            and impossible sizes.
    """
    for part in parts:  # first, because the other checks would call these files damaged
        if part.marker in _NOT_READ:
            kind, remedy = _NOT_READ[part.marker]
            raise ThumbnailError(f"this file is {kind}, which is not supported; {remedy}")
    for part in parts:
        if part.marker not in _KNOWN:
            raise ThumbnailError(f"damaged JPEG file: it has a segment with the unknown marker {part.marker:#x}")
        if part.marker == DHT:
            _check_huffman(part.payload)
        elif part.marker == DRI and len(part.payload) != 2:
            raise ThumbnailError("damaged JPEG file: its restart interval does not have two bytes")
    tables = quantization_tables(parts)
    frames = [parse_frame(part) for part in parts if part.marker in SOF_MARKERS]
    scans = [part for part in parts if part.marker == SOS]
    if len(frames) != 1 or not scans:
        raise ThumbnailError("damaged JPEG file: it must have one frame header and at least one scan")
    frame = frames[0]
    if frame.precision != 8:
        raise ThumbnailError(
            f"this JPEG file has {frame.precision} bits per sample, which is not supported; save it with 8 bits"
        )
    if not frame.height or not frame.width or not frame.components:
        raise ThumbnailError("damaged JPEG file: its height, width or number of planes is zero")
    if any(plane.table not in tables for plane in frame.components):
        raise ThumbnailError("damaged JPEG file: a plane has no quantization table")
    if any(not (1 <= plane.horizontal <= 4 and 1 <= plane.vertical <= 4) for plane in frame.components):
        raise ThumbnailError("damaged JPEG file: its sampling factors are not in 1..4")
    if max(frame.height, frame.width) > MAX_JPEG_SIDE or frame.height * frame.width > MAX_THUMBNAIL_PIXELS:
        raise ThumbnailError(
            f"this JPEG file declares {frame.width}x{frame.height} pixels; at most {MAX_JPEG_SIDE} on a side and "
            f"{MAX_THUMBNAIL_PIXELS} in all are read"
        )
    # The DC of every block takes at least one bit. Do not allocate a size that the data cannot fill.
    widest, tallest = (max(plane[i] for plane in frame.components) for i in (1, 2))
    blocks = sum(
        math.ceil(frame.height * plane.vertical / (8 * tallest))
        * math.ceil(frame.width * plane.horizontal / (8 * widest))
        for plane in frame.components
    )
    if blocks > 8 * size:
        raise ThumbnailError(f"damaged JPEG file: {size} bytes cannot hold {frame.width}x{frame.height} pixels")
    if len(scans) > MAX_SCANS:
        raise ThumbnailError(f"this JPEG file has {len(scans)} scans; at most {MAX_SCANS} are read")
    first_scan, frame_start = scans[0].start, next(part.start for part in parts if part.marker in SOF_MARKERS)
    if first_scan < frame_start:
        raise ThumbnailError("damaged JPEG file: a scan precedes the frame header")
    for scan in scans:
        _check_scan(scan.payload, frame)
    return frame


def quantization_tables(parts: list[Segment]) -> dict[int, list[int]]:
    """The file's quantization tables by number, each as 64 steps in zig-zag order.

    Raises:
        ThumbnailError: for tables that are incomplete or contain a zero.
    """
    tables: dict[int, list[int]] = {}
    for payload in (part.payload for part in parts if part.marker == DQT):
        place = 0
        while place < len(payload):
            wide, number = payload[place] >> 4, payload[place] & 15
            end = place + 1 + 64 * (2 if wide else 1)
            if wide > 1 or number > 3 or end > len(payload):
                raise ThumbnailError("damaged JPEG file: a quantization table is incomplete")
            steps = list(struct.unpack_from(">64H" if wide else ">64B", payload, place + 1))
            if 0 in steps:
                raise ThumbnailError("damaged JPEG file: a quantization table contains a zero")
            tables[number] = steps
            place = end
    return tables


def _check_huffman(payload: bytes) -> None:
    """Checks that the Huffman tables (T.81 B.2.4.2) are complete and have numbers in 0..3."""
    place = 0
    while place < len(payload):
        number, counts = payload[place], payload[place + 1 : place + 17]
        symbols = sum(counts)
        place += 17 + symbols
        if number & 0xEF > 3 or symbols > 256 or place > len(payload):
            raise ThumbnailError("damaged JPEG file: a Huffman table is incomplete or has an invalid number")


def _check_scan(payload: bytes, frame: Frame) -> None:
    """Checks that a scan header (T.81 B.2.3) names planes of the frame, each at most once."""
    count = payload[0] if payload else 0
    named = list(payload[1 : 1 + 2 * count : 2])
    known = [plane.identifier for plane in frame.components]
    if not 1 <= count <= 4 or len(payload) != 4 + 2 * count or len(set(named)) != count or not set(named) <= set(known):
        raise ThumbnailError("damaged JPEG file: a scan header is invalid")

"""Metadata of a JPEG: EXIF data in an APP1 segment (Exif 3.0, 4.7.2), and a color profile."""

from __future__ import annotations

import struct

from hyperthumb.base.errors import ThumbnailError

from .icc import icc_segments
from .segments import Segment

APP1 = 0xE1
_PREFIX = b"Exif\0\0"
_MOST = 65533 - len(_PREFIX)  # bytes, because all EXIF data must fit in one segment


def metadata_segments(icc: bytes | None, exif: bytes | None) -> bytes:
    """The segments for a color profile and EXIF data; nothing for one that is not given.

    Raises:
        ThumbnailError: if they are too long for a JPEG file.
    """
    return (exif_segment(exif) if exif else b"") + (icc_segments(icc) if icc else b"")


def exif_segment(exif: bytes) -> bytes:
    """The segment for EXIF data.

    Args:
        exif: the data without a prefix.

    Raises:
        ThumbnailError: if the data are too long for a segment.
    """
    if len(exif) > _MOST:
        raise ThumbnailError(
            f"EXIF data of {len(exif):,} bytes do not fit into a JPEG file, which can hold {_MOST:,}; use --exif basic "
            "to keep only date, camera and lens"
        )
    return struct.pack(">BBH", 0xFF, APP1, len(_PREFIX) + len(exif) + 2) + _PREFIX + exif


def find_exif(parts: list[Segment]) -> bytes | None:
    """The EXIF data of a file, without a prefix; None if there are none."""
    for part in parts:
        if part.marker == APP1 and part.payload.startswith(_PREFIX):
            return part.payload[len(_PREFIX) :]
    return None

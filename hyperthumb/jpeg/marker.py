"""What an ordinary JPEG cannot say: the photograph that the thumbnail restores to, and whether it is still the same.

It travels in an application segment that every other program skips, 13 bytes in all:

    FF E9 | 00 0B | "HT" | version, scale | missing rows, missing columns | model id (3) | check (2)

Where two fields share a byte each has four bits. The photograph has `scale` times the file's height, less the missing
rows (0 to scale - 1), and so for columns. The model id is the beginning of the SHA-256 of the weights that made the
file; zeros if it is not known. The check is the low half of the CRC-32 of the fields before it, the picture's size, its
tables and its coefficients: a file that was recompressed or edited after we wrote it no longer fits, one that was
losslessly rewritten still does.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hyperthumb.base.errors import ThumbnailError

from .segments import Segment

APP9 = 0xE9
SCALES = (1, 2, 4, 8)
MODEL_ID_BYTES = 3
_MAGIC = b"HT"
_VERSION = 1
_PAYLOAD = struct.Struct(">2sBB3sH")
_UNKNOWN_MODEL = bytes(MODEL_ID_BYTES)


class Origin(NamedTuple):
    """The photograph's size in pixels, its scale to the thumbnail, the model's id, the coefficients' check."""

    height: int
    width: int
    scale: int
    model_id: bytes | None
    check: int


def coefficient_check(fields: bytes, height: int, width: int, coefficients: np.ndarray, tables: np.ndarray) -> int:
    """16 bits that change with the picture.

    Args:
        fields: the marker's payload before the check.
        height: of the thumbnail.
        width: of the thumbnail.
        coefficients: (3, h/8, w/8, 8, 8) integers.
        tables: (2, 8, 8) integers in 1..255.
    """
    check = zlib.crc32(fields + struct.pack(">HH", height, width))
    check = zlib.crc32(np.ascontiguousarray(tables, dtype=np.uint8).data, check)
    return zlib.crc32(np.ascontiguousarray(coefficients, dtype="<i2").data, check) & 0xFFFF


def pack_origin(
    height: int,
    width: int,
    hr_size: tuple[int, int],
    scale: int,
    model_id: bytes | None,
    coefficients: np.ndarray,
    tables: np.ndarray,
) -> bytes:
    """The whole segment, for a thumbnail of `height` rows and `width` columns of a photograph of `hr_size`."""
    missing = (height * scale - hr_size[0]) << 4 | (width * scale - hr_size[1])
    fields = struct.pack(">2sBB3s", _MAGIC, _VERSION << 4 | scale, missing, model_id or _UNKNOWN_MODEL)
    check = coefficient_check(fields, height, width, coefficients, tables)
    payload = fields + struct.pack(">H", check)
    return struct.pack(">BBH", 0xFF, APP9, len(payload) + 2) + payload


def find_origin(parts: list[Segment], height: int, width: int) -> Origin | None:
    """What our segment says; None in a file without one, or with one that makes no sense.

    Raises:
        ThumbnailError: when it is one of a later version.
    """
    for payload in _payloads(parts):
        if payload[2] >> 4 > _VERSION:
            raise ThumbnailError("this thumbnail was written by a later version of hyperthumb")
        if payload[2] >> 4 < _VERSION or len(payload) != _PAYLOAD.size:
            return None
        _, first, missing, model_id, check = _PAYLOAD.unpack(payload)
        scale, missing_rows, missing_columns = first & 15, missing >> 4, missing & 15
        if scale not in SCALES or missing_rows >= scale or missing_columns >= scale:
            return None
        return Origin(
            height=height * scale - missing_rows,
            width=width * scale - missing_columns,
            scale=scale,
            model_id=None if model_id == _UNKNOWN_MODEL else model_id,
            check=check,
        )
    return None


def is_intact(parts: list[Segment], height: int, width: int, coefficients: np.ndarray, tables: np.ndarray) -> bool:
    """Whether our segment's check fits what was read from the file that holds it."""
    payload = next(_payloads(parts))
    check = coefficient_check(payload[:-2], height, width, coefficients, tables)
    return payload[-2:] == struct.pack(">H", check)


def _payloads(parts: list[Segment]) -> Iterator[bytes]:
    return (
        part.payload
        for part in parts
        if part.marker == APP9 and part.payload.startswith(_MAGIC) and len(part.payload) > 2
    )

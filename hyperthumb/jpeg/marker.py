"""The marker: an application segment with the photograph's size, the model, and checksums of the picture.

Other programs skip the segment. It has 13 bytes. Version 2 is the one that is written:

    FF E9 | 00 0B | seal (16 bits) | version (2) | scale (2) | missing rows (3) | missing columns (3) | model id (24)
                  | check of the whole blocks (14) | check of everything (8)

- The height of the photograph is `scale` times the height of the file, minus the missing rows (0 to scale - 1). The
  width is computed in the same way. The scale is stored as its logarithm to base 2.
- The model id is the beginning of the SHA-256 of the weights that made the file, or zeros if it is unknown.
- The seal consists of 16 bits of a CRC-32 of the other fields. It distinguishes our marker from other programs'
  segments.
- The checks are bits of CRC-32s of the picture that we wrote. They no longer match after the file was recompressed or
  edited. They still match after a lossless rewrite. After a lossless turn, they match the picture turned back
  (`matching`). The check of the whole blocks omits the partial blocks at the right and lower edges, because programs
  that turn a file may remove them.

Version 1 is still read. It has "HT" in place of the seal, four bits each for scale, missing rows and missing columns,
and one 16-bit check of everything. A segment of another program can look like version 1 by chance.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.limits import SCALES

from .segments import Segment

APP9 = 0xE9
MODEL_ID_BYTES = 3
PAYLOAD_BYTES = 9
MARKER_START = struct.pack(">BBH", 0xFF, APP9, PAYLOAD_BYTES + 2)
_VERSION = 2
_UNKNOWN_MODEL = bytes(MODEL_ID_BYTES)
_SEALED = b"hyperthumb"  # the CRC of the seal starts with these bytes
_MAGIC_1 = b"HT"
_VERSION_1 = 1
_MOST_MARKERS = 4  # that are checked in one file, because each costs a CRC of the whole picture


class Checks(NamedTuple):
    """Checksums of the picture: of its whole 8x8 blocks (0 in version 1), and of everything."""

    whole_blocks: int
    everything: int


class Origin(NamedTuple):
    """The content of a marker.

    Attributes:
        scale: 1, 2, 4 or 8.
        missing_rows: scale times the thumbnail's rows, minus the photograph's rows; 0 to scale - 1.
        missing_columns: the same for columns.
        model_id: 3 bytes; None if unknown.
        version: of the marker. A marker of version 1 may be another program's segment.
        fields: the bytes with which the CRC of the picture starts.
        checks: checksums of the picture.
    """

    scale: int
    missing_rows: int
    missing_columns: int
    model_id: bytes | None
    version: int
    fields: bytes
    checks: Checks

    @property
    def is_sealed(self) -> bool:
        """Whether the marker has a seal, which proves that it is ours."""
        return self.version > _VERSION_1

    def photograph_size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the photograph, given the rows (`height`) and columns (`width`) of the thumbnail."""
        return height * self.scale - self.missing_rows, width * self.scale - self.missing_columns


def check_picture(
    fields: bytes, version: int, coefficients: np.ndarray, tables: np.ndarray, height: int, width: int
) -> Checks:
    """Computes the checksums of a picture.

    Args:
        fields: the marker's fields before the checks.
        version: version of the marker.
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) integers.
        tables: (2, 8, 8) integers in 1..255.
        height: rows of the thumbnail.
        width: columns of the thumbnail.
    """
    if version == _VERSION_1:
        return Checks(0, _check(fields, height, width, tables, coefficients) & 0xFFFF)
    rows, columns = height // 8, width // 8
    whole_blocks = _check(fields, rows, columns, tables, coefficients[:, :rows, :columns])
    everything = zlib.crc32(struct.pack(">HH", height, width), whole_blocks)  # continues, to read the blocks only once
    for edge in (coefficients[:, :rows, columns:], coefficients[:, rows:]):
        everything = zlib.crc32(_bytes_of(edge), everything)
    return Checks(whole_blocks & 0x3FFF, everything & 0xFF)


def pack_origin(
    height: int,
    width: int,
    hr_size: tuple[int, int],
    scale: int,
    model_id: bytes | None,
    coefficients: np.ndarray,
    tables: np.ndarray,
) -> bytes:
    """The marker as bytes, including its header.

    Args:
        height: rows of the thumbnail.
        width: columns of the thumbnail.
        hr_size: rows and columns of the photograph.
        scale: 1, 2, 4 or 8.
        model_id: 3 bytes; None if unknown.
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) integers.
        tables: (2, 8, 8) integers in 1..255.
    """
    fields = _VERSION << 2 | SCALES.index(scale)
    fields = fields << 6 | (height * scale - hr_size[0]) << 3 | (width * scale - hr_size[1])
    fields = fields << 24 | int.from_bytes(model_id or _UNKNOWN_MODEL, "big")
    checks = check_picture(_checked(fields), _VERSION, coefficients, tables, height, width)
    content = (fields << 22 | checks.whole_blocks << 8 | checks.everything).to_bytes(PAYLOAD_BYTES - 2, "big")
    return MARKER_START + _seal(content) + content


def find_origins(parts: Iterable[Segment]) -> list[Origin]:
    """The markers of a file, without duplicates; at most four.

    Raises:
        ThumbnailError: if a marker has a later version.
    """
    payloads = [part.payload for part in parts if part.marker == APP9 and len(part.payload) == PAYLOAD_BYTES]
    origins = (_parse_sealed(p[2:]) if p[:2] == _seal(p[2:]) else _parse_version_1(p) for p in dict.fromkeys(payloads))
    return [origin for origin in origins if origin is not None][:_MOST_MARKERS]


def _parse_sealed(content: bytes) -> Origin | None:
    number = int.from_bytes(content, "big")
    fields, checks = number >> 22, Checks(number >> 8 & 0x3FFF, number & 0xFF)
    version, scale = fields >> 32, SCALES[fields >> 30 & 3]
    if version > _VERSION:
        raise ThumbnailError("this thumbnail was written by a later version of hyperthumb; update hyperthumb")
    missing_rows, missing_columns = fields >> 27 & 7, fields >> 24 & 7
    if version < _VERSION or missing_rows >= scale or missing_columns >= scale:
        return None
    model_id = (fields & 0xFFFFFF).to_bytes(MODEL_ID_BYTES, "big")
    return Origin(scale, missing_rows, missing_columns, _known(model_id), version, _checked(fields), checks)


def _parse_version_1(payload: bytes) -> Origin | None:
    magic, first, missing, model_id, check = struct.unpack(">2sBB3sH", payload)
    scale, missing_rows, missing_columns = first & 15, missing >> 4, missing & 15
    if magic != _MAGIC_1 or first >> 4 != _VERSION_1:
        return None
    if scale not in SCALES or missing_rows >= scale or missing_columns >= scale:
        return None
    return Origin(scale, missing_rows, missing_columns, _known(model_id), _VERSION_1, payload[:-2], Checks(0, check))


def _known(model_id: bytes) -> bytes | None:
    return None if model_id == _UNKNOWN_MODEL else model_id


def _checked(fields: int) -> bytes:
    """The 34 bits of the fields as bytes for the CRC of the picture."""
    return fields.to_bytes(5, "big")


def _seal(content: bytes) -> bytes:
    return struct.pack(">H", zlib.crc32(content, zlib.crc32(_SEALED)) & 0xFFFF)


def _check(fields: bytes, height: int, width: int, tables: np.ndarray, coefficients: np.ndarray) -> int:
    check = zlib.crc32(fields + struct.pack(">HH", height, width))
    check = zlib.crc32(np.ascontiguousarray(tables, dtype=np.uint8).data, check)
    return zlib.crc32(_bytes_of(coefficients), check)


def _bytes_of(coefficients: np.ndarray) -> memoryview | bytes:
    return np.ascontiguousarray(coefficients, dtype="<i2").data if coefficients.size else b""

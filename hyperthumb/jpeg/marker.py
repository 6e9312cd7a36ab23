"""What an ordinary JPEG cannot say: the photograph that the thumbnail restores to, and whether it is still the same.

It travels in an application segment that every other program skips, 13 bytes in all. Version 2, which is written:

    FF E9 | 00 0B | seal (16 bits) | version (2) | scale (2) | missing rows (3) | missing columns (3) | model id (24)
                  | check of the whole blocks (14) | check of everything (8)

The photograph has `scale` (stored as its logarithm) times the file's height, less the missing rows (0 to scale - 1),
and so for columns. The model id is the beginning of the SHA-256 of the weights that made the file; zeros if it is not
known.

The seal is a CRC-32 of the other fields, so that no other program's segment is taken for ours. The checks are CRC-32s
of the picture that we wrote: a file that was recompressed or edited after we wrote it no longer fits, one that was
losslessly rewritten still does, and one that was losslessly turned fits after it is turned back (`matching`). The check
of the whole blocks leaves out the partial blocks at the right and lower edges, which programs that turn a file may cut
off.

Version 1, which is still read, has "HT" in place of the seal, four bits for each of scale, missing rows and missing
columns, and one check of 16 bits of everything. A segment of another program can look like that by chance.
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
_SEALED = b"hyperthumb"  # what the seal starts with
_MAGIC_1 = b"HT"
_VERSION_1 = 1
_MOST_MARKERS = 4  # looked at in one file: each costs checks of the whole picture


class Checks(NamedTuple):
    """Bits that change with the picture: `whole_blocks` (0 in version 1) and `everything`."""

    whole_blocks: int
    everything: int


class Origin(NamedTuple):
    """What a marker says.

    Attributes:
        scale: of the photograph to the thumbnail.
        missing_rows: what the photograph lacks of scale times the thumbnail's rows.
        missing_columns: the same of columns.
        model_id: 3 bytes, or None.
        version: of the marker. Only from 2 on it is certain that the marker is ours.
        fields: the bytes that the checks start with.
        checks: of the picture.
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
        """Whether the marker itself proves that it is ours."""
        return self.version > _VERSION_1

    def photograph_size(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the photograph of a thumbnail of `height` rows and `width` columns."""
        return height * self.scale - self.missing_rows, width * self.scale - self.missing_columns


def check_picture(
    fields: bytes, version: int, coefficients: np.ndarray, tables: np.ndarray, height: int, width: int
) -> Checks:
    """The checks of a picture.

    Args:
        fields: the marker's fields before the checks.
        version: of the marker.
        coefficients: (3, ceil(height/8), ceil(width/8), 8, 8) integers.
        tables: (2, 8, 8) integers in 1..255.
        height: of the thumbnail.
        width: of the thumbnail.
    """
    if version == _VERSION_1:
        return Checks(0, _check(fields, height, width, tables, coefficients) & 0xFFFF)
    rows, columns = height // 8, width // 8
    whole_blocks = _check(fields, rows, columns, tables, coefficients[:, :rows, :columns])
    everything = zlib.crc32(struct.pack(">HH", height, width), whole_blocks)  # goes on: the blocks are read but once
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
    """The whole segment, for a thumbnail of `height` rows and `width` columns of a photograph of `hr_size`."""
    fields = _VERSION << 2 | SCALES.index(scale)
    fields = fields << 6 | (height * scale - hr_size[0]) << 3 | (width * scale - hr_size[1])
    fields = fields << 24 | int.from_bytes(model_id or _UNKNOWN_MODEL, "big")
    checks = check_picture(_checked(fields), _VERSION, coefficients, tables, height, width)
    content = (fields << 22 | checks.whole_blocks << 8 | checks.everything).to_bytes(PAYLOAD_BYTES - 2, "big")
    return MARKER_START + _seal(content) + content


def find_origins(parts: Iterable[Segment]) -> list[Origin]:
    """What each marker of a file says, equal ones once; none in a file without one.

    Raises:
        ThumbnailError: when a marker is of a later version.
    """
    payloads = [part.payload for part in parts if part.marker == APP9 and len(part.payload) == PAYLOAD_BYTES]
    origins = (_parse_sealed(p[2:]) if p[:2] == _seal(p[2:]) else _parse_version_1(p) for p in dict.fromkeys(payloads))
    return [origin for origin in origins if origin is not None][:_MOST_MARKERS]


def _parse_sealed(content: bytes) -> Origin | None:
    number = int.from_bytes(content, "big")
    fields, checks = number >> 22, Checks(number >> 8 & 0x3FFF, number & 0xFF)
    version, scale = fields >> 32, SCALES[fields >> 30 & 3]
    if version > _VERSION:
        raise ThumbnailError("this thumbnail was written by a later version of hyperthumb; install that to restore it")
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
    """The fields, 34 bits, as the checks take them."""
    return fields.to_bytes(5, "big")


def _seal(content: bytes) -> bytes:
    return struct.pack(">H", zlib.crc32(content, zlib.crc32(_SEALED)) & 0xFFFF)


def _check(fields: bytes, height: int, width: int, tables: np.ndarray, coefficients: np.ndarray) -> int:
    check = zlib.crc32(fields + struct.pack(">HH", height, width))
    check = zlib.crc32(np.ascontiguousarray(tables, dtype=np.uint8).data, check)
    return zlib.crc32(_bytes_of(coefficients), check)


def _bytes_of(coefficients: np.ndarray) -> memoryview | bytes:
    return np.ascontiguousarray(coefficients, dtype="<i2").data if coefficients.size else b""

"""Writes PNG files several times as fast as Pillow, in strips that are compressed side by side.

Every row is stored as differences from the pixel to the left (filter Sub), and deflate looks for runs only (Z_RLE). On
photographs that costs a fifth to a third of Pillow's time, and files are about as large (docs/runtime.md). Clause
numbers refer to the PNG specification, third edition.
"""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = bytes([8, 2, 0, 0, 0])  # 8 bits, RGB, deflate, the five filters, not interlaced (11.2.1)
_ZLIB_HEADER = b"\x78\x01"
_SUB = 1
_STRIP_BYTES = 2**21
_ADLER_BASE = 65521


class _Strip(NamedTuple):
    """Deflated rows that end at a byte, the Adler-32 checksum of the rows, and their number of bytes."""

    deflated: bytes
    checksum: int
    size: int


def write_png(pixels: np.ndarray, icc: bytes | None = None, exif: bytes | None = None) -> bytes:
    """The bytes of a PNG file.

    Args:
        pixels: uint8 (H, W, 3) RGB, at least one pixel.
        icc: a color profile to put into the file.
        exif: EXIF data to put into the file, without a prefix.
    """
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels).reshape(height, 3 * width)
    count = max(_STRIP_BYTES // (3 * width), 1)

    def strip(first: int) -> _Strip:
        return _deflate(rows[first : first + count], is_last=first + count >= height)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        strips = list(pool.map(strip, range(0, height, count)))
    checksum = 1
    for each in strips:
        checksum = _join(checksum, each.checksum, each.size)
    parts = [_SIGNATURE, _chunk(b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + _HEADER_END)]
    if icc:
        parts.append(_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc)))
    if exif:
        parts.append(_chunk(b"eXIf", exif))
    parts.append(_chunk(b"IDAT", _ZLIB_HEADER))
    parts += [_chunk(b"IDAT", each.deflated) for each in strips]
    parts += [_chunk(b"IDAT", checksum.to_bytes(4, "big")), _chunk(b"IEND", b"")]
    return b"".join(parts)


def _deflate(rows: np.ndarray, is_last: bool) -> _Strip:
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _SUB
    filtered[:, 1:4] = rows[:, :3]
    np.subtract(rows[:, 3:], rows[:, :-3], out=filtered[:, 4:])  # modulo 256 (9.2)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    deflated = packer.compress(filtered.data) + packer.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH)
    return _Strip(deflated, zlib.adler32(filtered.data), filtered.size)


def _join(first: int, second: int, size: int) -> int:
    """The Adler-32 checksum (RFC 1950, 8.2) of two parts, from those of each; `size` is the second's bytes."""
    low = (first & 0xFFFF) + (second & 0xFFFF) - 1
    high = (first >> 16) + (second >> 16) + size * ((first & 0xFFFF) - 1)
    return high % _ADLER_BASE << 16 | low % _ADLER_BASE


def _chunk(name: bytes, content: bytes) -> bytes:
    """A chunk (5.3): length, name, content and checksum."""
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(content, zlib.crc32(name)).to_bytes(4, "big")

"""PNG files with chunks that no library writes."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image


def chunk(name: bytes, content: bytes, damaged: bool = False) -> bytes:
    """A chunk; a damaged one has a wrong checksum."""
    check = zlib.crc32(name + content) ^ damaged
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def with_chunks(pixels: np.ndarray, before: bytes = b"", after: bytes = b"") -> bytes:
    """A PNG of these pixels with further chunks before and after the pixel data."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    data = buffer.getvalue()
    first, last = data.index(b"IDAT") - 4, data.rindex(b"IEND") - 4
    return data[:first] + before + data[first:last] + after + data[last:]


def ztxt(text: bytes, keyword: bytes = b"Comment") -> bytes:
    return chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(text))


def itxt(text: bytes, keyword: bytes = b"Comment", compressed: bool = False) -> bytes:
    head = keyword + (b"\0\1\0" if compressed else b"\0\0\0") + b"de\0Kommentar\0"
    return chunk(b"iTXt", head + (zlib.compress(text) if compressed else text))

"""Explains why a file cannot be read as a picture."""

from __future__ import annotations

from typing import IO

from PIL import Image

from hyperthumb.base.quiet import quietly

from .tiff import read_directory, read_layout, unpack_at

_CONVERT = "convert it to PNG, JPEG, WebP, TIFF or BMP"
_BITS_PER_SAMPLE = 258
_READ_BITS = (1, 2, 4, 8, 16)
_JPEG_XL = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"  # ISO/IEC 18181: a bare codestream, and a file
_ISO_FILE, _BRAND = slice(4, 8), slice(8, 12)  # ISO/IEC 14496-12: the first box, "ftyp", names the format


def explain_unread(file: IO[bytes]) -> str:
    """Says why no decoder accepts a file and what to do, as the end of a sentence."""
    file.seek(0)
    if not file.read(1):
        return "the file is empty"
    layout = read_layout(file)
    if layout is not None:
        directory = read_directory(file, layout, layout.first)
        entry = directory and directory.find(_BITS_PER_SAMPLE)
        bits = unpack_at(file, f"{layout.order}H", entry.value_place)[0] if entry else 1
        if bits not in _READ_BITS:
            return f"TIFF pictures of {bits} bits per sample are not supported; convert it to 8 or 16 bits"
        return "this TIFF picture is damaged or of an unsupported kind; save it again as an ordinary TIFF"
    name = _known_to_pillow(file)
    file.seek(0)
    head = file.read(12)
    if name is None and head.startswith(_JPEG_XL):
        name = "JPEG XL"
    elif name is None and head[_ISO_FILE] == b"ftyp":
        name = "AVIF" if head[_BRAND] in (b"avif", b"avis") else "HEIF"
    return f"{name} pictures are not supported; {_CONVERT}" if name else "it is not a picture, or its header is damaged"


def _known_to_pillow(file: IO[bytes]) -> str | None:
    """Pillow's name for a format that is not supported here. The pixels are not decoded."""
    file.seek(0)
    try:
        with quietly():
            return Image.open(file).format
    except Exception:  # Pillow's plugins raise exceptions of many types
        return None

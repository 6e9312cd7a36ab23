"""Splits PNG files into chunks: Pillow gets those that the pixels need, and this module reads the others.

Pillow refuses a whole picture because of a text of more than a megabyte or a damaged comment. The pixels need neither,
so Pillow does not get such chunks. Clause numbers refer to the PNG specification, third edition.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

from hyperthumb.base.errors import CorruptImageError

MAX_TEXT = 2**20
"""The most bytes of text that are decompressed per file; a compressed kilobyte can hold a megabyte."""

MAX_PROFILE = 2**24
"""The most bytes of a color profile; a JPEG file can hold about as many."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TRANSPARENCY = b"tRNS"  # the only ancillary chunk that the pixels need
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_READ = (*_TEXTS, b"iCCP", b"eXIf", b"acTL", b"cICP", b"sRGB", b"gAMA", b"cHRM")
_XMP, _EXIF_AS_TEXT = b"XML:com.adobe.xmp", b"Raw profile type exif"  # the latter is ImageMagick's, older than eXIf
_NO_PIXELS = bytes(4) + b"IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big")


class Png(NamedTuple):
    """The content of a PNG file.

    Attributes:
        pixels: a PNG file with only the chunks that the pixels need.
        depth: bits per sample, 1 to 16.
        profile: the color profile, possibly damaged.
        exif: EXIF data, possibly damaged.
        xmp: the XMP packet, cut after MAX_TEXT bytes.
        frames: the number of pictures in an animation; 1 for an ordinary picture.
        colors: the chunks cICP, sRGB, gAMA and cHRM that the file has, by name.
        notes: sentences about chunks that were ignored.
    """

    pixels: bytes
    depth: int
    profile: bytes | None
    exif: bytes | None
    xmp: bytes | None
    frames: int
    colors: dict[str, bytes]
    notes: tuple[str, ...]


def is_png(file: IO[bytes]) -> bool:
    """Whether a file begins with the PNG signature. The file's position changes."""
    file.seek(0)
    return file.read(len(_SIGNATURE)) == _SIGNATURE


def read_png(file: IO[bytes], label: str, with_pixels: bool = True) -> Png:
    """Splits a PNG file into its parts without decoding the pixels.

    Args:
        file: a file that begins with the PNG signature.
        label: the file's name, for messages.
        with_pixels: False skips the pixel data. Damage there is not detected, and `pixels` holds only a header.

    Raises:
        CorruptImageError: when the file is truncated, or a chunk that the pixels need is damaged.
    """
    kept, found, damaged = [_SIGNATURE], dict[bytes, list[bytes]](), set[bytes]()
    for name, place, size in _chunks(file, label):
        if name == b"IDAT" and not with_pixels:
            kept += [] if kept[-1] is _NO_PIXELS else [_NO_PIXELS]
            continue
        needed = name[:1].isupper() or name == _TRANSPARENCY  # a capital marks a critical chunk (5.4)
        if not (needed or with_pixels or name in _READ):
            continue
        file.seek(place)
        chunk = file.read(size)
        whole = len(chunk) == size and zlib.crc32(memoryview(chunk)[4:-4]) == int.from_bytes(chunk[-4:], "big")
        if needed and not whole:
            raise CorruptImageError(f"{label}: the picture is damaged (in its {name.decode()} chunk)")
        if needed:
            kept.append(chunk)
        elif not whole:
            damaged.add(name)
        elif name in _READ:
            found.setdefault(name, []).append(chunk[8:-4])
    if len(kept) < 2 or kept[1][:8] != b"\0\0\0\rIHDR":
        raise CorruptImageError(f"{label}: the picture is damaged (it does not begin with its header)")
    return Png(
        pixels=b"".join(kept),
        depth=kept[1][16],
        profile=b"" if b"iCCP" in damaged else _profile(found.get(b"iCCP", [])),
        exif=b"damaged" if b"eXIf" in damaged else _exif(found),
        xmp=_find_text(found, _XMP),
        frames=max([1, *(int.from_bytes(content[:4], "big") for content in found.get(b"acTL", []))]),
        colors={name.decode(): found[name][0] for name in (b"cICP", b"sRGB", b"gAMA", b"cHRM") if name in found},
        notes=tuple(_notes(found, damaged)),
    )


def _chunks(file: IO[bytes], label: str) -> Iterator[tuple[bytes, int, int]]:
    """Yields name, position and size of every chunk (5.3). The size includes length, name and checksum, 12 bytes."""
    place, name = len(_SIGNATURE), b""
    while name != b"IEND":
        file.seek(place)
        header = file.read(8)
        name = header[4:]
        if len(header) < 8:
            raise CorruptImageError(f"{label}: the picture is damaged (its end is missing)")
        if not name.isalpha():
            raise CorruptImageError(f"{label}: the picture is damaged (no valid chunk at byte {place})")
        size = int.from_bytes(header[:4], "big") + 12
        yield name, place, size
        place += size


def _profile(contents: list[bytes]) -> bytes | None:
    """The profile (11.3.2.3), which follows its name and the compression method."""
    return _inflate(contents[0].partition(b"\0")[2][1:], MAX_PROFILE) if contents else None


def _exif(found: dict[bytes, list[bytes]]) -> bytes | None:
    if b"eXIf" in found:
        return found[b"eXIf"][0]
    text = _find_text(found, _EXIF_AS_TEXT)
    if text is None:
        return None
    try:  # the digits follow an empty line, a name and a length
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode())
    except ValueError:
        return text  # damaged; reading the EXIF data will report it


def _find_text(found: dict[bytes, list[bytes]], keyword: bytes) -> bytes | None:
    for name in _TEXTS:
        for content in found.get(name, []):
            if content.startswith(keyword + b"\0"):
                return _text(name, content, MAX_TEXT)
    return None


def _text(name: bytes, content: bytes, limit: int) -> bytes:
    """The text of a chunk (11.3.3) without its keyword, at most `limit` bytes."""
    rest = content.partition(b"\0")[2]
    if name == b"tEXt":
        return rest[:limit]
    if name == b"zTXt":
        return _inflate(rest[1:], limit)
    text = rest[2:].split(b"\0", 2)[-1]  # after the language and the translated keyword
    return _inflate(text, limit) if rest[:1] == b"\1" else text[:limit]


def _inflate(data: bytes, limit: int) -> bytes:
    """Decompresses at most `limit` bytes of a zlib stream; returns nothing if it is damaged."""
    try:
        return zlib.decompressobj().decompress(data, limit)
    except zlib.error:
        return b""


def _notes(found: dict[bytes, list[bytes]], damaged: set[bytes]) -> Iterable[str]:
    unnamed = sorted(name.decode() for name in damaged - {b"iCCP", b"eXIf"})  # the caller reports these two
    if unnamed:
        more = ", ..." if len(unnamed) > 4 else ""
        yield f"damaged chunks that the pixels do not need were ignored ({', '.join(unnamed[:4])}{more})"
    left = MAX_TEXT
    for name in _TEXTS:
        for content in found.get(name, []):
            left -= len(_text(name, content, left + 1))
            if left < 0:
                yield f"its text of more than {MAX_TEXT:,} bytes was ignored ({name.decode()})"
                return

"""The chunks of PNG files: those that the pixels need are for Pillow, the others are read here.

Pillow refuses a whole picture for a text of more than a megabyte, and for a damaged comment. The pixels need neither,
so it never sees such chunks. Clauses are those of the PNG specification, third edition.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

from hyperthumb.base.errors import CorruptImageError

MAX_TEXT = 2**20
"""Bytes of text that are unpacked of one file; a kilobyte can be the beginning of a megabyte."""

MAX_PROFILE = 2**24
"""Bytes of a color profile: about what a JPEG file can hold."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TRANSPARENCY = b"tRNS"  # of the chunks that a decoder may skip, the one that changes what is seen
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_READ = (*_TEXTS, b"iCCP", b"eXIf", b"acTL", b"cICP", b"sRGB", b"gAMA", b"cHRM")
_XMP, _EXIF_AS_TEXT = b"XML:com.adobe.xmp", b"Raw profile type exif"  # the latter is ImageMagick's, older than eXIf
_NO_PIXELS = bytes(4) + b"IDAT" + zlib.crc32(b"IDAT").to_bytes(4, "big")


class Png(NamedTuple):
    """What a PNG file holds.

    Attributes:
        pixels: a PNG file of the chunks that the pixels need, and no others.
        depth: bits of a sample, 1 to 16.
        profile: the color profile, damaged or whole.
        exif: EXIF data, damaged or whole.
        xmp: the XMP packet; of a long one, its beginning.
        frames: how many pictures an animation has; 1 for an ordinary picture.
        colors: the chunks cICP, sRGB, gAMA and cHRM, as far as there are any, by name: what the samples mean.
        notes: sentences about what was passed over.
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
    """Whether a file begins as a PNG does; its position is not kept."""
    file.seek(0)
    return file.read(len(_SIGNATURE)) == _SIGNATURE


def read_png(file: IO[bytes], label: str, with_pixels: bool = True) -> Png:
    """Takes a PNG file apart without decoding it.

    Args:
        file: one that begins as a PNG does.
        label: the file's name, for messages.
        with_pixels: False skips what is long. Damage there is not noticed, and `pixels` has a header but no pixels.

    Raises:
        CorruptImageError: for a file that is cut off, and for damage in a chunk that the pixels need.
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
            raise CorruptImageError(f"{label}: the picture is damaged (its {name.decode()} chunk is)")
        if needed:
            kept.append(chunk)
        elif not whole:
            damaged.add(name)
        elif name in _READ:
            found.setdefault(name, []).append(chunk[8:-4])
    return Png(
        pixels=b"".join(kept),
        depth=_depth(kept, label),
        profile=b"" if b"iCCP" in damaged else _profile(found.get(b"iCCP", [])),
        exif=b"damaged" if b"eXIf" in damaged else _exif(found),
        xmp=_find_text(found, _XMP),
        frames=max([1, *(int.from_bytes(content[:4], "big") for content in found.get(b"acTL", []))]),
        colors={name.decode(): found[name][0] for name in (b"cICP", b"sRGB", b"gAMA", b"cHRM") if name in found},
        notes=tuple(_notes(found, damaged)),
    )


def _chunks(file: IO[bytes], label: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and size of every chunk (5.3): length, name and checksum, of four bytes each, are part of it."""
    place, name = len(_SIGNATURE), b""
    while name != b"IEND":
        file.seek(place)
        header = file.read(8)
        name = header[4:]
        if len(header) < 8:
            raise CorruptImageError(f"{label}: the picture is damaged (its end is missing)")
        if not name.isalpha():
            raise CorruptImageError(f"{label}: the picture is damaged (there is no chunk at byte {place})")
        size = int.from_bytes(header[:4], "big") + 12
        yield name, place, size
        place += size


def _depth(kept: list[bytes], label: str) -> int:
    if len(kept) < 2 or kept[1][:8] != b"\0\0\0\rIHDR":
        raise CorruptImageError(f"{label}: the picture is damaged (it does not begin with its header)")
    return kept[1][16]


def _profile(contents: list[bytes]) -> bytes | None:
    """The profile (11.3.2.3) behind its name and the number of the method, which is always the same."""
    return _inflate(contents[0].partition(b"\0")[2][1:], MAX_PROFILE) if contents else None


def _exif(found: dict[bytes, list[bytes]]) -> bytes | None:
    if b"eXIf" in found:
        return found[b"eXIf"][0]
    text = _find_text(found, _EXIF_AS_TEXT)
    if text is None:
        return None
    try:  # an empty line, a name and a length come before the digits
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode())
    except ValueError:
        return text  # damaged, as it will turn out


def _find_text(found: dict[bytes, list[bytes]], keyword: bytes) -> bytes | None:
    for name in _TEXTS:
        for content in found.get(name, []):
            if content.startswith(keyword + b"\0"):
                return _text(name, content, MAX_TEXT)
    return None


def _text(name: bytes, content: bytes, limit: int) -> bytes:
    """The text of a chunk (11.3.3) without its keyword, the first so many bytes."""
    rest = content.partition(b"\0")[2]
    if name == b"tEXt":
        return rest[:limit]
    if name == b"zTXt":
        return _inflate(rest[1:], limit)
    text = rest[2:].split(b"\0", 2)[-1]  # behind the language and the keyword in that language
    return _inflate(text, limit) if rest[:1] == b"\1" else text[:limit]


def _inflate(data: bytes, limit: int) -> bytes:
    """The first so many bytes of a zlib stream; none of a damaged one."""
    try:
        return zlib.decompressobj().decompress(data, limit)
    except zlib.error:
        return b""


def _notes(found: dict[bytes, list[bytes]], damaged: set[bytes]) -> Iterable[str]:
    unnamed = sorted(name.decode() for name in damaged - {b"iCCP", b"eXIf"})  # which the caller names
    if unnamed:
        more = ", ..." if len(unnamed) > 4 else ""
        yield f"damaged chunks that the pixels do not need were passed over ({', '.join(unnamed[:4])}{more})"
    left = MAX_TEXT
    for name in _TEXTS:
        for content in found.get(name, []):
            left -= len(_text(name, content, left + 1))
            if left < 0:
                yield f"its text of more than {MAX_TEXT:,} bytes was passed over ({name.decode()})"
                return

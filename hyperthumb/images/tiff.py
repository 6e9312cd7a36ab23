"""Directories of TIFF files and EXIF data (TIFF 6.0, section 2; BigTIFF), and a fix for min-is-white pictures."""

from __future__ import annotations

import io
import struct
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MAX_ENTRIES = 0xFFFF  # the limit of a plain TIFF's directory; a hostile BigTIFF could declare 2**64
_NEW_SUBFILE_TYPE = 254
_BITS_PER_SAMPLE, _SAMPLES_PER_PIXEL = 258, 277
_PHOTOMETRIC, _MIN_IS_WHITE, _MIN_IS_BLACK = 262, 0, 1
_PLANAR, _TOGETHER, _APART = 284, 1, 2


class Layout(NamedTuple):
    """The position of the first directory, and the number formats of a file for `struct`.

    `order` is "<" or ">". Offsets and numbers of values have `offset_format` ("I", or "Q" in a BigTIFF), a directory's
    number of entries has `count_format` ("H", or "Q" in a BigTIFF).
    """

    order: str
    offset_format: str
    count_format: str
    first: int


class Entry(NamedTuple):
    """An entry of a directory: positions in the file, and the size of its value in bytes (0 for an unknown type)."""

    tag: int
    place: int
    value_place: int
    value_size: int


class Directory(NamedTuple):
    """A complete directory: its position, its entries, and the position of the next directory's offset."""

    place: int
    entries: tuple[Entry, ...]
    next_place: int

    def find(self, tag: int) -> Entry | None:
        """The first entry with this tag, or None."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


def read_layout(file: IO[bytes]) -> Layout | None:
    """Reads the header of a TIFF file or of EXIF data; returns None for other files."""
    file.seek(0)
    head = file.read(16).ljust(16, b"\0")
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None:
        return None
    (version,) = struct.unpack_from(f"{order}H", head, 2)
    if version == 42:
        return Layout(order, "I", "H", *struct.unpack_from(f"{order}I", head, 4))
    if version == 43:
        return Layout(order, "Q", "Q", *struct.unpack_from(f"{order}Q", head, 8))
    return None


def read_directory(file: IO[bytes], layout: Layout, place: int) -> Directory | None:
    """Reads the directory at a position of the file; returns None if it is not completely there."""
    count_size, offset_size = struct.calcsize(layout.count_format), struct.calcsize(layout.offset_format)
    entry_size = 4 + 2 * offset_size
    size = file.seek(0, io.SEEK_END)
    if place + count_size > size:
        return None
    (count,) = unpack_at(file, layout.order + layout.count_format, place)
    start = place + count_size
    if count > _MAX_ENTRIES or start + count * entry_size + offset_size > size:
        return None
    file.seek(start)
    packed, entries = file.read(count * entry_size), []
    for number in range(count):
        at = number * entry_size
        tag, kind, length, offset = struct.unpack_from(f"{layout.order}HH{layout.offset_format * 2}", packed, at)
        value_size = _SIZES.get(kind, 0) * length
        inline = start + at + 4 + offset_size
        entries.append(Entry(tag, start + at, inline if value_size <= offset_size else offset, value_size))
    return Directory(place, tuple(entries), start + count * entry_size)


def unpack_at(file: IO[bytes], format_: str, place: int) -> tuple[int, ...]:
    """Unpacks the numbers at a position of a file with a format of `struct`."""
    file.seek(place)
    return struct.unpack(format_, file.read(struct.calcsize(format_)))


def count_pictures(file: IO[bytes]) -> int:
    """The number of pictures in a TIFF file, without the smaller copies that programs add (NewSubfileType, bit 0)."""
    layout = read_layout(file)
    places, count = set[int](), 0
    place = layout.first if layout else 0
    while layout and place and place not in places:
        places.add(place)
        directory = read_directory(file, layout, place)
        if directory is None:
            break
        kind = directory.find(_NEW_SUBFILE_TYPE)
        is_copy = kind and kind.value_size == 4 and unpack_at(file, f"{layout.order}I", kind.value_place)[0] & 1
        count += not is_copy
        (place,) = unpack_at(file, layout.order + layout.offset_format, directory.next_place)
    return count


class Readable(NamedTuple):
    """A picture file for Pillow, perhaps with another header, and whether its decoded samples are to be inverted."""

    file: IO[bytes]
    is_negative: bool


def as_pillow_reads(file: IO[bytes]) -> Readable:
    """A file of which Pillow reads the samples rightly. They stay as they are; the header of a TIFF may change.

    Pillow reads min-is-white pictures of up to 8 bits as positives, those of 16 bits as negatives in one byte order and
    not at all in the other. With min-is-black in the header it reads all of them alike, and the caller inverts them.
    It also misreads uncompressed pictures of one plane that say that their planes are stored apart.

    The file keeps its position.
    """
    start = file.tell()
    layout = read_layout(file)
    directory = layout and read_directory(file, layout, layout.first)
    if not layout or not directory:
        file.seek(start)
        return Readable(file, False)
    number = f"{layout.order}H"
    shorts = {
        entry.tag: (entry.value_place, unpack_at(file, number, entry.value_place)[0])
        for entry in map(directory.find, (_PHOTOMETRIC, _SAMPLES_PER_PIXEL, _PLANAR))
        if entry and entry.value_size == struct.calcsize(number)
    }
    values = {tag: value for tag, (_, value) in shorts.items()}
    changes = {_PHOTOMETRIC: _MIN_IS_BLACK} if values.get(_PHOTOMETRIC) == _MIN_IS_WHITE else {}
    if values.get(_PLANAR) == _APART and values.get(_SAMPLES_PER_PIXEL, 1) == 1:
        changes[_PLANAR] = _TOGETHER
    if changes:
        file.seek(0)
        copy = io.BytesIO(file.read())
        for tag, value in changes.items():
            struct.pack_into(number, copy.getbuffer(), shorts[tag][0], value)
    file.seek(start)
    return Readable(copy if changes else file, _PHOTOMETRIC in changes)


def correct_planes(image: TiffImageFile) -> bool:
    """Tells Pillow that uncompressed planes of 16-bit samples, which it takes for planes of 8 bits, have 16.

    Args:
        image: Pillow's, of a TIFF that is not decoded yet; its list of tiles may change.

    Returns:
        False where Pillow has no way to read such planes.
    """
    tags: Any = image.tag_v2
    tiles: list[Any] = image.tile
    is_deep = max(tags.get(_BITS_PER_SAMPLE, (1,))) == 16
    if tags.get(_PLANAR) != _APART or any(tile.codec_name != "raw" for tile in tiles):
        return True
    if image.mode not in ("RGB", "RGBA") or not is_deep:
        return image.mode != "LA" and not is_deep
    order = {b"II": "L", b"MM": "B"}[tags.prefix]
    image.tile = [tile._replace(args=(f"{tile.args[0]};16{order}", *tile.args[1:])) for tile in tiles]
    return True

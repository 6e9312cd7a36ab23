"""The directories of TIFF files and EXIF data (TIFF 6.0, section 2; BigTIFF), and the pictures that Pillow misreads."""

from __future__ import annotations

import io
import struct
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_MAX_ENTRIES = 0xFFFF  # of a plain TIFF's directory; a hostile BigTIFF could declare 2**64
_NEW_SUBFILE_TYPE = 254
_BITS_PER_SAMPLE, _SAMPLES_PER_PIXEL = 258, 277
_PHOTOMETRIC, _MIN_IS_WHITE, _MIN_IS_BLACK = 262, 0, 1
_PLANAR, _TOGETHER, _APART = 284, 1, 2


class Layout(NamedTuple):
    """How a file is written.

    Attributes:
        order: "<" for little-endian, ">" for big-endian, as `struct` has it.
        offset_format: of an offset, and of a number of values: "I", in a BigTIFF "Q".
        count_format: of a directory's number of entries: "H", in a BigTIFF "Q".
        first: where the first directory stands.
    """

    order: str
    offset_format: str
    count_format: str
    first: int


class Entry(NamedTuple):
    """An entry of a directory.

    Attributes:
        tag: what it is.
        place: where the entry stands in the file.
        value_place: where its value stands in the file.
        value_size: of all of the value, in bytes; 0 for a type that is not known.
    """

    tag: int
    place: int
    value_place: int
    value_size: int


class Directory(NamedTuple):
    """A directory that lies whole in the file: its entries, and where the offset of the next one stands."""

    place: int
    entries: tuple[Entry, ...]
    next_place: int

    def find(self, tag: int) -> Entry | None:
        """The first entry of a tag."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


def read_layout(file: IO[bytes]) -> Layout | None:
    """The header of a TIFF file or of EXIF data; None for anything else."""
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
    """The directory at a place of a file; None where there is none, or not all of it."""
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
    """The numbers at a place of a file, by a format of `struct`."""
    file.seek(place)
    return struct.unpack(format_, file.read(struct.calcsize(format_)))


def count_pictures(file: IO[bytes]) -> int:
    """How many pictures a TIFF file holds, without the smaller copies that programs add (NewSubfileType, bit 0)."""
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
    """A picture file for Pillow.

    Attributes:
        file: the file, or a copy of it in memory with another header.
        is_negative: whether the samples, once decoded, are to be inverted.
    """

    file: IO[bytes]
    is_negative: bool


def as_pillow_reads(file: IO[bytes]) -> Readable:
    """A file of which Pillow reads the samples rightly. They stay as they are; the header of a TIFF may change.

    Pillow reads min-is-white pictures of up to 8 bits as positives, those of 16 bits as negatives in one byte order and
    not at all in the other. With min-is-black in the header it reads all of them alike, and the caller inverts them.
    It also misreads uncompressed pictures of one plane that say that their planes are stored apart.

    Args:
        file: any file, at any position; it keeps its position.
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

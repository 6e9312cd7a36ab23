"""EXIF data of pictures (Exif 3.0): reads the orientation, and selects the data that a thumbnail keeps.

EXIF data without their prefix are a small TIFF file. The selected data never contain an orientation, because pictures
are turned upright when they are read.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import Literal, NamedTuple

from PIL import Image
from PIL.ExifTags import IFD, Base

from .tiff import Directory, Entry, Layout, read_directory, read_layout, unpack_at

ExifChoice = Literal["none", "basic", "all"]
"""basic: date, camera and lens, but no place, serial number or name. all: everything except the orientation."""

PREFIX = b"Exif\0\0"

# A time zone narrows down the place. A serial number, a maker note or a comment can identify the photographer.
_BASIC = (Base.Make, Base.Model, Base.DateTime)
_BASIC_OF_PHOTO = (
    Base.DateTimeOriginal, Base.DateTimeDigitized, Base.SubsecTime, Base.SubsecTimeOriginal, Base.SubsecTimeDigitized,
    Base.LensSpecification, Base.LensMake, Base.LensModel,
)  # fmt: skip
# The tags of a TIFF file's own directory that describe the photograph rather than how its samples are stored.
_DESCRIPTIVE = (
    *_BASIC, Base.ImageDescription, Base.Software, Base.HostComputer, Base.Artist, Base.Copyright, Base.Rating,
    Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject,
)  # fmt: skip
_INTEROPERABILITY_INDEX = 1
_POINTERS = (IFD.Exif, IFD.GPSInfo, IFD.Interop)  # to directories within the data


class Exif(NamedTuple):
    """The EXIF data that are kept, without a prefix, and whether the picture has EXIF data that cannot be read."""

    data: bytes | None
    damaged: bool = False


def read_orientation(image: Image.Image) -> int | None:
    """The EXIF orientation of a loaded picture: 1 if there is none, None if the EXIF data are damaged.

    The picture must be loaded first, because Pillow turns TIFFs upright while it loads them.
    """
    try:
        Image.Exif().load(image.info.get("exif", b""))  # raises on damage that Pillow ignored when it opened a JPEG
        return int(Image.Image.getexif(image).get(Base.Orientation, 1))
    except Exception:  # Pillow's parser raises exceptions of many types; the pixels do not depend on it
        return None


def says_adobe_rgb(image: Image.Image) -> bool:
    """Whether the EXIF data of a loaded picture declare Adobe RGB (a DCF option file)."""
    try:
        exif = Image.Image.getexif(image)
        exif.get_ifd(IFD.Exif)
        return str(exif.get_ifd(IFD.Interop).get(_INTEROPERABILITY_INDEX)).startswith("R03")
    except Exception:  # as above
        return False


def select_exif(image: Image.Image, choice: ExifChoice) -> Exif:
    """Selects the part of a loaded picture's EXIF data that `choice` keeps."""
    if choice == "none":
        return Exif(None)
    try:
        data = _of_tiff(image) if image.format == "TIFF" else image.info.get("exif")
        while data and data.startswith(PREFIX):  # some files have it twice
            data = data.removeprefix(PREFIX)
        if not data:
            return Exif(None)
        return Exif(_basic(data) if choice == "basic" else without_orientation(data))
    except Exception:  # as above
        return Exif(None, damaged=True)


def without_orientation(data: bytes) -> bytes | None:
    """Removes the orientation and the preview, which shows the picture before it was turned, from EXIF data.

    All other data keep their position, so makers' notes, whose inner offsets are unknown, stay readable. The data have
    no prefix. Returns None when nothing is left.

    Raises:
        ValueError: when the data are damaged.
    """
    file = io.BytesIO(data)
    layout = read_layout(file)
    first = layout and read_directory(file, layout, layout.first)
    if layout is None or first is None or layout.offset_format != "I":
        raise ValueError("these are not EXIF data")
    kept = [entry for entry in first.entries if entry.tag != Base.Orientation]
    if not kept:
        return None
    count = struct.pack(layout.order + layout.count_format, len(kept))
    entries = b"".join(data[entry.place : entry.place + 12] for entry in kept)
    no_preview = bytes(4)  # the offset of the next directory, which holds the preview
    size = first.next_place + 4 - first.place
    edited = bytearray(data)
    edited[first.place : first.place + size] = (count + entries + no_preview).ljust(size, b"\0")
    end = _end(file, layout, first, kept)
    return bytes(edited[: end + end % 2])


def _end(
    file: io.BytesIO, layout: Layout, directory: Directory, entries: Iterable[Entry], depth: int = len(_POINTERS)
) -> int:
    """The end of the last byte to which these entries of a directory refer; the preview comes after it."""
    size, end = file.seek(0, io.SEEK_END), directory.next_place + 4
    for entry in entries:
        if entry.value_place + entry.value_size > size:
            continue
        end = max(end, entry.value_place + entry.value_size)
        if entry.tag in _POINTERS and entry.value_size == 4 and depth:
            (place,) = unpack_at(file, f"{layout.order}I", entry.value_place)
            inner = read_directory(file, layout, place)
            end = max(end, _end(file, layout, inner, inner.entries, depth - 1)) if inner else end
    return end


def _basic(data: bytes) -> bytes | None:
    given, kept = Image.Exif(), Image.Exif()
    given.load(data)
    kept.endian = "<"
    for tag in _BASIC:
        if isinstance(given.get(tag), str):
            kept[tag] = given[tag]
    photo = given.get_ifd(IFD.Exif)
    inner = {int(tag): photo[tag] for tag in _BASIC_OF_PHOTO if isinstance(photo.get(tag), (str, tuple))}
    if inner:
        kept[IFD.Exif] = inner
    return kept.tobytes().removeprefix(PREFIX) if kept else None


def _of_tiff(image: Image.Image) -> bytes | None:
    """Converts the EXIF data in a TIFF file's own directory to EXIF data for other formats."""
    given, kept = image.getexif(), Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in given:
            kept[tag] = given[tag]
    for directory in (IFD.Exif, IFD.GPSInfo):
        inner = {tag: value for tag, value in given.get_ifd(directory).items() if tag != IFD.Interop}
        if inner:
            kept[directory] = inner
    return kept.tobytes() if kept else None

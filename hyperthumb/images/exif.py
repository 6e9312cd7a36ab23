"""EXIF data of pictures (Exif 3.0): which way up the pixels are, and what of the rest a thumbnail keeps.

Without a prefix they are a small TIFF file. Nothing here passes an orientation on: whoever reads a picture turns its
pixels upright.
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
"""basic: date, camera and lens, but neither place nor serial number nor name; all: everything but the orientation."""

PREFIX = b"Exif\0\0"

# A time zone would be half a place; a serial number, a maker note and a comment can say who took it.
_BASIC = (Base.Make, Base.Model, Base.DateTime)
_BASIC_OF_PHOTO = (
    Base.DateTimeOriginal, Base.DateTimeDigitized, Base.SubsecTime, Base.SubsecTimeOriginal, Base.SubsecTimeDigitized,
    Base.LensSpecification, Base.LensMake, Base.LensModel,
)  # fmt: skip
# Of a TIFF file's own directory, what describes the photograph rather than how its samples are stored.
_DESCRIPTIVE = (
    *_BASIC, Base.ImageDescription, Base.Software, Base.HostComputer, Base.Artist, Base.Copyright, Base.Rating,
    Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject,
)  # fmt: skip
_INTEROPERABILITY_INDEX = 1
_POINTERS = (IFD.Exif, IFD.GPSInfo, IFD.Interop)  # to directories within the data


class Exif(NamedTuple):
    """What is kept of a picture's EXIF data.

    Attributes:
        data: without a prefix; None for nothing.
        damaged: whether there are some that cannot be read.
    """

    data: bytes | None
    damaged: bool = False


def read_orientation(image: Image.Image) -> int | None:
    """EXIF's orientation, 1 where none is given, None when the EXIF data are damaged.

    Of a loaded picture: Pillow turns TIFFs upright as it loads them.
    """
    try:
        Image.Exif().load(image.info.get("exif", b""))  # opening a JPEG, Pillow has met damage and passed over it
        return int(Image.Image.getexif(image).get(Base.Orientation, 1))
    except Exception:  # Pillow's parser raises nearly anything, and pixels do not depend on it
        return None


def says_adobe_rgb(image: Image.Image) -> bool:
    """Whether the EXIF data of a loaded picture say that its numbers are Adobe RGB's (a DCF option file)."""
    try:
        exif = Image.Image.getexif(image)
        exif.get_ifd(IFD.Exif)
        return str(exif.get_ifd(IFD.Interop).get(_INTEROPERABILITY_INDEX)).startswith("R03")
    except Exception:  # as above
        return False


def select_exif(image: Image.Image, choice: ExifChoice) -> Exif:
    """The part of a loaded picture's EXIF data that is wanted."""
    if choice == "none":
        return Exif(None)
    try:
        data = _of_tiff(image) if image.format == "TIFF" else image.info.get("exif")
        while data and data.startswith(PREFIX):  # in some files it stands twice
            data = data.removeprefix(PREFIX)
        if not data:
            return Exif(None)
        return Exif(_basic(data) if choice == "basic" else without_orientation(data))
    except Exception:  # as above
        return Exif(None, damaged=True)


def without_orientation(data: bytes) -> bytes | None:
    """EXIF data without their orientation, and without the preview: that is of the picture before it was turned.

    What is left stays where it is. Makers' notes, whose inner offsets nobody knows, stay readable.

    Args:
        data: without a prefix.

    Returns:
        The same without a prefix; None when nothing is left.

    Raises:
        ValueError: for damaged data.
    """
    file = io.BytesIO(data)
    layout = read_layout(file)
    first = layout and read_directory(file, layout, layout.first)
    if layout is None or first is None or layout.offset_format != "I":
        raise ValueError("these are no EXIF data")
    kept = [entry for entry in first.entries if entry.tag != Base.Orientation]
    if not kept:
        return None
    count = struct.pack(layout.order + layout.count_format, len(kept))
    entries = b"".join(data[entry.place : entry.place + 12] for entry in kept)
    no_preview = bytes(4)  # the offset of the next directory, which describes it
    size = first.next_place + 4 - first.place
    edited = bytearray(data)
    edited[first.place : first.place + size] = (count + entries + no_preview).ljust(size, b"\0")
    end = _end(file, layout, first, kept)
    return bytes(edited[: end + end % 2])


def _end(
    file: io.BytesIO, layout: Layout, directory: Directory, entries: Iterable[Entry], depth: int = len(_POINTERS)
) -> int:
    """Where the last of the bytes ends that these entries of a directory refer to; the preview is behind it."""
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
    """The EXIF data that a TIFF file, whose own directory they are part of, would have in another file."""
    given, kept = image.getexif(), Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in given:
            kept[tag] = given[tag]
    for directory in (IFD.Exif, IFD.GPSInfo):
        inner = {tag: value for tag, value in given.get_ifd(directory).items() if tag != IFD.Interop}
        if inner:
            kept[directory] = inner
    return kept.tobytes() if kept else None

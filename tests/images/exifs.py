"""EXIF data as cameras and editors write them."""

from __future__ import annotations

import io
import struct

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

DATE = "2024:05:06 07:08:09"
LENS = "NIKKOR Z 24-70mm f/4 S"
PRIVATE = (b"SN123456", b"LSN99", b"Jane", b"at home", b"+02:00", b"Editor 7", b"WGS-84")
"""Data that can identify the photographer, the place or the individual camera."""


def exif_of(orientation: int = 6, order: str = "<", note: bytes = b"NOTE" + bytes(range(196))) -> bytes:
    """A photograph's EXIF data without a prefix: all directories except the preview's, and a maker's note."""
    exif = Image.Exif()
    exif.endian = order
    for tag, value in {
        Base.Make: "NIKON CORPORATION",
        Base.Model: "NIKON Z 6",
        Base.DateTime: DATE,
        Base.Orientation: orientation,
        Base.Artist: "Jane Doe",
        Base.Copyright: "(c) Jane Doe",
        Base.HostComputer: "Jane's",
        Base.Software: "Editor 7",
        Base.ImageDescription: "at home",
    }.items():
        exif[tag] = value
    exif[IFD.Exif] = {
        Base.DateTimeOriginal: DATE,
        Base.DateTimeDigitized: DATE,
        Base.SubsecTimeOriginal: "42",
        Base.OffsetTimeOriginal: "+02:00",
        Base.ExposureTime: IFDRational(1, 100),
        Base.LensSpecification: tuple(IFDRational(*value) for value in ((24, 1), (70, 1), (4, 1), (4, 1))),
        Base.LensMake: "NIKON",
        Base.LensModel: LENS,
        Base.BodySerialNumber: "SN123456",
        Base.LensSerialNumber: "LSN99",
        Base.CameraOwnerName: "Jane Doe",
        Base.UserComment: b"ASCII\0\0\0at home",
        Base.MakerNote: note,
    }
    exif[IFD.GPSInfo] = {
        GPS.GPSLatitudeRef: "N",
        GPS.GPSLatitude: tuple(map(IFDRational, (48, 8, 9))),
        GPS.GPSMapDatum: "WGS-84",
    }
    return exif.tobytes().removeprefix(b"Exif\0\0")


def with_preview(exif: bytes, preview: bytes) -> bytes:
    """The data with a second directory that holds a preview, at the end, where cameras put it."""
    order = "<" if exif.startswith(b"II") else ">"
    (first,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, first)
    pointer, end = first + 2 + 12 * count, len(exif)
    entries = [(0x0103, 3, 6), (0x0112, 3, 6), (0x0201, 4, end + 2 + 4 * 12 + 4), (0x0202, 4, len(preview))]
    directory = struct.pack(f"{order}H", len(entries))
    for tag, kind, value in entries:
        short = struct.pack(f"{order}H2x" if kind == 3 else f"{order}I", value)
        directory += struct.pack(f"{order}HHI", tag, kind, 1) + short
    return exif[:pointer] + struct.pack(f"{order}I", end) + exif[pointer + 4 :] + directory + bytes(4) + preview


def tags_of(exif: bytes | None) -> dict[str, dict[int, object]]:
    """All tags by directory, as Pillow reads them."""
    read = Image.Exif()
    read.load(exif or b"")
    directories = {"0": dict(read), "exif": read.get_ifd(IFD.Exif), "gps": read.get_ifd(IFD.GPSInfo)}
    directories["1"] = read.get_ifd(IFD.IFD1)
    pointers = (IFD.Exif, IFD.GPSInfo)
    return {name: {t: v for t, v in tags.items() if t not in pointers} for name, tags in directories.items()}


def with_exif(image: Image.Image, kind: str, exif: bytes) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, exif=b"Exif\0\0" + exif)
    return buffer.getvalue()

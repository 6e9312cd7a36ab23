"""Describes a JPEG file from its headers, without torch or a JPEG library."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hyperthumb.base.limits import Profile

from .checks import check_file, quantization_tables
from .icc import find_icc
from .marker import find_origins
from .metadata import find_exif
from .segments import DHT, DRI, SOS, Component, Segment, scan_end, segments
from .tables import ZIGZAG

_KINDS: dict[int, Literal["baseline", "extended", "progressive"]] = {
    0xC0: "baseline",
    0xC1: "extended",
    0xC2: "progressive",
}
_SUBSAMPLINGS = {(1, 1): "4:4:4", (2, 1): "4:2:2", (1, 2): "4:4:0", (2, 2): "4:2:0", (4, 1): "4:1:1", (4, 2): "4:1:0"}
# CRC-32 of the standard's Huffman tables (ITU-T T.81, tables K.3 to K.6), as a DHT segment stores them.
_STANDARD_HUFFMAN = {331096769, 1984109764, 3213323520, 3678300463}


@dataclass(frozen=True)
class Scan:
    """One scan of the picture (ITU-T T.81, B.2.3).

    Attributes:
        planes: numbers of its planes, from 0.
        first: its lowest frequency, as a position in zig-zag order; 0 is DC.
        last: its highest frequency.
        high_bit: for a refinement scan, the lowest bit of the scan before it; 0 for a first scan.
        low_bit: the lowest bit that this scan holds.
        num_bytes: size of its entropy-coded data.
    """

    planes: tuple[int, ...]
    first: int
    last: int
    high_bit: int
    low_bit: int
    num_bytes: int


@dataclass(frozen=True)
class FileDescription:
    """The headers of a JPEG file.

    Attributes:
        num_bytes: size of the file.
        header_bytes: size of everything except the entropy-coded data.
        height: rows that a viewer shows.
        width: columns that a viewer shows.
        kind: kind of the frame.
        huffman: "standard" if every Huffman table is one of ITU-T T.81, annex K.3.
        restart_interval: MCUs (minimum coded units) between restart markers; 0 for none.
        scans: all scans, in the file's order.
        subsampling: "4:4:4", "4:2:0", ..., "grey", or the sampling factors of the planes.
        tables: the quantization table of each plane, 8 rows of 8 steps in natural order.
        icc_bytes: size of the color profile; 0 for none.
        exif_bytes: size of the EXIF data; 0 for none.
        hr_height: rows of the photograph according to our marker, provided that the picture was not changed or turned
            after it was written. This attribute and the next three are None for files without a marker.
        hr_width: columns of the photograph.
        scale: 1, 2, 4 or 8.
        model_id: 3 bytes that identify the model.
        needs_picture: whether these four have to be checked against the picture (`any_file.recognize`), because the
            marker may be another program's or the photograph's size depends on whether the picture was turned.
    """

    num_bytes: int
    header_bytes: int
    height: int
    width: int
    kind: Literal["baseline", "extended", "progressive"]
    huffman: Literal["standard", "optimized"]
    restart_interval: int
    scans: tuple[Scan, ...]
    subsampling: str
    tables: tuple[tuple[tuple[int, ...], ...], ...]
    icc_bytes: int
    exif_bytes: int
    hr_height: int | None = None
    hr_width: int | None = None
    scale: int | None = None
    model_id: bytes | None = None
    needs_picture: bool = False

    @property
    def header_share(self) -> float:
        """Share of the headers in the file's bytes, 0..1."""
        return self.header_bytes / self.num_bytes

    @property
    def bpp(self) -> float | None:
        """Bits of the file per pixel of the photograph; None if its size is unknown."""
        if self.hr_height is None or self.hr_width is None:
            return None
        return 8 * self.num_bytes / (self.hr_height * self.hr_width)

    @property
    def profile(self) -> Profile:
        """The profile that codes a picture as this file does."""
        if self.kind == "progressive":
            return "small"
        return "default" if self.huffman == "standard" else "optimized"


def describe(data: bytes) -> FileDescription:
    """Reads the headers of a file. It does not decode coefficients, so it does not notice damage to them.

    Raises:
        ThumbnailError: for bytes that are not a complete, 8-bit, Huffman-coded JPEG file.
    """
    parts = list(segments(data))
    frame = check_file(parts, len(data))
    tables = quantization_tables(parts)
    scans = tuple(_scan(part, frame.components, data) for part in parts if part.marker == SOS)
    origin = next(iter(find_origins(parts)), None)
    hr_height, hr_width = origin.photograph_size(frame.height, frame.width) if origin else (None, None)
    return FileDescription(
        num_bytes=len(data),
        header_bytes=len(data) - sum(scan.num_bytes for scan in scans),
        height=frame.height,
        width=frame.width,
        kind=_KINDS[frame.marker],
        huffman=_huffman(parts),
        restart_interval=_restart_interval(parts),
        scans=scans,
        subsampling=_subsampling(frame.components),
        tables=tuple(_natural(tables[plane.table]) for plane in frame.components),
        icc_bytes=len(find_icc(parts) or b""),
        exif_bytes=len(find_exif(parts) or b""),
        hr_height=hr_height,
        hr_width=hr_width,
        scale=origin.scale if origin else None,
        model_id=origin.model_id if origin else None,
        needs_picture=origin is not None and (not origin.is_sealed or origin.missing_rows != origin.missing_columns),
    )


def _scan(part: Segment, planes: tuple[Component, ...], data: bytes) -> Scan:
    """Parses a scan header (T.81 B.2.3). Missing bytes of a damaged one are read as zeros."""
    payload = part.payload.ljust(4, b"\0")
    count = payload[0]
    payload = payload.ljust(4 + 2 * count, b"\0")
    identifiers = [plane.identifier for plane in planes]
    named = [payload[1 + 2 * i] for i in range(count)]
    first, last, bits = payload[1 + 2 * count : 4 + 2 * count]
    return Scan(
        planes=tuple(identifiers.index(name) for name in named if name in identifiers),
        first=first,
        last=last,
        high_bit=bits >> 4,
        low_bit=bits & 15,
        num_bytes=scan_end(data, part.end) - part.end,
    )


def _huffman(parts: list[Segment]) -> Literal["standard", "optimized"]:
    for payload in (part.payload for part in parts if part.marker == DHT):
        place = 0
        while place + 17 <= len(payload):
            end = place + 17 + sum(payload[place + 1 : place + 17])
            if zlib.crc32(payload[place:end]) not in _STANDARD_HUFFMAN:
                return "optimized"
            place = end
    return "standard"


def _restart_interval(parts: list[Segment]) -> int:
    intervals = [int.from_bytes(part.payload[:2], "big") for part in parts if part.marker == DRI]
    return intervals[0] if intervals else 0


def _subsampling(planes: tuple[Component, ...]) -> str:
    if len(planes) == 1:
        return "grey"
    factors = [(plane.horizontal, plane.vertical) for plane in planes]
    if len(planes) == 3 and factors[1] == factors[2] == (1, 1) and factors[0] in _SUBSAMPLINGS:
        return _SUBSAMPLINGS[factors[0]]
    return ",".join(f"{horizontal}x{vertical}" for horizontal, vertical in factors)


def _natural(steps: list[int]) -> tuple[tuple[int, ...], ...]:
    table = np.zeros(64, np.int64)
    table[list(ZIGZAG)] = steps
    return tuple(tuple(row) for row in table.reshape(8, 8).tolist())

"""hyperthumb inspect: describes thumbnail files from their headers, without torch and without decoding."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.errors import ThumbnailError
from hyperthumb.base.orientation import IN_WORDS, UPRIGHT, turned_size
from hyperthumb.base.wording import in_bytes

from .arguments import SOURCES, add_reporting, new_parser
from .batch import Result, run_batch
from .messages import say_remarks
from .sources import JPEG_EXTENSIONS, find_sources
from .streams import read_source
from .targets import Job

if TYPE_CHECKING:
    from hyperthumb.jpeg.inspection import FileDescription, Scan

Table = tuple[tuple[int, ...], ...]
_PLANES = {1: ("Y",), 3: ("Y", "Cb", "Cr")}


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser("inspect", "Describes thumbnail files or any other JPEG files. It needs no model.")
    parser.add_argument("thumbs", nargs="+", metavar="THUMB", help=SOURCES)
    parser.add_argument(
        "--verify",
        action="store_true",
        help="decode the file, too: check that it is undamaged, and report changes that other programs made",
    )
    add_reporting(parser)
    return parser


def run(arguments: argparse.Namespace) -> int:
    sources, remarks = find_sources(arguments.thumbs, JPEG_EXTENSIONS, "JPEG files")
    say_remarks(remarks, arguments.quiet)
    jobs = [Job(source.path, None, source.problem) for source in sources]
    return run_batch(jobs, lambda source, _: inspect_file(source, arguments.verify), 1, "inspected", arguments)


def inspect_file(path: Path, verify: bool) -> Result:
    """Reads and describes one file.

    Args:
        path: the file.
        verify: decode the picture too, to find damage and the changes that other programs made to a thumbnail.

    Returns:
        The values are those of a `FileDescription`, with `planes` (their names), `tables` by the planes that share
        them, `unchanged` and `changes` (None without `verify` or for other programs' files). What only hyperthumb's
        files have is None for others.

    Raises:
        HyperthumbError: when it cannot be read or is not a JPEG file.
    """
    from hyperthumb.jpeg.inspection import describe

    data = read_source(path)
    said, changes = describe(data), None
    if verify or said.needs_picture:
        said, changes = _verify(data, said, verify)
    planes = _PLANES.get(len(said.tables)) or tuple(f"{number}" for number in range(1, len(said.tables) + 1))
    sharing: dict[Table, list[str]] = {}  # the planes of each table
    for name, table in zip(planes, said.tables, strict=True):
        sharing.setdefault(table, []).append(name)
    tables = {" ".join(names): table for table, names in sharing.items()}
    values = {
        "bytes": said.num_bytes,
        "header_bytes": said.header_bytes,
        "header_share": round(said.header_share, 4),
        "icc_bytes": said.icc_bytes,
        "exif_bytes": said.exif_bytes,
        "width": said.width,
        "height": said.height,
        "photograph_width": said.hr_width,
        "photograph_height": said.hr_height,
        "scale": said.scale,
        "bpp": said.bpp,
        "model": said.model_id.hex() if said.model_id else None,
        "unchanged": None if changes is None else not changes,
        "changes": changes,
        "subsampling": said.subsampling,
        "coding": said.kind,
        "profile": said.profile,
        "huffman": said.huffman,
        "restart_interval": said.restart_interval,
        "planes": planes,
        "scans": [vars(scan) for scan in said.scans],
        "tables": tables,
    }
    lines = _lines(said, changes, planes) + _side_by_side(tables)
    return Result("\n" + "\n".join(f"  {label:10}  {text}".rstrip() for label, text in lines) + "\n", values)


def _lines(said: FileDescription, changes: tuple[str, ...] | None, planes: tuple[str, ...]) -> list[tuple[str, str]]:
    metadata = {"color profile": said.icc_bytes, "EXIF data": said.exif_bytes}
    parts = "".join(f", including {in_bytes(size)} of {name}" for name, size in metadata.items() if size)
    header = f"{in_bytes(said.header_bytes)} ({100 * round(said.header_share, 4):.1f} %) of header{parts}"
    lines = [
        ("thumbnail", f"{said.width}x{said.height}, {said.subsampling}"),
        ("file", f"{in_bytes(said.num_bytes)}, {header}"),
    ]
    if said.scale is None:
        lines.append(("photograph", "unknown: this file has no marker of hyperthumb"))
    else:
        lines.append(("photograph", f"{said.hr_width}x{said.hr_height}, {said.bpp:.3f} bpp"))
        lines.append(("scale", str(said.scale)))
        lines.append(("model", said.model_id.hex() if said.model_id else "unknown"))
    if changes is not None:
        lines.append(("unchanged", f"no: {'; '.join(changes)}" if changes else "yes"))
    every = f", restart markers every {said.restart_interval} blocks" if said.restart_interval else ""
    lines.append(("coding", f"{said.kind}, {said.huffman} Huffman tables{every} (profile {said.profile})"))
    for scan in said.scans:
        lines.append(("scans" if scan is said.scans[0] else "", _scan_in_words(scan, planes)))
    return lines


def _verify(data: bytes, said: FileDescription, whole: bool) -> tuple[FileDescription, tuple[str, ...] | None]:
    """Completes the description from the coded picture, and finds the changes that were made to a thumbnail.

    Args:
        data: the file's bytes.
        said: the description from its headers.
        whole: whether damage to the picture is an error and changes are reported.
    """
    from hyperthumb.jpeg.any_file import recognize
    from hyperthumb.jpeg.file import decode_rgb
    from hyperthumb.jpeg.matching import State
    from hyperthumb.models.zoo import is_shipped

    try:
        read = recognize(data, is_known=is_shipped)
    except ThumbnailError:
        if whole:
            raise
        return said, None
    if whole and not read.intact:  # other files are only checked for damage
        decode_rgb(data)
    said = replace(said, hr_height=None, hr_width=None, scale=read.scale, model_id=read.model_id)
    if read.scale is None:
        return said, None
    height, width = read.hr_height or read.height * read.scale, read.hr_width or read.width * read.scale
    hr_height, hr_width = turned_size(height, width, read.orientation)
    said = replace(said, hr_height=hr_height, hr_width=hr_width)
    changes = {State.CUT: ["its edges were cut off or changed"], State.CHANGED: ["recompressed, cropped or edited"]}
    turned = [f"{IN_WORDS[read.orientation]} without loss"] if read.orientation != UPRIGHT else []
    return said, (*changes.get(read.state, []), *turned) if whole else None


def _scan_in_words(scan: Scan, names: tuple[str, ...]) -> str:
    """`Y 1-63, bits from 1 up: 5,012 bytes`."""
    planes = " ".join(names[plane] for plane in scan.planes if plane < len(names))
    band = str(scan.first) if scan.first == scan.last else f"{scan.first}-{scan.last}"
    bits = f", bit {scan.low_bit}" if scan.high_bit else f", bits from {scan.low_bit} up" if scan.low_bit else ""
    return f"{planes} {band}{bits}: {in_bytes(scan.num_bytes)}"


def _side_by_side(tables: dict[str, Table]) -> list[tuple[str, str]]:
    width = 36  # 8 steps of up to 3 digits each, with gaps
    rows = [
        "".join("".join(f"{step:4}" for step in table[row]).ljust(width) for table in tables.values())
        for row in range(8)
    ]
    return [("tables", "".join(name.rjust(4).ljust(width) for name in tables)), *(("", row) for row in rows)]

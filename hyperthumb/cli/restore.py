"""hyperthumb restore: restores photographs from thumbnail files."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hyperthumb.base.limits import PRECISIONS, RESTORED_TAG
from hyperthumb.base.wording import in_bytes

from .arguments import SOURCES, add_model, add_output, add_reporting, new_parser, picture_size, region
from .batch import Result
from .codecs import run_with_codec
from .messages import note, say_remarks, warn_ignored
from .sources import JPEG_EXTENSIONS, complain, find_sources, is_thumbnail
from .streams import STANDARD_OUTPUT, read_source, write_result
from .targets import Naming, UsageError, plan

if TYPE_CHECKING:
    from hyperthumb.codec.codec import Codec

DEFAULT_FORMAT = "png"

_EXAMPLES = """\
examples:
  hyperthumb restore photo.thumb.jpg                    photo.restored.png
  hyperthumb restore photo.thumb.jpg -o photo.webp      lossless WebP; .png and .jpg (quality 95) also work
  hyperthumb restore thumbs/ -o restored/ --format webp
  hyperthumb restore photo.thumb.jpg -o part.png --crop 2000,1500,1024x1024
  hyperthumb restore - -o - < photo.thumb.jpg > photo.png

In folders, only files that hyperthumb wrote are restored. To restore another JPEG, name the file: for example one that
a service has recompressed, or one that never was a thumbnail. Warnings say what had to be assumed.
"""


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser("restore", "Restores photographs from the .jpg thumbnails that `compress` made.", _EXAMPLES)
    parser.add_argument("thumbs", nargs="+", metavar="THUMB", help=SOURCES)
    add_output(parser, "photo.restored.png in the folder of photo.thumb.jpg")
    parser.add_argument(
        "--format",
        choices=("png", "webp", "jpg"),
        help=f"the format of files that -o does not name (default {DEFAULT_FORMAT})",
    )
    parser.add_argument(
        "--size", type=picture_size, metavar="WxH", help="the photograph's size, for a thumbnail that has lost it"
    )
    parser.add_argument(
        "--crop",
        type=region,
        metavar="LEFT,TOP,WIDTHxHEIGHT",
        help="restore only this part of the photograph; the time grows with the part",
    )
    parser.add_argument(
        "--scale-to", type=picture_size, metavar="WxH", help="resize what was restored to this size (bicubic)"
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="bf16 is faster on processors that support it; fp16 and int8 need a decoder from `hyperthumb export "
        "--precision`; the pictures differ a little (default %(default)s)",
    )
    add_model(parser)
    add_reporting(parser)
    return parser


def run(arguments: argparse.Namespace) -> int:
    from hyperthumb.images.pictures import WRITABLE
    from hyperthumb.jpeg.inspection import describe

    sources, remarks = find_sources(arguments.thumbs, JPEG_EXTENSIONS, "thumbnails", is_thumbnail)
    say_remarks(remarks, arguments.quiet)
    naming = Naming(RESTORED_TAG, f".{arguments.format or DEFAULT_FORMAT}", WRITABLE, "restored photographs")
    read = partial(complain, lambda source: describe(_read_thumbnail(source)))
    jobs = plan(sources, arguments.output, naming, arguments.overwrite, arguments.skip_existing, read)
    targets = [job.target for job in jobs if job.target is not None and job.target != STANDARD_OUTPUT]
    if arguments.format and any(target.suffix.lower() != naming.extension for target in targets):
        raise UsageError(f"-o {arguments.output} contradicts --format {arguments.format}; give only one of them")
    _check_engine(arguments)
    return run_with_codec(jobs, restore_file, "restored", arguments)


def _check_engine(arguments: argparse.Namespace) -> None:
    """Checks that the named model has the graphs that fp16 and int8 need; warns of an engine that bf16 does not use."""
    if arguments.precision == "bf16" and arguments.engine not in ("auto", "torch"):
        warn_ignored(f"--engine {arguments.engine}", "with --precision bf16, which runs in PyTorch")
    if arguments.precision not in ("fp32", "bf16") and arguments.model is not None and arguments.engine != "torch":
        from hyperthumb.models.zoo import find_model
        from hyperthumb.runtime.exported_engine import check_graphs

        check_graphs(find_model(arguments.model), arguments.precision)


def _read_thumbnail(source: Path) -> bytes:
    from hyperthumb.base.errors import ThumbnailError

    data = read_source(source)
    if data and not data.startswith(b"\xff\xd8"):
        raise ThumbnailError(
            "this is not a JPEG file, but thumbnails are; `hyperthumb compress` makes them of pictures"
        )
    return data


def restore_file(codec: Codec, source: Path, target: Path, arguments: argparse.Namespace) -> Result:
    """Reads one thumbnail, restores it, and writes the photograph with its color profile and EXIF data.

    Raises:
        HyperthumbError: when a step fails; then nothing is written.
    """
    from hyperthumb.images.pictures import encode_picture, read_presentation, resized

    data = _read_thumbnail(source)
    restored = codec.restore_with_notes(data, arguments.tile, arguments.precision, arguments.size, arguments.crop)
    presentation = read_presentation(data)
    note(*restored.notes, *([presentation.note] if presentation.note else []))
    extension = target.suffix or f".{arguments.format or DEFAULT_FORMAT}"  # standard output has none
    image = restored.image if arguments.scale_to is None else resized(restored.image, arguments.scale_to)
    encoded = encode_picture(image, extension, presentation.icc, presentation.exif)
    write_result(target, encoded)
    height, width = image.shape[:2]
    photograph = {"width": width, "height": height, "bytes": len(encoded)}
    model = {"scale": restored.model.scale, "model": restored.model.model_id.hex()}
    return Result(f"{width}x{height}, {in_bytes(len(encoded))}", {**photograph, **model})
